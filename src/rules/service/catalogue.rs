//! The catalogue: the businesses that come with the program, and a company's own files over them.

use std::collections::BTreeMap;

use super::model::{Line, Service};
use super::parse::{self, Reference};
use super::scope::Scope;
use crate::rules::speech::Words;
use crate::rules::toml_reader::{Doc, FileFault};

/// Files that come with the program.
const BUILT_IN: &[(&str, &str)] = &[
    ("common.toml", include_str!("../../../assets/services/common.toml")),
    ("fault.toml", include_str!("../../../assets/services/fault.toml")),
    ("unseal.toml", include_str!("../../../assets/services/unseal.toml")),
    ("seal.toml", include_str!("../../../assets/services/seal.toml")),
    ("transfer.toml", include_str!("../../../assets/services/transfer.toml")),
    ("complaint.toml", include_str!("../../../assets/services/complaint.toml")),
    ("consult.toml", include_str!("../../../assets/services/consult.toml")),
];

/// Name of the file with what all businesses share.
pub const COMMON: &str = "common.toml";

/// What all businesses share.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Common {
    /// 客服电话
    pub hotline: String,
    /// 抢修电话
    pub emergency: String,
    /// Minutes a case may take at the window, from its number to its closing.
    pub window_minutes: u32,
    /// Lines said with every business.
    pub lines: Vec<Line>,
    phrases: BTreeMap<String, String>,
}

/// Every business that can be taken in.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Catalogue {
    /// What all share.
    pub common: Common,
    services: Vec<Service>,
}

struct Read {
    file: String,
    service: Service,
    references: Vec<Reference>,
}

impl Catalogue {
    /// The businesses that come with the program.
    pub fn built_in() -> Self {
        Self::load(&[]).0
    }

    /// The built-in businesses with a company's own files over them: `(file name, text)`. A file with the code of a
    /// built-in one takes its place, one called [`COMMON`] takes the place of what all share. A file with any fault is
    /// left out (the built-in one then stays) and all its faults are told.
    pub fn load(own: &[(String, String)]) -> (Self, Vec<FileFault>) {
        let mut faults = Vec::new();
        let common = Self::load_common(own, &mut faults);
        let mut read: Vec<Read> = Vec::new();
        for (file, text) in BUILT_IN.iter().filter(|(file, _)| *file != COMMON) {
            read.extend(read_service(file, text, &common, &mut faults));
        }
        let built_in = read.len();
        for (file, text) in own.iter().filter(|(file, _)| file != COMMON) {
            let Some(one) = read_service(file, text, &common, &mut faults) else { continue };
            let earlier = read[built_in..].iter().find(|known| known.service.code == one.service.code);
            match earlier {
                Some(earlier) => faults.push(FileFault {
                    file: file.clone(),
                    line: 1,
                    what: format!("业务代码“{}”与 {} 重复，请改名或删去一个文件", one.service.code, earlier.file),
                }),
                None => read.push(one),
            }
        }
        drop_dangling(&mut read, built_in, &mut faults);
        let own_codes: Vec<String> = read[built_in..].iter().map(|one| one.service.code.clone()).collect();
        let mut index = 0;
        read.retain(|one| {
            index += 1;
            index > built_in || !own_codes.contains(&one.service.code)
        });
        let services = read.into_iter().map(|one| one.service).collect();
        (Self { common, services }, faults)
    }

    fn load_common(own: &[(String, String)], faults: &mut Vec<FileFault>) -> Common {
        if let Some((file, text)) = own.iter().find(|(file, _)| file == COMMON) {
            match read_common(file, text) {
                Ok(common) => return common,
                Err(more) => faults.extend(more),
            }
        }
        let built_in = BUILT_IN.iter().find(|(file, _)| *file == COMMON);
        match built_in.map(|(file, text)| read_common(file, text)) {
            Some(Ok(common)) => common,
            Some(Err(more)) => {
                faults.extend(more);
                Common::default()
            }
            None => Common::default(),
        }
    }

    /// The business of that code or Chinese name.
    pub fn get(&self, code: &str) -> Option<&Service> {
        let by_code = self.services.iter().find(|service| service.code == code);
        by_code.or_else(|| self.services.iter().find(|service| service.name == code))
    }

    /// All businesses, in the order of their files.
    pub fn services(&self) -> &[Service] {
        &self.services
    }
}

impl Common {
    /// The company's telephone numbers, for sentences.
    pub fn words(&self) -> Words {
        Words::new().with("hotline", self.hotline.clone()).with("emergency", self.emergency.clone())
    }
}

fn read_service(file: &str, text: &str, common: &Common, faults: &mut Vec<FileFault>) -> Option<Read> {
    let doc = Doc::new(file, text);
    let parsed = parse::service(&doc, &common.phrases);
    if doc.is_sound() {
        return Some(Read { file: file.to_owned(), service: parsed.service, references: parsed.references });
    }
    faults.extend(doc.into_faults());
    None
}

fn read_common(file: &str, text: &str) -> Result<Common, Vec<FileFault>> {
    let doc = Doc::new(file, text);
    let table = doc.parse();
    let top = doc.top(&table);
    let mut phrases = BTreeMap::new();
    for section in top.sections("phrase") {
        let key = section.need_key("key");
        let say = section.need_text("say", 400);
        if phrases.insert(key.value.clone(), say.value).is_some() {
            section.fault_at(key.at, format!("常用语“{}”写了两次，请删去一处", key.value));
        }
        section.close();
    }
    let scope = Scope::of(&top, &phrases);
    let common = Common {
        hotline: top.need_text("hotline", 20).value,
        emergency: top.need_text("emergency", 20).value,
        window_minutes: top.number("window_minutes", 1..121).map_or(20, |minutes| minutes.value),
        lines: parse::lines(&top, &scope),
        phrases,
    };
    top.close();
    if doc.is_sound() { Ok(common) } else { Err(doc.into_faults()) }
}

/// Leaves out files that name a business which is not there, until none does.
fn drop_dangling(read: &mut Vec<Read>, built_in: usize, faults: &mut Vec<FileFault>) {
    loop {
        let codes: Vec<String> = read.iter().map(|one| one.service.code.clone()).collect();
        let dangling = |one: &Read| {
            let gone = one.references.iter().find(|reference| !codes.contains(&reference.code));
            gone.map(|reference| FileFault {
                file: one.file.clone(),
                line: reference.line,
                what: format!("业务“{}”不存在，请先加上它的文件或改正代码", reference.code),
            })
        };
        let Some(index) = (built_in..read.len()).find(|index| dangling(&read[*index]).is_some()) else { return };
        faults.extend(dangling(&read[index]));
        read.remove(index);
    }
}
