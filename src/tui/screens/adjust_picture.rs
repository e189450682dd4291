//! The picture of before and after, drawn the same for the clerk, the checker and the approver.

use crate::rules::adjustment::Picture;
use crate::rules::adjustment::picture::{BillPicture, LinePair, LineSide};
use crate::rules::money::Fen;
use crate::tui::canvas::Canvas;
use crate::tui::safe;
use crate::tui::theme::Ink;
use crate::tui::widgets::compare::{self, Line};

/// The lines: totals first, so that they are seen however little room there is; then step by step.
pub fn lines(picture: &Picture) -> Vec<Line> {
    let mut lines = Vec::new();
    let several = picture.bills.len() > 1;
    for bill in &picture.bills {
        if several {
            lines.push(Line { name: format!("账期 {}", bill.cycle), strong: true, ..Line::default() });
        }
        lines.extend(bill_lines(bill));
    }
    let (before, after) = (&picture.before, &picture.after);
    lines.push(amounts("全户欠费", before.owed + before.late_fee, after.owed + after.late_fee, true));
    if before.credit != after.credit {
        lines.push(amounts("用户余款", before.credit, after.credit, false));
    }
    for fact in &picture.facts {
        let (before, after) = (fact.old.clone(), fact.new.clone());
        lines.insert(0, Line { name: fact.label.clone(), before, after, strong: true, ..Line::default() });
    }
    for reading in &picture.readings {
        lines.push(Line {
            name: format!("示数 {}", reading.day.format("%m-%d")),
            before: reading.old.grouped(),
            after: reading.new.grouped(),
            difference: (reading.new - reading.old).grouped(),
            ..Line::default()
        });
    }
    for bill in &picture.bills {
        lines.extend(bill.lines.iter().map(step));
    }
    lines
}

fn bill_lines(bill: &BillPicture) -> Vec<Line> {
    let (old, new) = (&bill.old, &bill.new);
    let mut lines = Vec::new();
    if old.volume != new.volume {
        lines.push(Line {
            name: "用量".into(),
            before: old.volume.grouped(),
            after: new.volume.grouped(),
            difference: (new.volume - old.volume).grouped(),
            ..Line::default()
        });
    }
    lines.push(Line {
        before_note: old.class.clone(),
        after_note: new.class.clone(),
        ..amounts("应收", old.amount, new.amount, false)
    });
    if old.paid != Fen::ZERO {
        lines.push(amounts("已收", old.paid, new.paid, false));
    }
    if old.late_fee != Fen::ZERO || new.late_fee != Fen::ZERO {
        let days = old.days.max(new.days);
        lines.push(amounts(&format!("违约金 {days} 天"), old.late_fee, new.late_fee, false));
    }
    if bill.refunded != Fen::ZERO {
        lines.push(amounts("退已收违约金", Fen::ZERO, bill.refunded, false));
    }
    lines.push(amounts("合计欠", old.owed, new.owed, true));
    lines
}

fn amounts(name: &str, before: Fen, after: Fen, strong: bool) -> Line {
    Line {
        name: name.to_owned(),
        before: before.grouped(),
        after: after.grouped(),
        difference: (after - before).grouped(),
        strong,
        ..Line::default()
    }
}

fn step(pair: &LinePair) -> Line {
    let note = |side: &Option<LineSide>| {
        side.as_ref().map(|side| format!("{}x{}", side.quantity, side.price)).unwrap_or_default()
    };
    let amount = |side: &Option<LineSide>| side.as_ref().map_or(Fen::ZERO, |side| side.amount).grouped();
    Line {
        name: pair.label.clone(),
        before_note: note(&pair.old),
        before: amount(&pair.old),
        after_note: note(&pair.new),
        after: amount(&pair.new),
        difference: pair.difference.grouped(),
        strong: false,
    }
}

/// Draws price, lines from `top` on, and warnings at the foot.
pub fn draw(canvas: &mut Canvas, picture: &Picture, top: usize) {
    let width = canvas.width();
    let mut y = 0;
    if let Some(price) = &picture.price {
        let text = format!("水价  {} → {}  自 {}", price.old, price.new, price.from);
        canvas.text_in(1, y, width.saturating_sub(2), &text, Ink::Strong);
        y += 1;
    }
    let room = usize::from(width.saturating_sub(2));
    let warnings = picture.warnings.iter().take(2).flat_map(|warning| safe::wrap(&format!("! {warning}"), room));
    let warnings: Vec<String> = warnings.collect();
    let foot = u16::try_from(warnings.len()).unwrap_or(0);
    let height = canvas.height().saturating_sub(y + foot);
    let lines = lines(picture);
    let shown = lines.get(top.min(lines.len().saturating_sub(1))..).unwrap_or_default();
    let room = usize::from(height.saturating_sub(1));
    compare::draw(&mut canvas.part(0, y, width, height), &shown[..shown.len().min(room)]);
    let rest = shown.len().saturating_sub(room);
    for (row, warning) in (y + height..).zip(&warnings) {
        canvas.text_in(1, row, width.saturating_sub(2), warning, Ink::Look);
    }
    if rest > 0 {
        canvas.text(1, y, &format!("PgDn 还有 {rest} 行"), Ink::Faint);
    }
}
