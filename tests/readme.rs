//! The README says what is so: its key list is the program's own key table.

#[test]
fn the_key_list_is_the_programs_own() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, rest) = readme.split_once("<!-- keys -->\n").unwrap();
    let (found, _) = rest.split_once("<!-- /keys -->").unwrap();
    let expected = meterdesk::tui::keymap::markdown();
    if std::env::var_os("METERDESK_WRITE_README").is_some() {
        let new = readme.replace(&format!("<!-- keys -->\n{found}"), &format!("<!-- keys -->\n{expected}"));
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"), new).unwrap();
        return;
    }
    assert!(found == expected, "run METERDESK_WRITE_README=1 cargo test --test readme");
}
