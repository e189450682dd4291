//! The screens, one file each. This file is the map of how one leads to another: a screen opens another through a function
//! here, so that no screen needs to know how another is made.

use super::app::App;
use super::keymap::Command;
use super::screen::Reply;
use crate::desk::view_transfer;

pub mod account_open;
pub mod adjust;
pub mod adjust_picture;
pub mod amend;
pub mod approvals;
pub mod bills;
pub mod callback;
pub mod cards;
pub mod customer;
pub mod dispatch;
pub mod doubt;
mod drawer;
pub mod exceptions;
pub mod exchange;
mod exchange_job;
pub mod explain;
pub mod fee;
pub mod file_form;
pub mod fixes;
pub mod home;
pub mod import;
mod import_job;
pub mod intake;
mod intake_form;
pub mod login;
pub mod menu;
pub mod method;
mod mistakes;
mod mistyped;
mod of_form;
pub mod order;
pub mod order_return;
pub mod own_password;
pub mod pay;
mod queue;
pub mod reading;
pub mod receipt;
pub mod reports;
mod reversal;
pub mod shift;
mod shift_close;
mod shift_float;
pub mod sign;
pub mod swap;
pub mod text;
mod till_reading;
pub mod transfer;
pub mod users;
pub mod workers;

/// Every screen by the name of its file. `tests/gallery` takes three pictures of each (empty, fullest, in error) at both sizes,
/// and fails for one that is not in this list or has no picture.
pub const ALL: &[&str] = &[
    "account_open",
    "adjust",
    "amend",
    "approvals",
    "bills",
    "callback",
    "cards",
    "customer",
    "dispatch",
    "doubt",
    "exceptions",
    "exchange",
    "explain",
    "fee",
    "fixes",
    "home",
    "import",
    "intake",
    "login",
    "menu",
    "method",
    "order",
    "order_return",
    "own_password",
    "pay",
    "reading",
    "receipt",
    "reports",
    "shift",
    "sign",
    "swap",
    "text",
    "till_reading",
    "transfer",
    "users",
    "workers",
];

/// The rooms of the menu, in the order of a day.
pub const ROOMS: &[menu::Room] = &[
    menu::Room { name: "查找", note: "户、表、电话、地址、单号", open: |_| Reply::home() },
    menu::Room {
        name: "受理", note: "没有户号的业务：街上漏水、咨询、投诉", open: |app| intake(app, None)
    },
    menu::Room { name: "开户", note: "建一户新档案", open: account_open },
    menu::Room { name: "派工台", note: "待派、在途、待回访的工单", open: dispatch },
    menu::Room { name: "师傅", note: "登记师傅，班组和区域", open: workers },
    menu::Room { name: "班次", note: "开班、存入、交班、冲正、重印", open: shift },
    menu::Room {
        name: "收费单", note: "按单号查收费、押金：重印、冲正、退押金", open: |app| receipt(app, "")
    },
    menu::Room { name: "班次签字", note: "出纳、会计依次核对交班的班次并签字", open: sign },
    menu::Room {
        name: "更改缴费方式",
        note: "录错的缴费方式，信息中心凭批准的申请更改",
        open: |app| method(app, None),
    },
    menu::Room { name: "特殊处理审批", note: "待我审核的申请", open: approvals },
    menu::Room { name: "报表", note: "日收银报表、欠费清单、特殊处理汇总单等", open: reports },
    menu::Room { name: "服务费", note: "过户费、补卡费等", open: fee },
    menu::Room { name: "卡片录入", note: "按册录入抄表卡片，两人各录一遍", open: cards },
    menu::Room { name: "水表拆换", note: "录入拆换单、退回无户号的单", open: |app| swap(app, None) },
    menu::Room { name: "疑问", note: "两边对不上的凭单，指派、裁定", open: exceptions },
    menu::Room { name: "交换", note: "导出、收进交换包，总部确认到哪里", open: exchange },
    menu::Room { name: "用户", note: "用户、岗位、重置密码", open: users },
    menu::Room { name: "改密码", note: "改自己的密码", open: own_password },
    menu::Room { name: "出账", note: "按账期出账、放行挂起的账单", open: bills },
    menu::Room { name: "导入", note: "用户档案、价目、抄表、拆换单、日历", open: import },
    menu::Room { name: "待改清单", note: "导入时没有收下的行", open: |app| fixes(app, None) },
];

