//! The one key table. The bottom line, F1, the palette and the README's key list are all made from it.
//!
//! A screen names the commands that work now ([`crate::tui::screen::Screen::keys`]); the stack finds the command of a
//! pressed key among them. To add a key: one line in the table below. On one place a key means one thing; a test says so.

use super::key::{Code, Key};

/// The places of the key table: screens by the name a person knows them by, and what lies over them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Works on every screen.
    Any,
    /// Login and lock.
    Login,
    /// Home with the one search box.
    Home,
    /// 一户一档.
    Customer,
    /// Intake of a business.
    Intake,
    /// Payment.
    Pay,
    /// Shift: open, deposit, close.
    Shift,
    /// One receipt, whoever took it.
    Receipt,
    /// Signing of closed shifts.
    Sign,
    /// A wrongly recorded payment method.
    Method,
    /// Dispatch desk.
    Dispatch,
    /// Return slip.
    Return,
    /// Callback.
    Callback,
    /// Meter swap slip.
    Swap,
    /// Special handling.
    Adjust,
    /// Approvals of special handling.
    Approve,
    /// Bills and bill run.
    Bills,
    /// Reading cards, second keying.
    Cards,
    /// Readings of an account or a book.
    Readings,
    /// Import with progress.
    Import,
    /// The fix list of an import.
    Fixes,
    /// Bundles out and in.
    Exchange,
    /// Exceptions.
    Exceptions,
    /// Users and rights.
    Users,
    /// Reports.
    Reports,
    /// A popup that asks.
    Ask,
    /// The toolkit's own gallery, in tests.
    Gallery,
}

impl Place {
    /// The name on the screen and in the key list.
    pub fn name(self) -> &'static str {
        match self {
            Place::Any => "各屏",
            Place::Login => "登录",
            Place::Home => "首页",
            Place::Customer => "一户一档",
            Place::Intake => "受理",
            Place::Pay => "收费",
            Place::Shift => "班次",
            Place::Receipt => "收费单",
            Place::Sign => "班次签字",
            Place::Method => "更改缴费方式",
            Place::Dispatch => "派工台",
            Place::Return => "回执",
            Place::Callback => "回访",
            Place::Swap => "拆换单",
            Place::Adjust => "特殊处理",
            Place::Approve => "审批",
            Place::Bills => "账单",
            Place::Cards => "卡片录入",
            Place::Readings => "抄表",
            Place::Import => "导入",
            Place::Fixes => "待改清单",
            Place::Exchange => "交换",
            Place::Exceptions => "疑问",
            Place::Users => "用户",
            Place::Reports => "报表",
            Place::Ask => "询问",
            Place::Gallery => "样张",
        }
    }
}

/// One line of the key table.
#[derive(Debug)]
pub struct Binding {
    /// The command.
    pub command: Command,
    /// Its name for programs: `payment.take`.
    pub id: &'static str,
    /// Its key; `None`: in the palette only.
    pub key: Option<Key>,
    /// Its name on the bottom line: two to four characters.
    pub name: &'static str,
    /// One sentence: what it does.
    pub help: &'static str,
    /// Where it may stand.
    pub places: &'static [Place],
}

macro_rules! key_table {
    ($($command:ident $id:literal $key:expr, $name:literal, [$($place:ident)*], $help:literal;)*) => {
        /// Everything a key or the palette can ask for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Command {
            $(#[doc = $help] $command,)*
        }

        /// The table itself, in the order of the key list.
        pub static TABLE: &[Binding] = &[
            $(Binding { command: Command::$command, id: $id, key: $key, name: $name, help: $help,
                        places: &[$(Place::$place),*] },)*
        ];
    };
}

const fn f(n: u8) -> Option<Key> {
    Some(Key::f(n))
}

const fn ctrl(c: char) -> Option<Key> {
    Some(Key::ctrl(c))
}

const SPACE: Option<Key> = Some(Key::char(' '));
const TAB: Option<Key> = Some(Key::plain(Code::Tab));
const ENTER: Option<Key> = Some(Key::plain(Code::Enter));

