//! Whose things an entry may be about: one table for all actions, which the folds and the desk (`desk/whose.rs`) read alike. A customer may pay,
//! ask, report and apply at any counter; everything else is each site's own, or the head office's to say. A site that signs an entry
//! about what is not its business is not believed in it: no fold applies any of it, every subject it names has an exception, and
//! `verify` asks about it. It is never written here.
//!
//! It is told by the entry itself: who wrote it, whom it is about, what it says; and by the first entries of the two sites, which say
//! whether they are head offices (a branch whose first entry calls it one is not taken in). Nobody speaks for another head office.

use std::collections::BTreeSet;

use crate::book::subject::{Kind, Subject};
use crate::rules::id::{Id, Site};
use crate::store::entries::EntryRow;
use crate::store::{StoreError, Tx};

use super::delegation::{BEYOND, TRUSTS};
use super::exception::{ExceptionAssigned, ExceptionResolved, Place};
use super::site::{SiteOpened, subject_of};
use super::user::UserRight;
use super::{Fx, refold_all};

/// Word of the exception.
pub const OTHER: &str = "other_site";
/// Word of the exception about an entry that cannot be read here, on a subject that is not its author's: an action or version nobody here
/// knows, or a body that is not what its action promises.
pub const UNKNOWN: &str = "unknown_action";

/// Whose subjects an action may be about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whose {
    /// The author's own only.
    Own,
    /// An account may be anybody's, whatever else is the author's: what is done for a customer who came to the counter.
    AnyAccount,
    /// An account and a case may be anybody's: money that a customer pays for a business, or gets back.
    AnyCase,
    /// The author's own; a head office's word counts for every branch.
    OfCompany,
    /// A question: of own subjects, or a clash that touches one; a head office decides all, and alone those about its own word.
    Question,
    /// Another's, by its nature: whom a branch trusts.
    Anyone,
}

impl Whose {
    /// May a subject of this kind be another site's, whoever asks?
    pub fn takes(self, kind: Kind) -> bool {
        match self {
            Whose::AnyAccount => kind == Kind::Account,
            Whose::AnyCase => matches!(kind, Kind::Account | Kind::Order),
            Whose::Anyone => true,
            Whose::Own | Whose::OfCompany | Whose::Question => false,
        }
    }
}

/// Whose subjects an action may be about; none of an action this program does not know.
pub fn of(action: &str) -> Option<Whose> {
    Some(match action {
        "callback.record" | "complaint.answer" | "intake.park" | "intake.preview" | "intake.resume" | "intake.take"
        | "order.chase" | "order.defer" | "order.dispatch" | "order.pause" | "order.resume" | "order.return"
        | "order.void" | "payment.confirm" | "payment.enter_late" | "payment.method" => Whose::AnyAccount,
        "deposit.return" | "deposit.take" | "fee.take" | "payment.reverse" | "payment.take" => Whose::AnyCase,
        "bundle.accept" | "customer.reveal" | "entry.place" | "site.amend" | "site.enrol" | "site.revoke"
        | "site.thaw" | "user.close" | "user.reset" | "user.right" => Whose::OfCompany,
        "exception.assign" | "exception.resolve" => Whose::Question,
        "site.trust" => Whose::Anyone,
        "account.amend"
        | "account.open"
        | "account.transfer"
        | "adjustment.check"
        | "adjustment.decide"
        | "adjustment.preview"
        | "adjustment.request"
        | "bill.cancel"
        | "bill.issue"
        | "bill.release"
        | "calendar.put"
        | "catalogue.put"
        | "clock.confirm"
        | "import.confirm"
        | "import.drop"
        | "import.mend"
        | "key.confirm"
        | "key.show"
        | "reading.correct"
        | "reading.enter"
        | "reading.key"
        | "run.close"
        | "run.drop"
        | "run.open"
        | "shift.close"
        | "shift.confirm"
        | "shift.deposit"
        | "shift.deposit_reverse"
        | "shift.float_add"
        | "shift.open"
        | "site.cut_off"
        | "site.epoch"
        | "site.open"
        | "site.rotate"
        | "swap.assign"
        | "swap.enter"
        | "swap.field_check"
        | "swap.number_found"
        | "swap.send_back"
        | "swap.task"
        | "tariff.put"
        | "user.add"
        | "user.password"
        | "worker.add"
        | "worker.amend" => Whose::Own,
        _ => return None,
    })
}

/// What an entry says it does to what is not its author's business; none when all of it is.
pub fn fault(
    tx: &Tx<'_>,
    entry: &EntryRow,
    said: &BTreeSet<Subject>,
    body: &str,
) -> Result<Option<String>, StoreError> {
    fault_of(tx, &entry.id.site(), &entry.action, said, body)
}

/// The same of an entry that is to be written.
pub fn fault_of(
    tx: &Tx<'_>,
    author: &Site,
    action: &str,
    said: &BTreeSet<Subject>,
    body: &str,
) -> Result<Option<String>, StoreError> {
    let author = Author { tx, site: author };
    match author.fault(action, said, body)? {
        Some(why) if !author.is_nobody()? => Ok(Some(why)),
        _ => Ok(None),
    }
}

/// Is a subject another office's than the author's, as far as an entry goes that this program cannot read? It may be a newer program's,
/// or nobody's: it is kept for the upgrade, but does not pause what may not be its author's business.
pub(super) fn is_strangers(tx: &Tx<'_>, author: &Site, subject: Id) -> Result<bool, StoreError> {
    let author = Author { tx, site: author };
    Ok(!author.owns(subject)? && !author.leads(&subject.site())? && !author.is_nobody()?)
}