/// Commands that work everywhere and that no screen took.
pub fn everywhere(command: Command, app: &mut App) -> Reply<App> {
    match command {
        Command::Find => Reply::home(),
        Command::Menu => Reply::push(menu::Menu::new()),
        Command::GoExchange if app.desk.session().is_some() => exchange(app),
        Command::OwnPassword if app.desk.session().is_some() => own_password(app),
        _ => Reply::unused(),
    }
}

/// Opens an account's file (一户一档).
pub fn customer(app: &mut App, account: crate::rules::id::Id) -> Reply<App> {
    opened(customer::Customer::new(app, account))
}

/// Opens an account's file in place of the screen that is open.
pub fn customer_instead(app: &mut App, account: crate::rules::id::Id) -> Reply<App> {
    match customer::Customer::new(app, account) {
        Ok(screen) => Reply::replace(screen),
        Err(_) => Reply::pop(),
    }
}

/// Opens a new customer file (开户).
pub fn account_open(app: &mut App) -> Reply<App> {
    opened(account_open::AccountOpen::new(app))
}

/// Opens a field of an account's file to be changed; one that amounts are worked out from leads to special handling.
pub fn amend(app: &mut App, account: crate::rules::id::Id, field: &str) -> Reply<App> {
    use crate::rules::customer;
    let known = customer::field(field);
    if let Some(known) = known.filter(|known| known.moves_money() || known.unit == customer::CLASS) {
        let said = format!("{}影响应收金额，要经三人：填好改后的内容和凭据，F2 提交申请", known.label);
        return match adjust::Adjust::for_field(app, account, known.key) {
            Ok(screen) => Reply::push(screen).and_say(said),
            Err(refusal) => Reply::refuse(refusal.message()),
        };
    }
    opened(amend::Amend::new(app, account, field))
}

/// Opens payment for an account.
pub fn pay(app: &mut App, account: crate::rules::id::Id) -> Reply<App> {
    opened(pay::Pay::new(app, account))
}

/// Opens the shift: open, pay in, close.
pub fn shift(app: &mut App) -> Reply<App> {
    match shift::Shift::new(app) {
        Ok(screen) => Reply::push(screen),
        Err(refusal) => Reply::refuse(refusal.message()),
    }
}

/// Opens a receipt by its number, or asks for the number.
pub fn receipt(app: &mut App, text: &str) -> Reply<App> {
    opened(receipt::Receipt::new(app, text))
}

/// Opens the signing of closed shifts.
pub fn sign(app: &mut App) -> Reply<App> {
    opened(sign::Sign::new(app))
}

/// Opens the change of a wrongly recorded payment method, on the last receipt of an account or on an empty form.
pub fn method(app: &mut App, account: Option<crate::rules::id::Id>) -> Reply<App> {
    match account {
        Some(account) => opened(method::Method::of(app, account)),
        None => Reply::push(method::Method::new(app)),
    }
}

/// Opens the reports.
pub fn reports(app: &mut App) -> Reply<App> {
    Reply::push(reports::Reports::new(app))
}

/// Opens the taking of a service fee.
pub fn fee(app: &mut App) -> Reply<App> {
    Reply::push(fee::Fee::new(app))
}

/// Opens the keying of reading cards.
pub fn cards(app: &mut App) -> Reply<App> {
    match cards::Cards::new(app) {
        Ok(screen) => Reply::push(screen),
        Err(refusal) => Reply::refuse(refusal.message()),
    }
}

/// Opens the reading keyed at the till, over the payment of an account that owes so much.
pub fn till_reading(app: &mut App, account: crate::rules::id::Id, owed: crate::rules::money::Fen) -> Reply<App> {
    opened(till_reading::TillReading::new(app, account, owed))
}

/// Opens a new reading of an account, with its value if it was typed already.
pub fn reading(app: &mut App, account: crate::rules::id::Id, value: &str) -> Reply<App> {
    opened(reading::Reading::new(app, account, value))
}

/// Opens a reading on file to be put right.
pub fn reading_correct(app: &mut App, account: crate::rules::id::Id, reading: crate::rules::id::Id) -> Reply<App> {
    opened(reading::Reading::correct(app, account, reading))
}

/// Opens the entry of swap slips, on one by its number or on an empty form.
pub fn swap(app: &mut App, slip: Option<&str>) -> Reply<App> {
    match swap::Swap::new(app, slip) {
        Ok(screen) => Reply::push(screen),
        Err(refusal) => Reply::refuse(refusal.message()),
    }
}