key_table! {
    Help      "help"           f(1),      "帮助", [Any], "看这一屏的按键和说明";
    Find      "find"           f(3),      "查找", [Any], "回到查找框，找户、表、电话、地址、单号";
    Menu      "menu"           f(10),     "菜单", [Any], "打开全部功能的菜单";
    Lock      "lock"           f(12),     "锁屏", [Any], "锁住屏幕，输入密码后接着做";
    Palette   "palette"        ctrl('p'), "命令", [Any], "按汉字或拼音首字母找命令";
    Quit      "quit"           ctrl('q'), "退出", [Any], "退出程序，填了一半的单子会留着";

    Open      "open"           ENTER,     "打开", [Dispatch Home Customer Receipt Bills Readings Exceptions Approve Fixes Reports Users], "打开选中的一行";
    Confirm   "confirm"        ENTER,     "确定", [Ask], "确定";
    ConfirmF2 "confirm.f2"     f(2),      "确定", [Ask], "看清之后，确定要做";
    Save      "save"           f(2),      "保存", [Customer Readings Users Method Gallery], "保存这张单子";
    TakePayment "payment.take" f(2),      "收款", [Pay], "按屏上所示收款";
    TakeIn    "intake.take"    f(2),      "受理", [Intake], "按屏上所示受理这项业务";
    Submit    "adjust.submit"  f(2),      "提交", [Adjust], "按改后的样子提交申请";
    Post      "post"           f(2),      "入账", [Swap Return Callback Cards], "按屏上所示入账";
    Resolve   "exception.resolve" f(2),   "裁定", [Exceptions], "写明怎么处理和理由，关掉这个疑问";
    Decide    "approve.yes"    f(2),      "通过", [Approve], "同意这份申请";
    Dispatch  "order.dispatch" f(2),      "派",   [Dispatch], "把选中的工单派给师傅";
    RunBills  "bill.run"       f(2),      "出账", [Bills], "给这个账期的抄表出账";
    RunImport "import.run"     f(2),      "导入", [Import], "把好的行收进来，其余留在待改清单";
    BundlesOut "exchange.out" f(2),       "导出", [Exchange], "把待送的凭单写成交换包，读回核对后可以取盘";
    AcceptFix "import.confirm"   f(2),      "确认", [Fixes], "核实过了，照原样收下选中的行";
    DoShift   "shift.do"       f(2),      "办理", [Shift], "按屏上所示开班或存入";
    CloseShift "shift.close"   f(8),      "交班", [Shift], "清点现金，交班";
    CloseOther "shift.close.another" f(5), "代交班", [Shift], "清点并交别人忘了交的班，原因必填";
    AddFloat  "shift.float_add" f(9),     "备用金", [Shift], "把备用金加进钱箱";
    SignShift "shift.confirm"  f(2),      "签字", [Sign], "照单据核对这一班，出纳先签，会计后签";
    Run       "report.run"     f(2),      "出表", [Reports], "出这张报表";

    Pick      "pick"           f(4),      "选单", [Customer Intake Pay Adjust Swap Return Callback Cards Readings Import Users Reports Fixes Exceptions Exchange Method Gallery], "从清单里选这一格";
    Worker    "order.worker"   f(4),      "师傅", [Dispatch], "选派工的师傅";

    GoPay     "go.pay"         f(5),      "收费", [Home Customer], "给这一户收费";
    Explained "import.explained" f(5),    "换表说明", [Fixes], "换表已入账的低读数，一次确认";
    Return    "order.return"   f(5),      "回执", [Dispatch], "录入这张工单的回执";

    GoIntake  "go.intake"      f(6),      "受理", [Home Customer], "给这一户受理业务";
    Callback  "callback.open"  f(6),      "回访", [Dispatch], "记这张工单的回访";
    LateSlip  "payment.enter_late" f(6),   "补录", [Pay], "补录手开核对单：单号、收钱日期，另一人确认";
    Reverse   "payment.reverse" f(6),     "冲正", [Shift Receipt], "冲正选中的一笔收费、存入或备用金，原因必填";
    SendBack  "swap.send_back" f(6),      "退回", [Swap], "无户号的单退回拆换岗，原因必填";
    DropFix   "import.drop"      f(6),      "作废", [Fixes], "这一行不要了，原因必填";
    BundlesIn "exchange.in"    f(6),      "收进", [Exchange], "收进盘里给本网点的交换包";
    Reject    "approve.no"     f(6),      "不同意", [Approve], "不同意这份申请，原因必填";

    OtherPerson "login.other"  f(6),      "换人", [Login], "换一个人登录，锁屏的人填了一半的单子都留着";
    Assign    "exception.assign" f(6),    "指派", [Exceptions], "指定这个疑问由谁处理";
    Grant     "user.right"     f(6),      "岗位", [Users], "授予岗位，或从某天起收回";

    GoDispatch "go.dispatch"   f(7),      "派工台", [Home], "看待派、在途、待回访的工单";
    GoAdjust  "go.adjust"      f(7),      "特殊处理", [Customer], "申请改价、改量或减免滞纳金";
    GoFixes   "go.fixes"         f(7),      "待改清单", [Import], "看没有收下的行，改正、确认或作废";
    GoExceptions "go.exceptions" f(7),    "疑问", [Exchange], "看两边对不上的凭单";
    Waive     "payment.waive"  f(7),      "减免", [Pay], "在自己的权限里减免滞纳金";

    GiveBack  "deposit.return"  f(7),     "退押金", [Receipt], "凭收据退这笔押金，先看清退多少、从谁的钱箱退";
    ConfirmSlip "payment.confirm" f(7),   "确认", [Shift], "确认别人补录的手开单";
    ResetPassword "user.reset" f(7),      "重置密码", [Users], "给忘了密码的人设一个新的首次密码";
    CloseUser "user.close"     f(8),      "停用", [Users], "停用离开的人，做过的事留着";
    OwnPassword "user.password" None,     "改密码", [Any], "改自己的密码，先输旧密码";

    GoExchange "go.exchange"   None,      "交换", [Any], "导出、收进交换包，看总部确认到哪里";

    Explain   "explain"        f(8),      "解释", [Customer Pay Adjust Approve Bills Swap Intake Gallery], "说明这笔金额怎么算出来的";
    Park      "park"           f(9),      "挂起", [Customer Intake Pay Adjust Swap Return Gallery], "把这张单子挂在排队号下，过后接着做";
    PrintSlip "print"          ctrl('o'), "打印派工单", [Dispatch], "打印选中、刚派出或光标所在的派工单";
    PrintDay  "order.print_day" None,      "当天单", [Dispatch], "打印今天派出、还没有回执的全部派工单";
    Print     "print.this"     ctrl('o'), "打印", [Customer Intake Pay Adjust Swap Return Shift Receipt Bills Reports Fixes], "打印或导出这一屏的单子";
    Chase     "order.chase"    ctrl('e'), "催办", [Dispatch], "催办选中的工单";
    ReadHere  "reading.till"   ctrl('r'), "读数", [Pay], "没有账单时录入本次读数，出账后收费";
    GoReading "go.reading"     ctrl('r'), "抄表", [Customer], "录入这一户的读数，分时的连各时段";
    Tick      "tick"           SPACE,     "选",   [Pay Dispatch Fixes Gallery], "选上或放下这一行";
    TickAll   "tick.all"       ctrl('a'), "全选", [Dispatch], "选上这一堆里所有待派的工单，再按放下";
    Anew      "draft.anew"     ctrl('n'), "另起", [Customer Intake Pay Shift Method Return Callback Swap Adjust Readings Import Ask], "丢掉接着填的内容，从空白重填";
    Unpark    "intake.resume"  ctrl('r'), "取回", [Intake], "按排队号取回挂起的业务";
    PauseOrder "order.pause"   None,      "暂停", [Dispatch], "暂停这张工单，写明原因";
    ResumeOrder "order.resume" None,      "恢复", [Dispatch], "恢复这张暂停的工单";
    DeferOrder "order.defer"   None,      "顺延", [Dispatch], "与用户另约时间，超过承诺的由班组长录入";
    VoidOrder "order.void"     None,      "作废", [Dispatch], "作废这张工单，由营业厅主任或接听组班组长办";
    ReverseReceipt "payment.reverse.receipt" None, "冲正", [Customer], "冲正时间线上光标所在的收费，原因必填";
    FixMethod "payment.method" None,      "改缴费方式", [Customer], "更改这一户录错的缴费方式，由信息中心办";
    Transfer  "account.transfer" ctrl('t'), "过户", [Customer Dispatch], "把这一户过给新户主：没有受理的先受理";
    GoFees    "go.fees"        ctrl('f'), "业务费", [Customer Pay Dispatch], "收这一户、这件业务还欠的业务费和押金";
    Reveal    "customer.reveal" ctrl('k'), "全号", [Customer], "查看完整证件号或卡号，要写原因，记入日记账";
    NextPage  "next.page"      TAB,       "下一页", [Customer], "轮换账单、抄表、水表、工单、证件";
}