/// Is a question one between several subjects?
fn is_clash(action: &str, body: &str) -> bool {
    matches!(place(action, body), Some(Place::Across { .. }))
}

/// Which question an entry is about; none when it cannot be read, and each fold holds it.
fn place(action: &str, body: &str) -> Option<Place> {
    match action {
        "exception.assign" => serde_json::from_str::<ExceptionAssigned>(body).ok().map(|body| body.place),
        _ => serde_json::from_str::<ExceptionResolved>(body).ok().map(|body| body.place),
    }
}

/// Who wrote an entry.
struct Author<'t, 'c> {
    tx: &'t Tx<'c>,
    site: &'t Site,
}

impl Author<'_, '_> {
    fn fault(&self, action: &str, said: &BTreeSet<Subject>, body: &str) -> Result<Option<String>, StoreError> {
        let Some(whose) = of(action) else { return Ok(None) };
        let mut touches_own = false;
        let mut stranger = None;
        for subject in said {
            let own = self.owns(subject.id)?;
            touches_own |= own;
            let may = own
                || whose.takes(subject.kind)
                || matches!(whose, Whose::OfCompany | Whose::Question) && self.leads(&subject.id.site())?;
            if !may {
                stranger.get_or_insert(*subject);
            }
        }
        if let Some(subject) = stranger.filter(|_| !(whose == Whose::Question && touches_own && is_clash(action, body)))
        {
            let (letter, id, site) = (subject.kind.letter(), subject.id, subject.id.site());
            return Ok(Some(format!("对象 {letter}{id} 是网点 {site} 的，不由网点 {} 办理", self.site)));
        }
        match whose {
            Whose::Question => self.question(action, said, body),
            Whose::OfCompany if action == "user.right" => self.sends(said, body),
            Whose::OfCompany | Whose::Own | Whose::AnyAccount | Whose::AnyCase | Whose::Anyone => Ok(None),
        }
    }

    /// Is it the author's: made by it, or by the branch whose place its code takes when that one's lives are used up?
    fn owns(&self, id: Id) -> Result<bool, StoreError> {
        let site = id.site();
        Ok(id.0 < 0 || site == *self.site || (self.site.follows(&site) && !is_head_office(self.tx, &site)?))
    }

    /// A book that received entries and began none is nobody's, and works on everything it knows (`store/query/own.rs`). No exchange
    /// brings one: a chain begins with who the site is.
    fn is_nobody(&self) -> Result<bool, StoreError> {
        let site = subject_of(self.site);
        let begins_otherwise = self.tx.entry(site)?.is_none_or(|first| first.action != "site.open");
        Ok(begins_otherwise && self.tx.rights_entries("site.enrol", &format!("i{site}"))?.is_empty())
    }

    /// Is the author a head office, and this a branch?
    fn leads(&self, site: &Site) -> Result<bool, StoreError> {
        Ok(is_head_office(self.tx, self.site)? && !is_head_office(self.tx, site)?)
    }

    /// Questions about a site, about a role beyond what head office lets a branch give, and about two head offices are asked of the head office.
    fn question(&self, action: &str, said: &BTreeSet<Subject>, body: &str) -> Result<Option<String>, StoreError> {
        let Some(place) = place(action, body) else { return Ok(None) };
        let meant: BTreeSet<Subject> = place.subjects().into_iter().collect();
        if !meant.is_empty() && meant != *said {
            return Ok(Some("对象不是这个疑问的".to_owned()));
        }
        let asked_of_head_office = match place {
            Place::Inside { kind, .. } => kind == Kind::Site.letter(),
            Place::Across { what, .. } => what == BEYOND.what || what == TRUSTS.what,
        };
        let may = !asked_of_head_office || is_head_office(self.tx, self.site)?;
        Ok((!may).then(|| format!("这个疑问由总部裁定，不由网点 {} 办理", self.site)))
    }

    /// Only a head office sends people to other sites, and only its own.
    fn sends(&self, said: &BTreeSet<Subject>, body: &str) -> Result<Option<String>, StoreError> {
        let Some(to) = serde_json::from_str::<UserRight>(body).ok().and_then(|body| body.site) else { return Ok(None) };
        let mine = said.iter().all(|subject| subject.id.site() == *self.site);
        let may = mine && is_head_office(self.tx, self.site)?;
        Ok((!may).then(|| format!("派往网点 {to} 的岗位只能由总部给自己的人，不由网点 {} 办理", self.site)))
    }
}

/// Is a site a head office, as its own first entry says?
pub fn is_head_office(tx: &Tx<'_>, site: &Site) -> Result<bool, StoreError> {
    let opened = tx.entry(subject_of(site))?.filter(|first| first.action == "site.open");
    let body = opened.and_then(|first| serde_json::from_str::<SiteOpened>(&first.payload).ok());
    Ok(body.is_some_and(|body| body.head_office))
}

/// A site's first entry has come, which says who it is: what came before it was judged without.
pub(super) fn note(fx: &mut Fx<'_, '_>, entry: &EntryRow) -> Result<(), StoreError> {
    let site = entry.id.site();
    if entry.id != subject_of(&site) || entry.action != "site.open" {
        return Ok(());
    }
    let rows = fx.tx.index_across(&site)?;
    refold_all(fx, rows.iter().filter_map(|row| Some((Kind::of(&row.kind)?, row.subject))).collect())
}

/// The sentence of the exception and of the question.
pub fn sentence(id: Id, why: &str) -> String {
    format!("凭单 {id} 越出了本网点的范围 ({why})，没有入账")
}
