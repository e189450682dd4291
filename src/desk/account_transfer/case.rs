//! The case a deed belongs to: what was typed and shown at the intake (受理) is what the deed is made of.

use crate::derive::order::body::IntakeTaken;
use crate::desk::action::Cx;
use crate::desk::intake_take::{self, SETTLED};
use crate::desk::order_step;
use crate::desk::refusal::{Fault, Refusal};
use crate::desk::till::charges;
use crate::rules::fault::shown;
use crate::rules::id::Id;
use crate::rules::money::{Fen, Milli};
use crate::rules::service::Before;
use crate::store::Tx;
use crate::store::tables::account::AccountRow;
use crate::store::tables::order::{ChargeRow, OrderRow};

/// The tick of the intake for a direct relative.
const KIN: &str = "kin";

/// A case taken in for a transfer.
pub struct Case {
    /// Its row.
    pub order: OrderRow,
    /// What was said at the intake.
    pub said: IntakeTaken,
    /// What it costs.
    pub charges: Vec<ChargeRow>,
}

impl Case {
    /// The case of an account that waits for its deed: the named one, else the only one. Without one, what to do.
    pub fn find(cx: &Cx<'_, '_>, account: &AccountRow, named: Option<&str>) -> Result<Self, Refusal> {
        let mut waiting = cx.tx.deed_cases(account.id)?;
        if let Some(text) = named.map(str::trim).filter(|text| !text.is_empty()) {
            let row = order_step::find_row(cx.tx, "case", text)?;
            waiting.retain(|case| case.id == row.id);
            if waiting.is_empty() {
                let text = format!("{} 不是 {} 还没有办完的过户，请核对", shown(text), account.no);
                return Err(Refusal::field("R-126", "case", text));
            }
        }
        let own = cx.tx.seen()?;
        let order = match waiting.len() {
            0 => {
                let text = format!(
                    "{} 还没有受理过户：请先受理过户 (intake.take transfer)，验看要件、登记新户主，再办过户登记",
                    account.no
                );
                return Err(Refusal::field("R-126", "account", text));
            }
            1 => waiting.remove(0),
            _ => {
                let mine: Vec<&OrderRow> = waiting.iter().filter(|case| own.holds(case.id)).collect();
                match mine.as_slice() {
                    [one] => (*one).clone(),
                    _ => {
                        let ids: Vec<String> = waiting.iter().map(|case| case.id.to_string()).collect();
                        let text = format!("{} 有几件过户没有办完：{}，请写明办哪一件", account.no, ids.join("、"));
                        return Err(Refusal::field("R-126", "case", text));
                    }
                }
            }
        };
        order_step::own(cx.tx, "case", order.id)?;
        Self::read(cx.tx, order)
    }

    /// A case with what was said at its intake.
    pub fn read(tx: &Tx<'_>, order: OrderRow) -> Result<Self, Refusal> {
        let entry = tx.entry(order.id)?;
        let entry = entry.ok_or_else(|| Refusal::missing("case", "受理", &order.id.to_string()))?;
        let said = serde_json::from_str(&entry.payload).map_err(|error| Refusal::data(error.to_string()))?;
        Ok(Self { charges: tx.charges_of_order(order.id)?, order, said })
    }

    /// A field of the intake's form.
    pub fn field(&self, key: &str) -> &str {
        self.said.fields.iter().find(|field| field.key == key).map_or("", |field| field.value.trim())
    }

    /// 直系亲属, with the proof that the intake asked for.
    pub fn kin(&self) -> bool {
        self.said.situations.iter().any(|word| word == KIN)
    }

    /// What the case costs, deposits left out: the catalogue's fee.
    pub fn fee(&self) -> Fen {
        self.charges.iter().filter(|charge| !charge.deposit).map(|charge| charge.amount).sum()
    }

    /// What of it is owed.
    pub fn owed(&self) -> Fen {
        self.charges.iter().map(|charge| charge.owed).sum()
    }

    /// The name of the new owner: as it was taken in, or another one with its reason.
    pub fn name(&self, typed: &str, reason: &str, faults: &mut Vec<Fault>) -> String {
        let (typed, said) = (typed.trim(), self.field("new_name"));
        if typed.is_empty() || said.is_empty() || typed == said {
            return if typed.is_empty() { said } else { typed }.to_owned();
        }
        if reason.is_empty() {
            let text =
                format!("{} 受理时登记的新户主是“{said}”，不是“{}”；确要更正请写明原因", self.order.id, shown(typed));
            faults.push(Fault::field("R-126", "name", text));
        }
        typed.to_owned()
    }

    /// 直系亲属 as it was taken in; said otherwise it is a mistake.
    pub fn check_kin(&self, typed: Option<bool>) -> Option<Fault> {
        let text = match (typed, self.kin()) {
            (Some(true), false) => "受理时没有登记直系亲属，也没有验看证明，不能按直系亲属过户；确是的请作废后重新受理",
            (Some(false), true) => "受理时登记的是直系亲属过户，请核对",
            _ => return None,
        };
        Some(Fault::field("R-123", "kin", text))
    }

    /// The reading named at the intake, where it is not the last one: it must be entered, billed and paid first.
    pub fn reading_missing(&self, last: Option<Milli>) -> Option<Milli> {
        let said: Option<Milli> = self.field(SETTLED).parse().ok();
        said.filter(|said| Some(*said) != last)
    }

    /// What must be paid before the deed.
    pub fn gate(&self, tx: &Tx<'_>) -> Result<Vec<Fault>, Refusal> {
        charges::waits_for(tx, self.order.id, Before::Deed)
    }

    /// The settled reading: what was taken in, what is typed and the last reading must be one number.
    pub fn settled(
        &self,
        cx: &Cx<'_, '_>,
        account: Id,
        typed: Option<Milli>,
        faults: &mut Vec<Fault>,
    ) -> Result<Option<Milli>, Refusal> {
        let last = intake_take::last_value(cx.tx, account)?;
        let said: Option<Milli> = self.field(SETTLED).parse().ok();
        for (value, what) in [(said, "受理时的结算方数"), (typed, "结算方数")] {
            let Some(value) = value.filter(|value| Some(*value) != last) else { continue };
            let text = match last {
                Some(last) => format!(
                    "{what} {} 与最后读数 {} 不同：请先录入这个读数，出账并结清，再办过户登记",
                    value.grouped(),
                    last.grouped()
                ),
                None => format!("{what} {} 没有读数可对：该户没有装表", value.grouped()),
            };
            faults.push(Fault::field("R-122", "settled", text));
        }
        Ok(last)
    }
}