/// Opens the bills of a cycle.
pub fn bills(app: &mut App) -> Reply<App> {
    match bills::Bills::new(app) {
        Ok(screen) => Reply::push(screen),
        Err(refusal) => Reply::refuse(refusal.message()),
    }
}

/// Shows how an amount came about (F8).
pub fn explain(title: &str, lines: Vec<String>) -> Reply<App> {
    Reply::push(explain::Explain::new(title, lines))
}

/// Opens intake, for an account or for somebody without one.
pub fn intake(app: &mut App, account: Option<crate::rules::id::Id>) -> Reply<App> {
    match intake::Intake::new(app, account) {
        Ok(screen) => {
            let left = screen.ask_left(app);
            Reply::push(screen).and(left)
        }
        Err(refusal) => Reply::refuse(refusal.message()),
    }
}

/// Goes on with the transfer that an account has open; without one, takes it in first.
pub fn transfer(app: &mut App, account: crate::rules::id::Id) -> Reply<App> {
    match view_transfer::waiting(&app.desk, account) {
        Ok(Some(case)) => opened(transfer::Transfer::new(app, account, case)),
        Ok(None) => opened(intake::Intake::of(app, account, "transfer")).and_say("先受理过户：验看要件，登记新户主"),
        Err(refusal) => Reply::refuse(refusal.message()),
    }
}

/// A screen for each charge a case owes, filled in, the first on top, for a person who takes money.
pub fn charges_of(app: &mut App, order: crate::rules::id::Id) -> Reply<App> {
    fees(app, view_transfer::charges(&app.desk, order))
}

/// The same after a deed, which is done: nothing is said where nothing is owed, or where another takes it.
pub fn charges_after(app: &mut App, order: crate::rules::id::Id) -> Reply<App> {
    let may = app.desk.rights().ok();
    let is_mine = |deposit: bool| may.as_ref().is_some_and(|rights| rights.allow(taken_by(deposit)));
    match view_transfer::charges(&app.desk, order) {
        Ok(charges) if !charges.iter().any(|charge| is_mine(charge.deposit)) => Reply::done(),
        Ok(_) | Err(_) => charges_of(app, order),
    }
}

fn taken_by(deposit: bool) -> &'static str {
    if deposit { "deposit.take" } else { "fee.take" }
}

/// The same for all an account owes for businesses.
pub fn charges_of_account(app: &mut App, account: crate::rules::id::Id) -> Reply<App> {
    fees(app, view_transfer::account_charges(&app.desk, account))
}

fn fees(
    app: &mut App,
    charges: Result<Vec<crate::store::tables::order::ChargeRow>, crate::desk::refusal::Refusal>,
) -> Reply<App> {
    let charges = match charges {
        Ok(charges) => charges,
        Err(refusal) => return Reply::refuse(refusal.message()),
    };
    if charges.is_empty() {
        return Reply::refuse("没有欠业务费，也没有待收的押金");
    }
    let (mut reply, mut is_mine) = (Reply::done(), false);
    for charge in charges.iter().rev() {
        match app.desk.rights() {
            Ok(rights) if rights.allow(taken_by(charge.deposit)) => {
                reply = reply.and(Reply::push(fee::Fee::of(app, charge)));
                is_mine = true;
            }
            Ok(_) => {}
            Err(error) => return Reply::refuse(error.to_string()),
        }
    }
    if is_mine { reply } else { Reply::refuse("您的岗位不收业务费，请由营业员收") }
}

/// Opens the import of a file.
pub fn import(app: &mut App) -> Reply<App> {
    Reply::push(import::Import::new(app))
}

/// Opens the fix list, of one file or of all.
pub fn fixes(app: &mut App, file: Option<crate::rules::id::Id>) -> Reply<App> {
    opened(fixes::Fixes::new(app, file))
}

/// Opens the dispatch desk.
pub fn dispatch(app: &mut App) -> Reply<App> {
    Reply::push(dispatch::Dispatch::new(app))
}

/// Opens an order.
pub fn order(app: &mut App, order: crate::rules::id::Id) -> Reply<App> {
    opened(order::OrderScreen::new(app, order))
}

/// Opens the return slip of an order.
pub fn order_return(app: &mut App, order: crate::rules::id::Id) -> Reply<App> {
    opened(order_return::OrderReturn::new(app, order))
}

