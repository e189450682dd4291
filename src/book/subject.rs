//! Subjects (对象): whom an entry is about.

use crate::rules::id::Id;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $letter:literal),+ $(,)?) => {
        /// The kinds of subject.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Kind { $($(#[$doc])* $name),+ }

        impl Kind {
            /// Every kind, in the order of derivation.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The letter it is stored as.
            pub const fn letter(self) -> &'static str {
                match self { $(Self::$name => $letter),+ }
            }

            /// Reads a letter.
            pub fn of(letter: &str) -> Option<Self> {
                match letter { $($letter => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

kinds! {
    /// 户.
    Account = "a",
    /// 日历 of one year.
    Calendar = "c",
    /// 工单.
    Order = "o",
    /// 拆换单.
    Slip = "p",
    /// 特殊处理申请.
    Request = "q",
    /// 批.
    Run = "r",
    /// 班次.
    Shift = "s",
    /// 价格.
    Tariff = "t",
    /// 网点.
    Site = "i",
    /// 用户 of the program.
    User = "u",
    /// 业务 of the service catalogue.
    Service = "v",
    /// 师傅.
    Worker = "w",
}

/// One subject of an entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Subject {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub id: Id,
}

impl Subject {
    /// A subject of a kind.
    pub const fn new(kind: Kind, id: Id) -> Self {
        Self { kind, id }
    }
}

/// Writes a list of subjects: `aB03.1.42 sB03.1.40`; a subject made by the entry itself is `a` or `a/7`.
pub fn write(subjects: &[Subject], own: Id) -> String {
    let mut text = String::with_capacity(subjects.len() * 12);
    for (index, subject) in subjects.iter().enumerate() {
        if index > 0 {
            text.push(' ');
        }
        text.push_str(subject.kind.letter());
        if subject.id.entry() != own.entry() {
            match subject.id.text() {
                Some(id) => text.push_str(id.as_str()),
                None => text.push_str(&subject.id.to_string()),
            }
        } else if subject.id.item() > 0 {
            text.push('/');
            text.push_str(&subject.id.item().to_string());
        }
    }
    text
}

/// Reads what [`write`] wrote. A kind this program does not know is left out: its entries are kept and forwarded all the same.
/// `None` when the text is malformed.
pub fn read(text: &str, own: Id) -> Option<Vec<Option<Subject>>> {
    text.split(' ').filter(|word| !word.is_empty()).map(|word| read_one(word, own)).collect()
}

fn read_one(word: &str, own: Id) -> Option<Option<Subject>> {
    let letter = word.get(..1)?;
    let rest = word.get(1..)?;
    let id = if rest.is_empty() {
        own.entry()
    } else if let Some(item) = rest.strip_prefix('/') {
        let item: usize = item.parse().ok().filter(|item| (*item as i64) < crate::rules::id::ITEMS)?;
        own.with_item(item)
    } else {
        rest.parse().ok()?
    };
    Some(Kind::of(letter).map(|kind| Subject { kind, id }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_read_back() {
        let own: Id = "B03.1.42".parse().unwrap();
        let other: Id = "B07.2.9/3".parse().unwrap();
        let list = [
            Subject::new(Kind::Account, own),
            Subject::new(Kind::Account, own.with_item(7)),
            Subject::new(Kind::Shift, other),
        ];
        let text = write(&list, own);
        assert_eq!(text, "a a/7 sB07.2.9/3");
        assert_eq!(read(&text, own).unwrap(), list.map(Some));
        assert_eq!(read("zB07.2.9", own).unwrap(), vec![None]);
        assert!(read("a/512", own).is_none() && read("aB07", own).is_none());
    }
}
