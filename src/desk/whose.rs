//! Whose things an action may be about. A book knows accounts of other sites, so that a customer may pay, ask, report and apply
//! at any counter; everything else that is another site's is left to that site.

use super::action::Def;
use super::refusal::Refusal;
use crate::book::subject::{Kind, Subject};
use crate::rules::id::Id;
use crate::store::{StoreError, Tx};

/// Whose subjects an action may be about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whose {
    /// This site's only.
    Own,
    /// An account may be anybody's, whatever else is this site's: what is done for a customer who came here.
    AnyAccount,
    /// An account and a case may be anybody's: money that a customer pays here for a business, or gets back.
    AnyCase,
    /// This site's; at the head office anybody's.
    Seen,
    /// The action itself says whose: users, sites, exceptions that touch several sites.
    ActionSays,
}

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
    let allowed = |subject: &Subject| -> Result<bool, StoreError> {
        Ok(match def.whose {
            Whose::Own => false,
            Whose::AnyAccount => subject.kind == Kind::Account,
            Whose::AnyCase => matches!(subject.kind, Kind::Account | Kind::Order),
            Whose::Seen => tx.seen()?.holds(subject.id),
            Whose::ActionSays => true,
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
