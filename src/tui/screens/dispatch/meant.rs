//! What a key on the dispatch desk acts on: the order under the bar, or the ticked ones — never one that the person has not pointed at.

use super::Dispatch;
use crate::desk::refusal::Refusal;
use crate::rules::id::Id;
use crate::tui::app::App;

impl Dispatch {
    /// The hand goes on: what was sent before is no longer what a key means.
    pub(super) fn touch(&mut self) {
        self.touched = true;
        self.sent.clear();
    }

    /// The bar goes to the order whose number is typed; one that is not in this heap is told.
    pub(super) fn seek(&mut self, app: &App) {
        self.stray = None;
        if self.typed.is_empty() {
            return;
        }
        let found = app.desk.look().map_err(Refusal::from);
        let found = found.and_then(|tx| crate::desk::order_step::find(&tx, "order", &self.typed));
        self.stray = match found.map(|found| (found.row.id, found.row.state)) {
            Ok((id, state)) => match self.list.find(app, id) {
                Some(place) => {
                    self.list.table.select(place);
                    None
                }
                None => Some(format!("工单 {id} 不在“{}”这一堆，现为{state}", self.list.stage_name())),
            },
            Err(refusal) => Some(refusal.message()),
        };
    }

    /// A number typed has done its work: the bar stands there. One that has not is refused.
    pub(super) fn settle_typed(&mut self) -> Result<(), Refusal> {
        self.typed.clear();
        match self.stray.take() {
            Some(why) => Err(Refusal::rule("R-285", why)),
            None => Ok(()),
        }
    }

    /// The one order a key acts on: the one under the bar. Ticks that say otherwise are not passed over: the only ticked one is
    /// meant, and of several none.
    pub(super) fn meant(&mut self, app: &App) -> Result<Id, Refusal> {
        let typed = !self.typed.is_empty();
        self.settle_typed()?;
        let under = self.under_hand(app);
        if !typed && !self.ticks.is_empty() && !under.is_some_and(|id| self.ticks.contains(&id)) {
            let mut ticks = self.ticks.iter();
            return match (ticks.next(), ticks.next()) {
                (Some(&only), None) => {
                    let place = self.list.find(app, only);
                    let missing = || format!("选中的工单 {only} 不在“{}”这一堆", self.list.stage_name());
                    self.list.table.select(place.ok_or_else(|| Refusal::rule("R-285", missing()))?);
                    Ok(only)
                }
                _ => {
                    let why = format!("选了 {} 张，这个键一次只办一张：请把光标移到其中一张", self.ticks.len());
                    Err(Refusal::rule("R-285", why))
                }
            };
        }
        under.ok_or_else(|| Refusal::rule("R-285", "先把光标移到一张工单上"))
    }

    /// The ticked orders, else the one under the bar. A number typed beside ticks is one of them, or nobody can say what is meant.
    pub(super) fn chosen(&mut self, app: &App) -> Result<Vec<Id>, Refusal> {
        if self.ticks.is_empty() {
            return Ok(vec![self.meant(app)?]);
        }
        if !self.typed.is_empty() {
            self.settle_typed()?;
            if !self.under_hand(app).is_some_and(|id| self.ticks.contains(&id)) {
                let why = format!("已选了 {} 张，又打了一个工单号：按空格把它也选上再办", self.ticks.len());
                return Err(Refusal::rule("R-285", why));
            }
        }
        Ok(self.ticks.iter().copied().collect())
    }
}
