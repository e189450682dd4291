//! `swap.enter`: a swap slip is entered: final reading of the old meter and first reading of the new one as a pair with date,
//! seals, worker and materials. The difference to the last reading on file is charged first; use then goes on with
//! the new meter, in bills, averages and the year's steps.
//!
//! The difference goes with the next reading's bill instead of a bill of its own where a bill now would be wrong: a monthly
//! price would give its steps twice, and a reading not billed yet comes first.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SlipInput;
use super::picture::SwapPicture;
use crate::book::subject::{Kind, Subject};
use crate::derive::account::bill::BillIssued;
use crate::derive::account::swap::SwapEntered as Body;
use crate::derive::slip::SlipFacts;
use crate::desk::action::{Action, Cx, Decision};
use crate::desk::billing::{Ledger, Rater, doubt};
use crate::desk::reading_enter::check_open;
use crate::desk::reading_judge::HIGH_USE_FACTOR;
use crate::desk::refusal::{Fault, Refusal};
use crate::rules::billing::{Mark, MarkKind, Registers};
use crate::rules::id::Id;
use crate::rules::meter_state::MeterState;
use crate::rules::money::Milli;
use crate::rules::reading_use::{dial, whole};
use crate::rules::tariff::model::Cycle;
use crate::store::Tx;
use crate::store::tables::account::{AccountRow, MeterRow};
use crate::store::tables::slip::{SlipRow, SlipState};

/// The action.
pub struct SwapEnter;

/// What is answered.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The slip.
    pub slip: Id,
    /// The account.
    pub account: Id,
    /// The new meter; none for a preview.
    pub meter: Option<Id>,
    /// The bill of the difference, if one was issued.
    pub bill: Option<Id>,
    /// Use and charge.
    pub picture: SwapPicture,
}

impl Action for SwapEnter {
    const NAME: &'static str = "swap.enter";
    const SUMMARY: &'static str = "录入拆换单";
    const MERGE: &'static str = "同一块表在两处各拆换一次，两单都留，该表列为有争议，停止出账，待现场核实；其余照常";
    type Input = SlipInput;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: SlipInput) -> Result<Decision<Output>, Refusal> {
        let mut faults = Vec::new();
        let known = slip_named(cx.tx, &input.slip, &mut faults)?;
        let input = match &known {
            Some(row) => input.filled_from(row),
            None => input,
        };
        let (checked, ledger, old_use) = Checked::of(cx, &input, known, faults)?;
        let charge = checked.charge(cx, &input, &ledger, old_use)?;
        let picture = checked.picture(&ledger, old_use, &charge);
        let slip = checked.slip.as_ref().map_or(cx.next, |row| row.id);
        let mut output = Output { slip, account: checked.account.id, meter: None, bill: None, picture };
        if input.preview {
            return Ok(Decision::answer(output));
        }
        output.meter = Some(cx.next);
        output.bill = charge.as_ref().ok().map(|_| cx.next);
        let body = Body {
            facts: SlipFacts { day: Some(checked.day), ..input.facts(Some(checked.account.id)) },
            old: checked.old.id,
            final_value: checked.final_value,
            rollover: input.rollover && whole(checked.final_value) < whole(checked.last(&ledger)),
            first_value: checked.first_value,
            dial: input.dial.unwrap_or(checked.old.dial),
            day: checked.day,
            bill: charge.ok(),
        };
        let subjects = vec![Subject::new(Kind::Account, checked.account.id), Subject::new(Kind::Slip, slip)];
        Decision::write(subjects, &body, output)
    }
}

/// Does a refusal only ask whether a large use of the old meter is right?
pub fn is_large(refusal: &Refusal) -> bool {
    let large = |fault: &Fault| fault.rule == "R-230" && fault.field.as_deref() == Some("final_value");
    !refusal.faults.is_empty() && refusal.faults.iter().all(large)
}

/// The slip taken in before, if there is one; an entered or returned one is refused.
fn slip_named(tx: &Tx<'_>, no: &str, faults: &mut Vec<Fault>) -> Result<Option<SlipRow>, Refusal> {
    let mut refuse = |rule, what: String| faults.push(Fault::field(rule, "slip", what));
    if no.trim().is_empty() {
        refuse("R-265", "拆换单没有单号，请补上".into());
        return Ok(None);
    }
    let known = tx.slip_of_text(no)?;
    match known.as_ref().map(|row| row.state) {
        Some(SlipState::Entered) => refuse("same_slip_twice", format!("拆换单 {} 已经入账，不能再录", no.trim())),
        Some(SlipState::Returned) => refuse("R-266", format!("拆换单 {} 已退回拆换岗，请先补上户号", no.trim())),
        Some(SlipState::Waiting) | None => return Ok(known),
    }
    Ok(None)
}

/// A slip that fits what is on file.
struct Checked {
    slip: Option<SlipRow>,
    account: AccountRow,
    old: MeterRow,
    final_value: Milli,
    first_value: Milli,
    day: chrono::NaiveDate,
}

