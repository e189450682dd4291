//! Customers: every good row becomes an account, its file whole (一户一档). IDs and cards are sealed before anything is written.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use chrono::{Datelike, Months, NaiveDate};

use super::answer::Answer;
use super::one_by_one::{OneByOne, hex};
use super::stage::{self, Stage};
use super::unpriced::Unpriced;
use super::{Progress, ROWS_A_WORD, Request, Watch, recognise, stopped};
use crate::book::seal::Keys;
use crate::book::subject::Kind as SubjectKind;
use crate::derive::account::file::{AccountOpened, Arrear, LastReading, MeterFacts};
use crate::derive::row::to_row;
use crate::desk::Desk;
use crate::desk::refusal::Refusal;
use crate::desk::run::{RUN_CHANGED, Run};
use crate::desk::tariffs::due_of;
use crate::inbound::judge::{CustomerJudge, CustomerTotals, CustomerVerdict};
use crate::inbound::profile::{Holds, Recognised};
use crate::inbound::read::{BadFile, Row};
use crate::inbound::rows::CustomerRow;
use crate::inbound::rows::customer::Standing;
use crate::rules::certificate;
use crate::rules::classes;
use crate::rules::customer_fields::{IC_CARD, method};
use crate::rules::money::Milli;
use crate::rules::pricing::{self, Pricing};
use crate::rules::route;
use crate::rules::tariff::PriceBook;

/// The action whose bulk entries a customer file makes.
pub const ACTION: &str = "account.open";
/// Rows judged between two looks at the database.
const BATCH: usize = 500;

impl Desk {
    pub(super) fn import_customers(&mut self, request: &Request, watch: Watch<'_>) -> Result<Answer, Refusal> {
        let file = recognise(self, &request.path, Holds::Customers, None, request.profile.as_deref())?;
        if let Some(answer) = self.answer_again(ACTION, &file)? {
            return Ok(answer);
        }
        let mut stage = Stage::new(self);
        if request.dry_run {
            let totals = self.judge_customers(request, &file, &mut stage, None, watch)??;
            stage.notes.extend(totals.notes);
            return Ok(stage.answer(request, &file, None));
        }
        let mut run = self.open_customer_run(request, &file)?;
        let totals = match self.judge_customers(request, &file, &mut stage, Some(&mut run), watch) {
            Err(refusal) if refusal.first_rule() == RUN_CHANGED => {
                run.discard(self)?;
                run = self.open_customer_run(request, &file)?;
                stage = Stage::new(self);
                self.judge_customers(request, &file, &mut stage, Some(&mut run), watch)?
            }
            other => other?,
        };
        // Of a file that cannot be read to its end nothing counts.
        let totals = match totals {
            Ok(totals) => totals,
            Err(bad) => {
                run.discard(self)?;
                return Err(bad.into());
            }
        };
        stage.notes.extend(totals.notes);
        self.stage(request, &file, run.id(), &stage)?;
        let note = serde_json::json!({
            "file": file.source.name(), "profile": file.profile.name, "rows": stage.rows, "accepted": stage.accepted,
        });
        let (mut derived, total) = (0, stage.accepted);
        let id = run.close(self, note, |rows| {
            derived += rows as u64;
            let _ = watch(Progress { stage: "记账", done: derived, total });
        })?;
        Ok(stage.answer(request, &file, Some(id)))
    }

    fn open_customer_run(&mut self, request: &Request, file: &Recognised) -> Result<Run, Refusal> {
        let label = stage::label(request.what, file);
        self.open_run(request.what.right(), ACTION, 1, &label, Some(&file.source.hash_text()))
    }

