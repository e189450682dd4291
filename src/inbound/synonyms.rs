//! Headings that mean a field in every profile that has it (`assets/headings.toml`), behind those the profile names itself.

use std::collections::BTreeMap;

use super::headings::plain;
use super::profile::{Holds, Profile, ReadBy};
use crate::rules::utility::Utility;

const BUILT_IN: &str = include_str!("../../assets/headings.toml");

/// Kind of file → field → headings.
type Table = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// The tables a profile reads, the narrowest first.
fn tables_of(profile: &Profile) -> Vec<&'static str> {
    let narrow = match (profile.holds, profile.source, profile.utility) {
        (Holds::Readings, Some(ReadBy::Card), _) => vec!["card"],
        (Holds::Readings, Some(ReadBy::Handheld), _) => vec!["handheld"],
        (Holds::Readings, Some(ReadBy::Remote), _) => vec!["remote"],
        (Holds::Customers, _, Some(Utility::Water)) => vec!["water"],
        (Holds::Customers, _, Some(Utility::Gas)) => vec!["gas"],
        _ => vec![],
    };
    let holds = match profile.holds {
        Holds::Customers => "customers",
        Holds::Readings => "readings",
        Holds::Swaps => "swaps",
    };
    narrow.into_iter().chain([holds, "all"]).collect()
}

/// Adds the shared headings to the fields a profile has; one that it gives to another field stays there.
pub(super) fn add_to(profile: &mut Profile) -> Result<(), toml::de::Error> {
    let shared: Table = toml::from_str(BUILT_IN)?;
    let mut taken: Vec<String> = profile.columns.values().flatten().map(|name| plain(name)).collect();
    for table in tables_of(profile).into_iter().filter_map(|table| shared.get(table)) {
        for (field, names) in table {
            let Some(own) = profile.columns.get_mut(field) else { continue };
            for name in names.iter().filter(|name| !taken.contains(&plain(name))) {
                own.push(name.clone());
            }
            taken.extend(names.iter().map(|name| plain(name)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::profile::Catalogue;
    use super::*;

    #[test]
    fn no_heading_means_two_fields_of_a_profile() {
        for profile in Catalogue::built_in().unwrap().profiles() {
            let mut seen = BTreeMap::new();
            for (field, names) in &profile.columns {
                for name in names {
                    let other = seen.insert(plain(name), field);
                    assert_eq!(other, None, "{}: {name} means {field} and {other:?}", profile.name);
                }
            }
        }
    }

    #[test]
    fn no_heading_is_one_that_the_list_of_rows_to_mend_puts_before_them() {
        let shared: Table = toml::from_str(BUILT_IN).unwrap();
        for name in shared.values().flat_map(|fields| fields.values().flatten()) {
            assert!(!super::super::fix_list::HEADINGS.contains(&name.as_str()), "{name}");
        }
    }

    #[test]
    fn every_field_of_the_table_is_one_of_some_profile_of_its_kind() {
        let shared: Table = toml::from_str(BUILT_IN).unwrap();
        let catalogue = Catalogue::built_in().unwrap();
        for (table, fields) in &shared {
            for field in fields.keys() {
                let mut readers = catalogue.profiles().iter().filter(|p| tables_of(p).contains(&table.as_str()));
                assert!(readers.any(|p| p.columns.contains_key(field)), "{table}.{field}");
            }
        }
    }
}