/// The keys that mean the same in every list and form and need no name of their own.
pub const COMMON: &[(&str, &str)] = &[
    ("Enter", "下一格；最后一格或清单里：确定"),
    ("Esc", "返回，填的东西不会丢"),
    ("Tab / Shift-Tab", "下一格 / 上一格"),
    ("↑ ↓", "上下移动"),
    ("PgUp PgDn Home End", "翻页、到头、到尾"),
    ("空格", "勾选"),
    ("← →", "在格内移动；选项格里换选项"),
    ("Ctrl-U", "清空这一格"),
];

impl Command {
    /// Its line in the table.
    pub fn binding(self) -> &'static Binding {
        // The enum and the table are made from the same lines, in the same order.
        &TABLE[self as usize]
    }

    /// The command of a name for programs.
    pub fn from_id(id: &str) -> Option<Self> {
        TABLE.iter().find(|b| b.id == id).map(|b| b.command)
    }

    /// Two to four characters for the bottom line.
    pub fn name(self) -> &'static str {
        self.binding().name
    }

    /// Its key.
    pub fn key(self) -> Option<Key> {
        self.binding().key
    }

    /// True for what acts, or asks before it acts: F2 everywhere, and the few deeds on other keys. After a deed nothing may be taken for
    /// granted: a screen that opens then opens by itself, and keys typed before it was seen mean nothing (see [`super::keylock`]).
    pub fn is_deed(self) -> bool {
        self.key() == f(2)
            || matches!(self, Command::BundlesIn | Command::Chase | Command::ResumeOrder | Command::Explained)
    }

    /// True when it may stand in this place.
    pub fn belongs_to(self, place: Place) -> bool {
        self.binding().places.iter().any(|p| *p == place || *p == Place::Any)
    }
}

