//! How payment looks: the bills, the form, and below it what comes in, what goes back and what to say.

use super::Pay;
use crate::desk::till::due::Due;
use crate::desk::view_till::Preview;
use crate::rules::money::Fen;
use crate::tui::canvas::Canvas;
use crate::tui::theme::Ink;
use crate::tui::widgets::table::Row;

/// Rows below the bills: rule, form, rule, what to say.
const BELOW: u16 = 11;
/// Rows of the form without mistakes.
const FORM: u16 = 5;
/// Rows the bills keep beside a form with mistakes: their head and two.
const LEAST_BILLS: u16 = 3;

impl Pay {
    /// Paints the screen.
    pub(super) fn paint(&mut self, canvas: &mut Canvas) {
        let (width, height) = (canvas.width(), canvas.height());
        let total = match &self.plan {
            Ok(Preview { plan, .. }) => plan.total,
            Err(_) => self.ticked().map(Due::total).sum(),
        };
        let shown = format!("应收 {}", total.grouped());
        let cells = u16::try_from(crate::tui::safe::cells(&shown)).unwrap_or(0);
        let room = width.saturating_sub(cells + 3);
        canvas.text_in(1, 0, room, &self.view.account.address, Ink::Faint);
        canvas.text(width.saturating_sub(cells + 1), 0, &shown, Ink::Strong);
        // Mistakes take their rows from the bills: none of the form is pushed out of sight.
        let bills_and_form = height.saturating_sub(1 + BELOW - FORM);
        let most = bills_and_form.saturating_sub(FORM + LEAST_BILLS);
        let form = FORM + self.form.rows_more(width, FORM).min(most);
        let list = bills_and_form.saturating_sub(form);
        let bills = &self.view.bills;
        self.table.draw(&mut canvas.part(0, 1, width, list), bills.len(), false, |row| bill_row(&bills[row]));
        canvas.rule(1 + list, "", Ink::Faint);
        if self.form.is_list_open() {
            return self.form.draw(&mut canvas.below(2 + list)); // all of a list, not three rows of it
        }
        self.form.draw(&mut canvas.part(0, 2 + list, width, form));
        self.draw_money(&mut canvas.part(0, 2 + list + form, width, 5));
    }

    /// What comes in, what goes back, what to say.
    fn draw_money(&self, canvas: &mut Canvas) {
        canvas.rule(0, "", Ink::Faint);
        let balance = format!("预存余额 {}   核对单 {}", self.view.balance.grouped(), self.view.receipt);
        let x = canvas.text(1, 3, &balance, Ink::Faint);
        if self.view.owed_fees > Fen::ZERO {
            let fees = format!("! 另欠业务费 {}，Ctrl-F 收", self.view.owed_fees.grouped());
            canvas.text(x + 3, 3, &fees, Ink::Look);
        }
        if !self.has_shift {
            canvas.text(1, 1, "! 您还没有开班，按 F2 先清点备用金并开班", Ink::Look);
            return;
        }
        if let Some(told) = &self.close_first {
            let width = canvas.width().saturating_sub(2);
            canvas.paragraph(1, 1, width, &format!("! {told}。按 F2 去交班"), Ink::Look);
            return;
        }
        let Preview { plan, left } = match &self.plan {
            Ok(seen) => seen,
            Err(refusal) => {
                canvas.paragraph(
                    1,
                    1,
                    canvas.width().saturating_sub(2),
                    &format!("! {}", refusal.message()),
                    Ink::Look,
                );
                return;
            }
        };
        let mut x = canvas.text(1, 1, "找零 ", Ink::Text);
        x = canvas.text(x, 1, &plan.money.change.grouped(), Ink::Strong);
        x = canvas.text(x + 3, 1, &plan.money.spoken(), Ink::Accent);
        if plan.money.to_prepaid > Fen::ZERO {
            canvas.text(x + 3, 1, &format!("存预存 {}", plan.money.to_prepaid.grouped()), Ink::Look);
        }
        let after = plan.lines.iter().map(|line| line.due.bill.unpaid - line.principal);
        let open = after.filter(|left| *left > Fen::ZERO).count();
        let note = if open > 0 { "，有账单只缴了一部分" } else { "" };
        let all = left.principal + left.late_fee;
        let parts = match left.late_fee {
            Fen::ZERO => String::new(),
            fee => format!(" (本金 {} + 今日滞纳金 {})", left.principal.grouped(), fee.grouped()),
        };
        canvas.text(1, 2, &format!("收后仍欠 {}{parts}{note}", all.grouped()), Ink::Text);
    }
}

fn bill_row(due: &Due) -> Row {
    let (words, ink) = match &due.late {
        Err(_) => ("滞纳金算不出".to_owned(), Ink::Stop),
        Ok(late) if late.fee.days > 0 => (format!("逾期 {} 天", late.fee.days), Ink::Look),
        Ok(_) => ("未到期".to_owned(), Ink::Faint),
    };
    Row::new([due.bill.cycle.clone(), due.bill.volume.grouped(), due.bill.unpaid.grouped()])
        .cell(words, ink)
        .cell(due.fee().grouped(), Ink::Text)
        .cell(if due.bill.estimated { "估抄" } else { "" }, Ink::Look)
}
