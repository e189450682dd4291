//! `slip`: a 核对单 again, marked 重印, an order's 派工单, or all 派工单 of a date, for who may print them; `printer`: where
//! slips go.

use chrono::NaiveDate;
use clap::Args;

use super::common::{CliError, Context};
use crate::desk::refusal::Refusal;
use crate::desk::till::find;
use crate::desk::{Desk, plain_text, rights};
use crate::outbound::check_slip::Slip;
use crate::outbound::{check_slip, dispatch_slip, printer};
use crate::rules::id::Id;
use crate::store::Tx;

/// Arguments of `slip`.
#[derive(Args)]
pub struct SlipArgs {
    /// 核对单号、手开单号、凭单号、工单号，或日期 (当天派出的全部派工单)
    number: String,
    /// 送到打印机，而不是屏幕
    #[arg(long)]
    print: bool,
}

/// Arguments of `printer`.
#[derive(Args)]
pub struct PrinterArgs {
    /// off、lp、lp:打印机名 或 file:文件夹；不给则显示现在的设置
    target: Option<String>,
}

/// Shows or prints a slip again.
pub fn run(context: &Context, args: &SlipArgs) -> Result<u8, CliError> {
    let mut desk = context.open()?;
    // Whoever may print 派工单 need not be one who sees receipts.
    match &context.as_user {
        None if desk.is_practice() => {}
        None => return Err(context.nobody().into()),
        Some(_) => context.sit_down(&mut desk)?,
    }
    if let Some(which) = dispatched(&desk, &args.number)? {
        if desk.session().is_none() {
            context.sit_down(&mut desk)?;
        }
        let slip = match which {
            Dispatched::On(day) => dispatch_slip::print_day(&desk, day)?,
            Dispatched::Order(order) => dispatch_slip::print_orders(&desk, &[order], &order.to_string())?,
        };
        return give(&desk.look()?, &slip, args.print);
    }
    if desk.session().is_some() {
        desk.may(rights::SLIP)?;
    }
    let tx = desk.look()?;
    let entry = match find::movement(&tx, &args.number)? {
        Some(row) => row.id,
        None => args.number.parse::<Id>().map_err(|_| Refusal::missing("number", "核对单", &args.number))?,
    };
    let slip = check_slip::slip(&tx, entry, true)?;
    let slip = slip.ok_or_else(|| Refusal::missing("number", "核对单", &args.number))?;
    if args.print {
        match printer::print(&tx, entry, true) {
            Ok(Some(place)) => println!("已送到 {place}"),
            Ok(None) => return Err(CliError::usage("还没有设置打印机，请用 printer lp 或 printer file:文件夹")),
            Err(error) => return Err(Refusal::data(error.to_string()).into()),
        }
    } else {
        print!("{}", slip.text);
    }
    Ok(0)
}

/// Which 派工单 are meant.
enum Dispatched {
    /// All handed out on a day.
    On(NaiveDate),
    /// That of one order.
    Order(Id),
}

/// The 派工单 that a number means: a date's or an order's; none when it names a 核对单.
fn dispatched(desk: &Desk, number: &str) -> Result<Option<Dispatched>, CliError> {
    if let Ok(day) = number.trim().parse::<NaiveDate>() {
        return Ok(Some(Dispatched::On(day)));
    }
    let Ok(id) = number.trim().parse::<Id>() else { return Ok(None) };
    let order = desk.look()?.order(id)?.filter(|order| order.life.is_some());
    Ok(order.map(|order| Dispatched::Order(order.id)))
}

/// Shows a slip made already, or prints it.
fn give(tx: &Tx<'_>, slip: &Slip, print: bool) -> Result<u8, CliError> {
    if !print {
        print!("{}", slip.text);
        return Ok(0);
    }
    match printer::print_made(tx, slip) {
        Ok(Some(place)) => println!("已送到 {place}"),
        Ok(None) => return Err(CliError::usage("还没有设置打印机，请用 printer lp 或 printer file:文件夹")),
        Err(error) => return Err(Refusal::data(error.to_string()).into()),
    }
    Ok(0)
}

/// Shows or sets where slips go.
pub fn printer(context: &Context, args: &PrinterArgs) -> Result<u8, CliError> {
    let mut desk = context.open_to(rights::PRINTER)?;
    if let Some(text) = &args.target {
        plain_text::require_one("打印去处", text, desk.today())?;
        let target = printer::Target::parse(text)
            .ok_or_else(|| CliError::usage("打印去处应为 off、lp、lp:打印机名 或 file:文件夹"))?;
        let tx = desk.db_mut().write()?;
        target.keep(&tx)?;
        tx.commit()?;
    }
    println!("{}", printer::Target::of(&desk.look()?)?.text());
    Ok(0)
}