/// The command a key means among those that work now; those of every place come last.
pub fn meaning(key: Key, now: &[Command]) -> Option<Command> {
    let bound = |command: &Command| command.key() == Some(key);
    now.iter().copied().find(bound).or_else(|| everywhere().find(bound))
}

/// The commands that work in every place.
pub fn everywhere() -> impl Iterator<Item = Command> {
    TABLE.iter().filter(|b| b.places.contains(&Place::Any)).map(|b| b.command)
}

/// The commands that may stand in a place of their own, working now or not.
pub fn of_place(place: Place) -> impl Iterator<Item = Command> {
    TABLE.iter().filter(move |b| b.places.contains(&place)).map(|b| b.command)
}

/// The key list of the README, as a Markdown table: one line a command, then the common keys.
pub fn markdown() -> String {
    let mut out = String::from("| 键 | 名称 | 在哪一屏 | 做什么 |\n| --- | --- | --- | --- |\n");
    for binding in TABLE.iter().filter(|b| b.places != [Place::Gallery]) {
        let places: Vec<&str> = binding.places.iter().filter(|p| **p != Place::Gallery).map(|p| p.name()).collect();
        let key = binding.key.map_or_else(|| "Ctrl-P".to_string(), |k| k.to_string());
        out += &format!("| {key} | {} | {} | {} |\n", binding.name, places.join("、"), binding.help);
    }
    for (keys, help) in COMMON {
        out += &format!("| {keys} | | {} | {help} |\n", Place::Any.name());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{HashMap, HashSet};

    #[test]
    fn on_one_place_a_key_means_one_thing() {
        let mut seen: HashMap<(Key, Place), &str> = HashMap::new();
        let taken: Vec<Key> = everywhere().filter_map(Command::key).collect();
        for binding in TABLE {
            let Some(key) = binding.key else { continue };
            for place in binding.places {
                assert_eq!(seen.insert((key, *place), binding.id), None, "{key} on {}", place.name());
                assert!(*place == Place::Any || !taken.contains(&key), "{} hides a key of every place", binding.id);
            }
        }
    }

    #[test]
    fn every_command_has_its_line_a_name_and_a_sentence() {
        let mut ids = HashSet::new();
        for binding in TABLE {
            assert_eq!(binding.command.binding().id, binding.id);
            assert_eq!(Command::from_id(binding.id), Some(binding.command));
            assert!(ids.insert(binding.id), "{} twice", binding.id);
            assert!(!binding.name.is_empty() && !binding.help.is_empty() && !binding.places.is_empty());
        }
    }

    #[test]
    fn no_bare_letter_is_a_shortcut() {
        for binding in TABLE {
            if let Some(Key { code: Code::Char(c), ctrl: false, .. }) = binding.key {
                assert_eq!(c, ' ', "{}", binding.id);
            }
        }
    }

    #[test]
    fn the_key_list_names_every_command() {
        let list = markdown();
        for binding in TABLE {
            assert!(list.contains(binding.help), "{}", binding.id);
        }
    }
}
