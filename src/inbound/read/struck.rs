//! Texts of a workbook that are struck through in part: the table of shared texts, by the numbers cells name them with.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

/// Where the shared texts stand.
const PART: &str = "xl/sharedStrings.xml";

/// The numbers of the shared texts with a run that is struck through.
pub(super) fn texts(archive: &mut ZipArchive<BufReader<File>>) -> HashSet<u32> {
    match archive.by_name(PART) {
        Ok(part) => walk(BufReader::with_capacity(64 << 10, part)),
        Err(_) => HashSet::new(),
    }
}

fn walk(part: impl Read) -> HashSet<u32> {
    let mut xml = Reader::from_reader(BufReader::with_capacity(64 << 10, part));
    let (mut buffer, mut found, mut number) = (Vec::new(), HashSet::new(), 0);
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer) {
            Ok(Event::Eof) | Err(_) => return found,
            Ok(Event::End(tag)) if tag.local_name().as_ref() == "si" => number += 1,
            Ok(Event::Empty(tag)) if tag.local_name().as_ref() == "si" => number += 1,
            Ok(Event::Start(tag) | Event::Empty(tag)) if tag.local_name().as_ref() == "strike" && is_on(&tag) => {
                found.insert(number);
            }
            Ok(_) => {}
        }
    }
}

/// Does this `strike` strike?
pub(super) fn is_on(tag: &BytesStart<'_>) -> bool {
    let value = tag.attributes().flatten().find(|found| found.key.as_ref() == "val");
    value.is_none_or(|found| !matches!(&*found.value, "0" | "false" | "off"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_with_a_struck_run_is_known_by_its_number() {
        let part = r#"<sst><si><t>1</t></si><si/><si><r><t>1</t></r><r><rPr><strike/></rPr><t>2</t></r></si>
            <si><r><rPr><strike val="0"/></rPr><t>2</t></r></si></sst>"#;
        assert_eq!(walk(part.as_bytes()), HashSet::from([2]));
    }
}
