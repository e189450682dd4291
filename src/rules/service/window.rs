//! 限时办结: a case may take so many minutes at the window, from the call of its number to its closing. The clock
//! is the step's own, not the customer's: it is shown while the case is typed, and an overrun is kept with the case.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::rules::moment::Moment;

/// Minutes before the limit from which the clock is shown.
const SOON: i64 = 5;

/// A case at the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AtWindow {
    /// When its number was called.
    pub began: Moment,
    /// Minutes it may take.
    pub limit: u32,
}

impl AtWindow {
    /// Time left; below zero when over.
    pub fn left(self, now: Moment) -> TimeDelta {
        self.began + TimeDelta::minutes(i64::from(self.limit)) - now
    }

    /// Whole minutes beyond the limit, begun ones counted; zero within it.
    pub fn over(self, now: Moment) -> i64 {
        let late = (-self.left(now)).num_seconds();
        if late > 0 { (late + 59) / 60 } else { 0 }
    }

    /// What the clerk is told: nothing at first, then the minutes left, then those over.
    pub fn warning(self, now: Moment) -> Option<String> {
        let left = self.left(now).num_seconds();
        match self.over(now) {
            0 if left > SOON * 60 => None,
            0 => Some(format!("窗口限时还剩 {} 分钟", (left + 59) / 60)),
            over => Some(format!("! 窗口限时已超 {over} 分钟")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::moment;

    #[test]
    fn the_window_warns_five_minutes_before_and_counts_begun_minutes_after() {
        let began = moment::parse("2026-11-21 10:00").unwrap();
        let window = AtWindow { began, limit: 20 };
        for (seconds, over, warning) in [
            (0, 0, None),
            (899, 0, None),
            (900, 0, Some("窗口限时还剩 5 分钟")),
            (1199, 0, Some("窗口限时还剩 1 分钟")),
            (1200, 0, Some("窗口限时还剩 0 分钟")),
            (1201, 1, Some("! 窗口限时已超 1 分钟")),
            (1380, 3, Some("! 窗口限时已超 3 分钟")),
        ] {
            let now = began + TimeDelta::seconds(seconds);
            assert_eq!((window.over(now), window.warning(now).as_deref()), (over, warning), "{seconds}");
        }
    }
}
