//! Whose things an action may be about, by the table in `derive/whose.rs`. A book knows accounts of other sites, so that a customer may pay, ask, report and apply
//! at any counter; everything else that is another site's is left to that site.

use super::action::{Def, Draft};
use super::refusal::Refusal;
use crate::book::subject::{Kind, Subject};
use crate::derive::whose::{self, Whose};
use crate::rules::id::{Id, Site};
use crate::store::{StoreError, Tx};

/// What an input names that is an account's, and what it names that is something of its own.
const OF_ACCOUNTS: [&str; 3] = ["account", "meter", "bill"];
const THINGS: [&str; 5] = ["worker", "order", "request", "slip", "shift"];

/// Refuses what an input names and is another site's, before anything of it is told. What stands deeper is found by
/// [`require`] once it is decided.
pub fn require_of_input(tx: &Tx<'_>, def: &Def, input: &str) -> Result<(), Refusal> {
    let Ok(serde_json::Value::Object(input)) = serde_json::from_str(input) else { return Ok(()) };
    let mut named = Vec::new();
    for (field, value) in &input {
        let Some(text) = value.as_str() else { continue };
        let (field, id) = (field.as_str(), text.trim().parse::<Id>().ok());
        if OF_ACCOUNTS.contains(&field) {
            let account = match field {
                "account" => tx.account_of_text(text)?.map(|row| row.id),
                "meter" => tx.meters_of_no(text.trim())?.first().map(|row| row.account),
                _ => id,
            };
            named.extend(account.map(|id| Subject::new(Kind::Account, id)));
        } else if THINGS.contains(&field) {
            named.extend(id.map(|id| Subject::new(Kind::Order, id)));
        }
    }
    require(tx, def, &named)
}

/// Refuses what is another site's business.
pub fn require(tx: &Tx<'_>, def: &Def, subjects: &[Subject]) -> Result<(), Refusal> {
    let whose = whose::of(def.name).unwrap_or(Whose::Own);
    let allowed = |subject: &Subject| -> Result<bool, StoreError> {
        Ok(match whose {
            Whose::OfCompany => tx.seen()?.holds(subject.id),
            // Which questions are whose is asked of the whole entry.
            Whose::Question => true,
            Whose::Own | Whose::AnyAccount | Whose::AnyCase | Whose::Anyone => whose.takes(subject.kind),
        })
    };
    for subject in subjects {
        if let Some(site) = tx.other_site(subject.id)?
            && !allowed(subject)?
        {
            let message = format!("这是网点 {site} 的，“{}”请由该网点办理；本网点只能代收费、答询、受理", def.summary);
            return Err(Refusal::permission("site", message));
        }
    }
    Ok(())
}

/// Refuses what no fold would apply, by the folds' own table.
pub fn require_of_entry(tx: &Tx<'_>, site: &Site, def: &Def, action: &str, draft: &Draft) -> Result<(), Refusal> {
    require(tx, def, &draft.subjects)?;
    if tx.own_record()?.is_none() {
        return Ok(()); // a book that began no site is nobody's, and works on everything
    }
    let said = draft.subjects.iter().copied().collect();
    match whose::fault_of(tx, site, action, &said, &draft.payload)? {
        None => Ok(()),
        Some(why) => Err(Refusal::permission("site", format!("“{}”没有办理：{why}；请报总部", def.summary))),
    }
}
