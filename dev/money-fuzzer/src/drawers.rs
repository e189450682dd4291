//! The tills of the branch, by this crate's own reckoning.

use chrono::NaiveDate;

/// A shift.
#[derive(Debug, Clone)]
pub struct Shift {
    /// Its name in the day book.
    pub id: String,
    /// Who opened it.
    pub user: &'static str,
    /// Its day.
    pub day: NaiveDate,
    /// What was counted at opening.
    pub opening: i64,
    /// Floats added.
    pub added: i64,
    /// Cash of customers, deposits among it.
    pub income: i64,
    /// Cash of deposits, which is no income.
    pub deposits: i64,
    /// Paid in.
    pub paid_in: i64,
    /// Counted at the close.
    pub counted: Option<i64>,
    /// Who signed, and whether a figure changed since.
    pub signed: Vec<&'static str>,
}

impl Shift {
    /// Cash that must lie in the drawer.
    pub fn cash(&self) -> i64 {
        self.opening + self.added + self.income - self.paid_in
    }

    /// Not closed.
    pub fn is_open(&self) -> bool {
        self.counted.is_none()
    }
}

/// What kind of movement it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// On bills or into prepaid.
    Payment,
    /// A fee.
    Fee,
    /// A deposit of a customer.
    Security,
    /// Paid in to the bank, or its taking back.
    PaidIn,
    /// A float, or its taking back.
    Float,
    /// Money given back.
    Back,
}

/// A movement of a drawer.
#[derive(Debug, Clone)]
pub struct Move {
    /// Its entry.
    pub id: String,
    /// The number of its receipt.
    pub receipt: String,
    /// What it is.
    pub what: What,
    /// Place of the shift.
    pub shift: usize,
    /// Who made it.
    pub user: &'static str,
    /// 方式.
    pub method: String,
    /// Account and payment there.
    pub payment: Option<(usize, usize)>,
    /// Case and charge.
    pub charge: Option<(usize, usize)>,
    /// Principal or fee.
    pub principal: i64,
    /// Late fee.
    pub late: i64,
    /// Waived.
    pub waived: i64,
    /// To prepaid.
    pub to_prepaid: i64,
    /// From prepaid and credit.
    pub from_balance: i64,
    /// Money.
    pub amount: i64,
    /// The number of the hand-written slip.
    pub paper: Option<String>,
    /// A second person confirmed it.
    pub confirmed: bool,
    /// It was taken back, reversed or given back.
    pub is_over: bool,
}

impl Move {
    /// Money in or out by a method, of no account and no business, that gave no receipt.
    pub fn plain(id: String, what: What, (shift, user): (usize, &'static str), method: &str, amount: i64) -> Self {
        Self {
            id,
            receipt: String::new(),
            what,
            shift,
            user,
            method: method.to_owned(),
            payment: None,
            charge: None,
            principal: 0,
            late: 0,
            waived: 0,
            to_prepaid: 0,
            from_balance: 0,
            amount,
            paper: None,
            confirmed: false,
            is_over: false,
        }
    }
}

/// Something a business costs.
#[derive(Debug, Clone)]
pub struct Charge {
    /// Key of the catalogue.
    pub key: &'static str,
    /// How much.
    pub amount: i64,
    /// A deposit.
    pub is_deposit: bool,
    /// Paid and not given back.
    pub is_paid: bool,
    /// The deposit went back.
    pub is_returned: bool,
}

/// A business of an account.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// The account.
    pub account: usize,
    /// What it costs.
    pub charges: Vec<Charge>,
    /// Voided.
    pub is_void: bool,
    /// A transfer whose deed is not written.
    pub deed: bool,
}

impl Case {
    /// What it still owes.
    pub fn owed(&self) -> i64 {
        let open = self.charges.iter().filter(|charge| !self.is_void && !charge.is_paid && !charge.is_returned);
        open.map(|charge| charge.amount).sum()
    }
}
