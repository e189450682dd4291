//! Swap slips by number and state, and the ledger of returns.

use crate::rules::id::Id;
use crate::store::tables::slip::{SlipReturnRow, SlipRow, SlipState};
use crate::store::{StoreError, Tx};

impl Tx<'_> {
    /// Slips of a 单号, oldest first.
    pub fn slips_of_no(&self, no: &str) -> Result<Vec<SlipRow>, StoreError> {
        self.select::<SlipRow>(" WHERE no = ? ORDER BY id", &[&no])
    }

    /// 单号 that several slips carry.
    pub fn slip_nos_of_several(&self) -> Result<Vec<String>, StoreError> {
        self.words("SELECT no FROM d_slip WHERE no <> '' GROUP BY no HAVING count(*) > 1 ORDER BY no")
    }

    /// A slip by what a person types: 单号 of this site's, else its name.
    pub fn slip_of_text(&self, text: &str) -> Result<Option<SlipRow>, StoreError> {
        let (found, own) = (self.slips_of_no(text.trim())?, self.own()?);
        let found = found.into_iter().find(|slip| own.holds(slip.id));
        match (found, text.trim().parse::<Id>()) {
            (Some(row), _) => Ok(Some(row)),
            (None, Ok(id)) => self.get::<SlipRow>(&[&id]),
            (None, Err(_)) => Ok(None),
        }
    }

    /// This site's slips in a state, by number.
    pub fn slips_in(&self, state: SlipState, limit: i64) -> Result<Vec<SlipRow>, StoreError> {
        let own = self.own()?;
        let tail = " WHERE state = ? AND id BETWEEN ? AND ? ORDER BY no, id LIMIT ?";
        self.select::<SlipRow>(tail, &[&state, &own.low, &own.high, &limit])
    }

    /// Slips entered on an account, oldest first.
    pub fn slips_of_account(&self, account: Id) -> Result<Vec<SlipRow>, StoreError> {
        self.select::<SlipRow>(" WHERE account = ? ORDER BY id", &[&account])
    }

    /// This site's ledger of returns (退回登记), the open ones first, then the newest.
    pub fn slip_returns(&self, limit: i64) -> Result<Vec<SlipReturnRow>, StoreError> {
        let own = self.own()?;
        let tail = " WHERE slip BETWEEN ? AND ? ORDER BY resumed IS NOT NULL, day DESC, id DESC LIMIT ?";
        self.select::<SlipReturnRow>(tail, &[&own.low, &own.high, &limit])
    }
}