impl Checked {
    /// The slip with the ledger of its account and the use of the old meter, or all its mistakes at once.
    fn of(
        cx: &Cx<'_, '_>,
        input: &SlipInput,
        slip: Option<SlipRow>,
        mut faults: Vec<Fault>,
    ) -> Result<(Self, Ledger, i64), Refusal> {
        faults.extend(input.faults());
        let found = account_named(cx.tx, input, &mut faults)?;
        let old = found.as_ref().and_then(|(_, meter)| meter.as_ref());
        if let Some(old) = old.filter(|old| input.old_meter.trim() != old.no) {
            let message = format!("旧表号与档案上的 {} 不同，请核对户号和旧表号", old.no);
            faults.push(Fault::field("R-265", "old_meter", message));
        }
        check_new_meter(cx.tx, input, old, &mut faults)?;
        check_numbers(cx, input, old, &mut faults);
        let (Some((account, Some(old))), Some(final_value), Some(day)) = (found, input.final_value, input.date) else {
            // What is missing is among the mistakes.
            Refusal::unless_empty(faults)?;
            return Err(Refusal::data("拆换单不完整"));
        };
        let checked = Self { slip, account, old, final_value, first_value: input.first_value.unwrap_or_default(), day };
        let facts = cx.tx.billing_facts(checked.account.id)?;
        let ledger = facts.as_ref().map(Ledger::of).ok_or_else(|| Refusal::data("用户档案不完整"))?;
        let old_use = checked.old_use(input, &ledger, &mut faults);
        Refusal::unless_empty(faults)?;
        Ok((checked, ledger, old_use))
    }

    /// The last reading on file of the old meter.
    fn last(&self, ledger: &Ledger) -> Milli {
        let own = ledger.marks.iter().rev().find(|mark| mark.meter == self.old.id);
        own.map_or(self.old.first, |mark| mark.value)
    }

    /// Use of the old meter since its last reading.
    fn old_use(&self, input: &SlipInput, ledger: &Ledger, faults: &mut Vec<Fault>) -> i64 {
        if let Some(last) = ledger.last_mark().filter(|last| self.day < last.day) {
            let message = format!("早于上次抄表日期 {}，请核对拆换日期", last.day);
            faults.push(Fault::field("R-265", "date", message));
        }
        let last = whole(self.last(ledger));
        let plain = whole(self.final_value) - last;
        let size = dial(u8::try_from(self.old.dial).unwrap_or(0));
        let used = match size.filter(|_| plain < 0 && input.rollover) {
            Some(size) => plain + size,
            None if plain < 0 => {
                let message = format!("止码低于上次示数 {last}，请核对；如表已走过一圈请确认过零");
                faults.push(Fault::field("R-265", "final_value", message));
                return 0;
            }
            None => plain,
        };
        let average = ledger.average();
        let high = used > 1 && !average.covers(u64::try_from(used).unwrap_or(0), HIGH_USE_FACTOR);
        if high && !input.confirm {
            let message = format!("旧表用量 {used} 超过平均 {} 的 {HIGH_USE_FACTOR} 倍，请核对后确认", average.text());
            faults.push(Fault::field("R-230", "final_value", message));
        }
        used
    }

    /// The bill of the difference, or why there is none now.
    fn charge(
        &self,
        cx: &Cx<'_, '_>,
        input: &SlipInput,
        ledger: &Ledger,
        old_use: i64,
    ) -> Result<Result<BillIssued, String>, Refusal> {
        if old_use == 0 {
            return Ok(Err("旧表没有差额".into()));
        }
        let history = ledger.history();
        if ledger.all_closing_marks().into_iter().any(|end| history.due(end).is_some()) {
            return Ok(Err("还有读数未出账，差额随下次抄表出账".into()));
        }
        let prices = cx.shelf.prices(cx.tx)?;
        let mut ledger = ledger.clone();
        let mark = Mark {
            id: Id(i64::MAX),
            day: self.day,
            meter: self.old.id,
            value: self.final_value,
            kind: MarkKind::Read,
            rollover: input.rollover && old_use != whole(self.final_value) - whole(self.last(&ledger)),
            estimated: false,
            registers: Registers::default(),
        };
        let end = ledger.add_mark(mark);
        let bill = match (Rater { book: &prices, dated: cx.day }).at_swap(&ledger, end) {
            Ok(bill) => bill,
            Err(fault) => return Ok(Err(format!("差额随下次抄表出账：{}", fault.message))),
        };
        if let Some(reason) = doubt::doubt(&ledger, &bill, &doubt::limits(cx.tx)?) {
            return Ok(Err(format!("差额随下次抄表出账：{}", reason.message)));
        }
        let monthly = prices.at(&bill.tariff, bill.last_day).is_ok_and(|tariff| tariff.cycle == Cycle::Month);
        if monthly {
            return Ok(Err("按月阶梯，差额随下次抄表出账".into()));
        }
        Ok(Ok(BillIssued { reading: Some(cx.next), ..bill }))
    }