/// Opens the callback of an order.
pub fn callback(app: &mut App, order: crate::rules::id::Id) -> Reply<App> {
    opened(callback::Callback::new(app, order))
}

/// Opens the answer to a complaint or question.
pub fn answer(app: &mut App, order: crate::rules::id::Id) -> Reply<App> {
    opened(callback::Callback::answer(app, order))
}

/// Opens the register of workers.
pub fn workers(app: &mut App) -> Reply<App> {
    Reply::push(workers::Workers::new(app))
}

/// Shows a paper where no printer is set up.
pub fn text(title: &str, text: &str) -> Reply<App> {
    Reply::push(text::Text::new(title, text))
}

fn opened(screen: Result<impl super::screen::Screen<App> + 'static, crate::desk::refusal::Refusal>) -> Reply<App> {
    match screen {
        Ok(screen) => Reply::push(screen),
        Err(refusal) => Reply::refuse(refusal.message()),
    }
}

/// A name for a field whose key stands in a catalogue file. Each word is kept once for the life of the program.
pub fn interned(word: &str) -> &'static str {
    static WORDS: std::sync::Mutex<std::collections::BTreeSet<&'static str>> =
        std::sync::Mutex::new(std::collections::BTreeSet::new());
    let mut words = WORDS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(known) = words.get(word) {
        return known;
    }
    let kept: &'static str = Box::leak(word.to_owned().into_boxed_str());
    words.insert(kept);
    kept
}

/// Opens special handling for an account.
pub fn adjust(app: &mut App, account: crate::rules::id::Id) -> Reply<App> {
    match adjust::Adjust::new(app, account) {
        Ok(screen) => Reply::push(screen),
        Err(refusal) => Reply::refuse(refusal.message()),
    }
}

/// Opens the exceptions.
pub fn exceptions(app: &mut App) -> Reply<App> {
    match exceptions::Exceptions::new(app) {
        Ok(screen) => Reply::push(screen),
        Err(refusal) => Reply::refuse(refusal.message()),
    }
}

/// Opens the exchange of bundles.
pub fn exchange(app: &mut App) -> Reply<App> {
    opened(exchange::Exchange::new(app))
}

/// Opens the users and their posts.
pub fn users(app: &mut App) -> Reply<App> {
    match users::Users::new(app) {
        Ok(screen) => Reply::push(screen),
        Err(refusal) => Reply::refuse(refusal.message()),
    }
}

/// Opens the change of one's own password.
pub fn own_password(app: &mut App) -> Reply<App> {
    Reply::push(own_password::OwnPassword::new(app))
}

/// Opens the approvals of special handling.
pub fn approvals(app: &mut App) -> Reply<App> {
    match approvals::Approvals::new(app) {
        Ok(screen) => Reply::push(screen),
        Err(refusal) => Reply::refuse(refusal.message()),
    }
}

/// Opens a request of special handling: among the approvals while it is on its way, then in its account's file.
fn request(app: &mut App, request: &crate::store::tables::adjust::RequestRow) -> Reply<App> {
    match approvals::Approvals::at(app, request.id) {
        Ok(Some(screen)) => Reply::push(screen),
        Ok(None) => customer(app, request.account),
        Err(refusal) => Reply::refuse(refusal.message()),
    }
}

/// Opens what the number of a swap slip, a case, payment or request put by, an order or a request names.
pub fn named(app: &mut App, text: &str) -> Option<Reply<App>> {
    if let Ok(Some(slip)) = crate::desk::view_swap::slip(&app.desk, &text.trim().to_uppercase()) {
        return Some(swap(app, Some(&slip.no)));
    }
    let queue = crate::desk::intake_park::queue_form(text);
    if !queue.is_empty() && app.desk.look().ok()?.parked_of_queue(&queue).is_ok_and(|parked| !parked.is_empty()) {
        return Some(opened(intake::Intake::taken_up(app, &queue)));
    }
    if let Some(one) = queue::named(app, &queue) {
        return Some(one.opens.open(app, one.account));
    }
    if let Some(entry) = crate::desk::view_receipt::named(&app.desk, text) {
        return Some(receipt(app, &entry.to_string()));
    }
    let id = queue.parse::<crate::rules::id::Id>().ok()?;
    let (is_order, asked) = {
        let tx = app.desk.look().ok()?;
        (tx.order(id).ok()?.is_some(), tx.request(id).ok()?)
    };
    match asked {
        Some(row) => Some(request(app, &row)),
        None => is_order.then(|| order(app, id)),
    }
}
