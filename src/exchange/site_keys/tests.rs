use super::*;

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("x.db");
    (folder, db)
}

#[test]
fn keys_come_back_from_their_file_and_sign_what_others_can_check() {
    let (_folder, db) = folder();
    let made = SiteKeys::create(&db, None).unwrap();
    let back = SiteKeys::open(&db, None).unwrap();
    assert_eq!(made.public(), back.public());
    let signature = back.sign(b"hello");
    assert!(made.public().verify(b"hello", &signature));
    assert!(!made.public().verify(b"hellO", &signature));
    assert!(!SiteKeys::generate().unwrap().public().verify(b"hello", &signature));
    let sealed = age::encrypt(&back.public().recipient().unwrap(), b"secret").unwrap();
    assert_eq!(**back.open_sealed(&sealed).unwrap(), *b"secret");
    assert!(SiteKeys::generate().unwrap().open_sealed(&sealed).is_err());
    assert!(matches!(SiteKeys::create(&db, None), Err(SiteKeyError::Exists(_))));
}

#[test]
fn a_passphrase_is_asked_for_and_must_be_right() {
    let (_folder, db) = folder();
    let made = SiteKeys::create(&db, Some("correct horse")).unwrap();
    assert!(matches!(SiteKeys::open(&db, None), Err(SiteKeyError::Locked)));
    assert!(matches!(SiteKeys::open(&db, Some("wrong")), Err(SiteKeyError::Passphrase)));
    let mut back = SiteKeys::open(&db, Some("correct horse")).unwrap();
    assert_eq!(back.public(), made.public());
    back.rotate("2026-11-21T10:00:00+08:00").unwrap();
    assert!(matches!(SiteKeys::open(&db, None), Err(SiteKeyError::Locked)), "a rotation keeps the passphrase");
    assert_eq!(SiteKeys::open(&db, Some("correct horse")).unwrap().public(), back.public());
}

#[test]
fn a_damaged_or_open_file_is_refused_in_words() {
    let (_folder, db) = folder();
    assert!(matches!(SiteKeys::open(&db, None), Err(SiteKeyError::Missing(_))));
    SiteKeys::create(&db, None).unwrap();
    let path = path_of(&db);
    let whole = fs::read(&path).unwrap();
    for at in (0..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(matches!(SiteKeys::open(&db, None), Err(SiteKeyError::Damaged(_))), "byte {at}");
        fs::write(&path, &whole[..at]).unwrap();
        assert!(matches!(SiteKeys::open(&db, None), Err(SiteKeyError::Damaged(_))), "cut at {at}");
    }
    fs::write(&path, &whole).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = SiteKeys::open(&db, None).err().unwrap();
        assert!(refused.to_string().contains("600"), "{refused}");
    }
}

#[test]
fn rotated_keys_follow_from_the_old_ones_and_still_open_what_was_sealed_to_them() {
    let (_folder, db) = folder();
    let mut keys = SiteKeys::create(&db, None).unwrap();
    let first = keys.public();
    let sealed = age::encrypt(&first.recipient().unwrap(), b"under way").unwrap();
    keys.rotate("2026-11-21T10:00:00+08:00").unwrap();
    keys.rotate("2026-11-22T10:00:00+08:00").unwrap();
    let back = SiteKeys::open(&db, None).unwrap();
    assert_eq!(back.public(), keys.public());
    assert_eq!(**back.open_sealed(&sealed).unwrap(), *b"under way");
    let known = line(&first, back.rotations());
    assert_eq!(known, back.all_public());
    let mut backwards: Vec<Rotation> = back.rotations().to_vec();
    backwards.reverse();
    assert_eq!(line(&first, &backwards), known, "the order of certificates does not matter");
    let mut forged = back.rotations().to_vec();
    forged[0].keys = SiteKeys::generate().unwrap().public();
    assert_eq!(line(&first, &forged), vec![first], "a certificate with other keys is nobody's");
}

#[test]
fn a_fingerprint_is_eight_groups_of_four_and_typed_as_one_hears_it() {
    let keys = SiteKeys::from_seed([3; 32]).public();
    assert_eq!(keys, SiteKeys::from_seed([3; 32]).public());
    let text = keys.fingerprint();
    assert_eq!(text.split('-').map(str::len).collect::<Vec<_>>(), [4; 8]);
    assert!(keys.is_fingerprint(&text.to_lowercase().replace('-', " ")));
    assert!(!keys.is_fingerprint(&SiteKeys::from_seed([4; 32]).public().fingerprint()));
    assert!(!keys.is_fingerprint(&text[..text.len() - 1]));
    assert_eq!(keys.name().len(), 16);
    keys.check().unwrap();
    assert!(PublicKeys { sign: "00".into(), ..keys.clone() }.check().is_err());
    assert!(PublicKeys { seal: "age1x".into(), ..keys }.check().is_err());
}