    fn picture(&self, ledger: &Ledger, old_use: i64, charge: &Result<BillIssued, String>) -> SwapPicture {
        let last = ledger.marks.iter().rev().find(|mark| mark.meter == self.old.id);
        SwapPicture {
            last: self.last(ledger),
            last_day: last.map(|mark| mark.day),
            old_use,
            days: last.map_or(0, |mark| (self.day - mark.day).num_days()),
            new_use: 0,
            expected: ledger.average().text(),
            last_year: ledger.a_year_before(self.day),
            charged: charge.as_ref().ok().map(|bill| bill.amount),
            charged_later: charge.as_ref().err().cloned(),
        }
    }
}

/// The account of a slip with the meter on its wall; nothing where none is named so.
fn account_named(
    tx: &Tx<'_>,
    input: &SlipInput,
    faults: &mut Vec<Fault>,
) -> Result<Option<(AccountRow, Option<MeterRow>)>, Refusal> {
    let named = input.account.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let Some(named) = named else {
        faults.push(Fault::field("R-266", "account", "拆换单没有户号，请退回拆换岗核实后再录"));
        return Ok(None);
    };
    let Some(account) = tx.account_of_text(named)? else {
        faults.extend(Refusal::missing("account", "用户", named).faults);
        return Ok(None);
    };
    faults.extend(check_open(&account).err().map(|refusal| refusal.faults).unwrap_or_default());
    let old = tx.meter_on_wall(account.id)?;
    if old.is_none() {
        faults.push(Fault::field("A-05", "account", "该户没有装着的表，请先装表再拆换"));
    }
    Ok(Some((account, old)))
}

/// Readings and the day are there, and can be of these meters.
fn check_numbers(cx: &Cx<'_, '_>, input: &SlipInput, old: Option<&MeterRow>, faults: &mut Vec<Fault>) {
    let missing = |field: &str, what: &str| Fault::field("R-265", field, format!("请填{what}"));
    // Never today by itself: the day parts the water of the two meters.
    faults.extend(input.date.is_none().then(|| missing("date", "拆换日期")));
    if let Some(day) = input.date {
        check_day(cx, old, day, faults);
    }
    let own = old.map(|old| old.dial);
    let values = [
        ("final_value", "旧表止码", input.final_value, own),
        ("first_value", "新表起码", input.first_value, input.dial.or(own)),
    ];
    for (field, label, value, digits) in values {
        let Some(value) = value else {
            faults.push(missing(field, label));
            continue;
        };
        let size = digits.and_then(|digits| dial(u8::try_from(digits).unwrap_or(0)));
        if value.is_negative() || size.is_some_and(|size| whole(value) >= size) {
            let message = match digits {
                Some(digits) => format!("示数应在 0 与 {digits} 位表盘之间，请核对"),
                None => "示数不能是负数，请核对".into(),
            };
            faults.push(Fault::field("R-265", field, message));
        }
    }
}

/// The new meter hangs nowhere else.
fn check_new_meter(
    tx: &Tx<'_>,
    input: &SlipInput,
    old: Option<&MeterRow>,
    faults: &mut Vec<Fault>,
) -> Result<(), Refusal> {
    let new = input.new_meter.trim();
    if new.is_empty() {
        faults.push(Fault::field("R-265", "new_meter", "请填新表号"));
        return Ok(());
    }
    if old.is_some_and(|old| new == old.no) {
        faults.push(Fault::field("R-038", "new_meter", "新表号与旧表号相同，请核对"));
        return Ok(());
    }
    if let Some(holder) = tx.accounts_of_meter(new)?.first() {
        let no = tx.account(*holder)?.map(|row| row.no).unwrap_or_default();
        faults.push(Fault::field("R-038", "new_meter", format!("新表 {new} 已挂在户号 {no}，请核对新表号")));
    }
    if input.dial.is_some_and(|digits| !(3..=9).contains(&digits)) {
        faults.push(Fault::field("R-065", "dial", "表位数应为 3 到 9"));
    }
    Ok(())
}

/// A swap is not in the future, and not before the meter was fitted.
fn check_day(cx: &Cx<'_, '_>, old: Option<&MeterRow>, day: chrono::NaiveDate, faults: &mut Vec<Fault>) {
    if day > cx.at.date_naive() {
        faults.push(Fault::field("R-265", "date", format!("拆换日期 {day} 在今天之后，请核对")));
    }
    let Some(old) = old else { return };
    if let Some(fitted) = old.fitted.filter(|fitted| day < *fitted) {
        faults.push(Fault::field("A-05", "date", format!("旧表 {fitted} 才装上，拆换日期 {day} 在其前，请核对")));
    }
    let state = MeterState::parse(&old.state);
    if let Some(state) = state.filter(|state| matches!(state, MeterState::Unused | MeterState::Applied)) {
        let message = format!("旧表还是“{}”状态，没有装上，不能拆换", state.paper_word());
        faults.push(Fault::field("A-05", "old_meter", message));
    }
    if old.disputed {
        faults.push(Fault::field("disputed", "old_meter", "该户的表有两张拆换单，请先现场核实"));
    }
}