    /// Judges every row in batches; each batch sees the database once, then its good rows go to the run.
    fn judge_customers(
        &mut self,
        request: &Request,
        file: &Recognised,
        stage: &mut Stage,
        mut run: Option<&mut Run>,
        watch: Watch<'_>,
    ) -> Result<Result<CustomerTotals, BadFile>, Refusal> {
        let prices = self.prices()?;
        let terms = self.terms(request.on);
        let mut unpriced = Unpriced::new(prices.clone(), terms.today);
        let mut opener = Opener::new(prices);
        let mut judge = CustomerJudge::new(file, terms);
        let mut batch: Vec<Row> = Vec::with_capacity(BATCH);
        let mut fault = None;
        let mut take = |batch: &mut Vec<Row>, stage: &mut Stage| -> Result<(), Refusal> {
            let good = self.judge_batch(&mut judge, batch, stage)?;
            stage.accepted += good.len() as u64;
            good.iter().for_each(|row| unpriced.look(row));
            if let Some(run) = run.as_deref_mut() {
                for row in &good {
                    let body = opener.opened(self.keys(), row)?;
                    let text = to_row(&body).map_err(|error| Refusal::data(error.to_string()))?;
                    run.push(self, SubjectKind::Account, None, text)?;
                }
            }
            batch.clear();
            Ok(())
        };
        let mut rows = 0;
        let read = file.each_row(&mut |row| {
            batch.push(row.clone());
            rows += 1;
            if batch.len() == BATCH {
                fault = take(&mut batch, stage).err();
            }
            let stop = rows % ROWS_A_WORD == 0
                && watch(Progress { stage: "核对", done: u64::from(rows), total: 0 }).is_break();
            if stop {
                fault.get_or_insert_with(stopped);
            }
            if fault.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if let Err(bad) = read {
            return Ok(Err(bad));
        }
        if fault.is_none() {
            fault = take(&mut batch, stage).err();
        }
        if let Some(refusal) = fault {
            if let Some(run) = run {
                run.pause(self)?;
            }
            return Err(refusal);
        }
        let mut totals = judge.finish();
        totals.notes.extend(unpriced.into_notes());
        stage.rows = totals.rows.into();
        Ok(Ok(totals))
    }

    fn judge_batch(
        &self,
        judge: &mut CustomerJudge<'_>,
        batch: &[Row],
        stage: &mut Stage,
    ) -> Result<Vec<CustomerRow>, Refusal> {
        let tx = self.look()?;
        let on_file = OneByOne::new(&tx)?;
        let mut good = Vec::with_capacity(batch.len());
        for row in batch {
            match judge.judge(row, &on_file) {
                CustomerVerdict::Accepted(customer) => {
                    good.push(*customer);
                    judge.flagged().iter().for_each(|defect| stage.defects.push(defect));
                }
                CustomerVerdict::Defect(defect) => stage.defects.push(&defect),
                CustomerVerdict::Total => {}
            }
        }
        on_file.finish()?;
        stage.defects.check()?;
        Ok(good)
    }
}

/// Makes account files of rows. Late-fee terms of opening arrears are looked up once for each class and month.
pub struct Opener {
    prices: Arc<PriceBook>,
    terms: BTreeMap<(String, NaiveDate), (String, NaiveDate)>,
}

impl Opener {
    /// With the price book as loaded.
    pub fn new(prices: Arc<PriceBook>) -> Self {
        Self { prices, terms: BTreeMap::new() }
    }

    /// The body of `account.open` for a good row.
    pub fn opened(&mut self, keys: &Keys, row: &CustomerRow) -> Result<AccountOpened, Refusal> {
        let mut body = opened(keys, row)?;
        for arrear in &row.arrears {
            let dated = end_of_month(arrear.period);
            let (tariff, due) = self.late_terms(&body, row, dated);
            let cycle = format!("{:04}-{:02}", arrear.period.year(), arrear.period.month());
            body.arrears.push(Arrear { cycle, amount: arrear.amount, dated, due, tariff });
        }
        body.settle();
        Ok(body)
    }

    /// The tariff whose late fee counts for what was owed on a day, and the last day without it. Without a price both stay open:
    /// no tariff, due on its date.
    fn late_terms(&mut self, body: &AccountOpened, row: &CustomerRow, dated: NaiveDate) -> (String, NaiveDate) {
        let mix = body.mix.as_deref().unwrap_or_default();
        let group = body.discount.as_deref().unwrap_or_default();
        let key = (format!("{}/{}/{mix}/{group}", body.utility, body.class), dated);
        if let Some(known) = self.terms.get(&key) {
            return known.clone();
        }
        let pricing = Pricing {
            utility: row.utility,
            class: &body.class,
            confirmed: true,
            mix: body.mix.as_deref(),
            discount: body.discount.as_deref(),
            opened: body.opened,
        };
        let shares = pricing::shares(&self.prices, &pricing, dated).unwrap_or_default();
        let code = pricing::leading(&shares).map(|share| share.code.clone());
        let found = code.and_then(|code| due_of(&self.prices, &code, dated).ok().map(|due| (code, due)));
        let found = found.unwrap_or((String::new(), dated));
        self.terms.insert(key, found.clone());
        found
    }
}

fn end_of_month(period: NaiveDate) -> NaiveDate {
    let first = period.with_day(1).unwrap_or(period);
    first.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt()).unwrap_or(period)
}

/// The file of a good row, without its arrears.
fn opened(keys: &Keys, row: &CustomerRow) -> Result<AccountOpened, Refusal> {
    let certificate = row.id_number.as_deref().map(certificate::kind_of);
    let id_number = match (&row.id_number, certificate) {
        (Some(number), Some(kind)) if kind.is_person() => Some(keys.seal("resident_id", number)?.to_text()),
        (number, _) => number.clone(),
    };
    let bank_card =
        row.bank.as_ref().map(|bank| keys.seal("bank_card", &bank.card_number)).transpose()?.map(|seal| seal.to_text());
    let usual = if row.user_type.as_deref() == Some(IC_CARD) { method::TOP_UP } else { method::CASH };
    let mix: Vec<(&str, _)> = row.mix.iter().map(|(class, ratio)| (class.as_str(), *ratio)).collect();
    Ok(AccountOpened {
        no: row.account.clone(),
        utility: row.utility.code().into(),
        name: row.name.clone(),
        id_kind: certificate.map(|kind| kind.code().into()),
        id_number,
        phone: row.landline.clone(),
        mobile: row.mobile.clone(),
        sms: row.sms.as_ref().map(|sms| sms.number.clone()),
        sms_carrier: row.sms.as_ref().map(|sms| sms.carrier.clone()),
        estate: row.estate.clone().unwrap_or_default(),
        address: row.address.clone(),
        area: row.form.map(|(area, _)| if area == route::Area::Old { "old" } else { "new" }.into()),
        building_kind: row.form.map(|(_, kind)| if kind == route::Kind::Multi { "multi" } else { "high" }.into()),
        building: row.parts.map(|parts| parts.building.to_string()).unwrap_or_default(),
        unit: row.parts.map(|parts| parts.unit.to_string()).unwrap_or_default(),
        room: row.parts.map(|parts| parts.room.to_string()).unwrap_or_default(),
        book: row.parts.map(|parts| format!("{:04}", parts.book)).unwrap_or_default(),
        route: row.route.clone().unwrap_or_default(),
        read_way: row.read_by.map(|way| way.code()).unwrap_or("card").into(),
        class: row.class.clone(),
        class_confirmed: true,
        mix: (!mix.is_empty()).then(|| classes::mix_text(&mix)),
        people: row.people.map(i64::from),
        discount: row.discount.clone(),
        user_kind: row.user_kind.clone(),
        user_type: row.user_type.clone(),
        method: row.method.clone().unwrap_or_else(|| usual.into()),
        bank_name: row.bank.as_ref().map(|bank| bank.bank.clone()),
        bank_holder: row.bank.as_ref().map(|bank| bank.holder.clone()),
        bank_card,
        agreement: row.agreement.clone(),
        connection: row.connection.clone(),
        connected: row.applied,
        invoiced: row.invoiced,
        supplied: row.supplied,
        opened: row.opened,
        status: status_of(row.standing).into(),
        recent: row.volumes.iter().map(u32::to_string).collect::<Vec<_>>().join(";"),
        remark: row.remark.clone().unwrap_or_default(),
        extra: extra_of(row)?,
        meter: meter_of(row),
        last_reading: last_of(row),
        prepaid: row.balance,
        print: Some(hex(row.print())),
        ..AccountOpened::default()
    })
}

fn status_of(standing: Standing) -> &'static str {
    match standing {
        Standing::Normal => "正常",
        Standing::Suspended => "报停",
        Standing::Closed => "销户",
    }
}

fn meter_of(row: &CustomerRow) -> Option<MeterFacts> {
    let meter = row.meter.as_ref()?;
    Some(MeterFacts {
        no: meter.number.clone(),
        maker: meter.maker.clone().unwrap_or_default(),
        model: meter.model.clone().unwrap_or_default(),
        calibre: meter.calibre.map(|calibre| calibre.to_string()).unwrap_or_default(),
        dial: meter.dial_digits.map_or(0, i64::from),
        direction: meter.direction.clone().unwrap_or_default(),
        fitted: meter.fitted,
        first: meter.base.unwrap_or(Milli::ZERO),
        state: row.meter_state.code().into(),
        seal: String::new(),
    })
}

/// A reading without a day is taken as of the day the meter was fitted, supplied or opened; 2002-01-01 is the papers' word for
/// an unknown date.
fn last_of(row: &CustomerRow) -> Option<LastReading> {
    let last = row.last?;
    let fitted = row.meter.as_ref().and_then(|meter| meter.fitted);
    let day = last.date.or(row.supplied).or(fitted).or(row.opened).or(NaiveDate::from_ymd_opt(2002, 1, 1))?;
    Some(LastReading { day, value: last.value, registers: Vec::new() })
}

/// Further facts, texts under their names.
fn extra_of(row: &CustomerRow) -> Result<String, Refusal> {
    let mut facts = BTreeMap::new();
    if let Some(cooker) = &row.cooker {
        facts.insert("cooker", cooker.clone());
    }
    if let Some(guard) = row.flame_guard {
        facts.insert("flame_guard", if guard { "有" } else { "无" }.to_owned());
    }
    if let Some(settles) = row.prepaid_settles {
        facts.insert("prepaid_settles", settles.to_string());
    }
    if let Some(bought) = row.bought {
        facts.insert("bought", bought.to_string());
    }
    if facts.is_empty() {
        return Ok(String::new());
    }
    serde_json::to_string(&facts).map_err(|error| Refusal::data(error.to_string()))
}
