//! `import fixes`: the fix list — listed, saved as CSV, low readings that a swap explains confirmed in one go.

use std::io::Write;
use std::path::Path;

use super::common::{CliError, Context, io};
use crate::desk::fixes::view::FixView;
use crate::desk::{Desk, rights};
use crate::outbound::new_file::NewFile;
use crate::rules::id::Id;
use crate::store::query::fixes::FixFilter;
use crate::text::{safe, safe_json};

/// Rows read at a time.
const BATCH: i64 = 500;

/// Lists, saves or confirms. Exit code 1 when a confirmation was refused.
pub fn run(context: &Context, of: Option<Id>, export: Option<(&Path, bool)>, confirm: bool) -> Result<u8, CliError> {
    let mut desk = context.open_as()?;
    desk.may(rights::FIXES)?;
    if confirm {
        let (done, refused) = desk.confirm_explained()?;
        if context.json {
            safe_json::print(&serde_json::json!({ "confirmed": done, "refused": refused }));
        } else {
            println!("已确认 {done} 行，未能确认 {} 行", refused.len());
            refused.iter().for_each(|refusal| eprintln!("{}", safe::line(&refusal.message())));
        }
        return Ok(u8::from(!refused.is_empty()));
    }
    let kept = export.map_or_else(String::new, |(path, _)| format!("，另存为 {}", path.display()));
    desk.note_access("import fixes", &format!("待改清单{kept}"))?;
    match export {
        Some((path, overwrite)) => save(&desk, context, of, path, overwrite),
        None => list(&desk, context, of),
    }
}

fn save(desk: &Desk, context: &Context, of: Option<Id>, path: &Path, overwrite: bool) -> Result<u8, CliError> {
    let files = desk.fix_files()?;
    let file = match of {
        Some(run) => files.iter().find(|file| file.run == run),
        None => files.iter().find(|file| file.open > 0).or(files.first()),
    };
    let file = file.ok_or_else(|| CliError::usage("还没有导入过这个文件，没有清单可存"))?;
    let mut out = std::io::BufWriter::new(NewFile::begin(path, desk.path(), overwrite)?);
    let rows = desk.export_fixes(file.run, None, &mut out)?;
    out.into_inner().map_err(|error| io(error.error()))?.finish()?;
    if context.json {
        safe_json::print(&serde_json::json!({ "file": file.name, "rows": rows, "saved": path }));
    } else {
        println!("{} 的待改清单 {rows} 行，已存为 {}", safe::line(&file.name), path.display());
    }
    Ok(0)
}

/// Rows that wait for somebody or were only shown, written as they are read: there may be as many as a file has.
fn list(desk: &Desk, context: &Context, of: Option<Id>) -> Result<u8, CliError> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if context.json {
        let _ = write!(out, "[");
        let mut first = true;
        each(desk, of, |row| {
            let comma = if std::mem::take(&mut first) { "" } else { "," };
            write!(out, "{comma}{}", serde_json::to_string(row).unwrap_or_default())
        })?;
        let _ = writeln!(out, "]").and_then(|()| out.flush());
        return Ok(0);
    }
    for file in desk.fix_files()?.iter().filter(|file| of.is_none_or(|run| run == file.run)) {
        let (run, name) = (file.run, safe::line(&file.name));
        let _ = writeln!(
            out,
            "{run} {} {name}：{} 行，收下 {}，待处理 {}，未抄 {}",
            file.what, file.rows, file.accepted, file.open, file.unread
        );
    }
    each(desk, of, |row| {
        let (id, message, kind) = (safe::line(&row.id), safe::line(&row.message), &row.kind_label);
        writeln!(out, "  {} {} {id} {kind} [{}] {message}", row.file, place_of(row.line), row.state_label)
    })?;
    let _ = out.flush();
    Ok(0)
}

/// Tells the rows one by one, until the reader goes away.
fn each(desk: &Desk, of: Option<Id>, mut tell: impl FnMut(&FixView) -> std::io::Result<()>) -> Result<(), CliError> {
    let filter = FixFilter { run: of, ..FixFilter::default() };
    let mut after = (of.unwrap_or(Id(0)), -1);
    loop {
        let batch = desk.fix_rows(&filter, after, BATCH)?;
        let Some(last) = batch.last() else { return Ok(()) };
        after = (last.file, last.line);
        let waits = |row: &&FixView| matches!(row.state.as_str(), "open" | "unread" | "flagged");
        if batch.iter().filter(waits).try_for_each(&mut tell).is_err() {
            return Ok(());
        }
    }
}

fn place_of(line: i64) -> String {
    u32::try_from(line).map_or_else(|_| format!("第{line}行"), crate::inbound::read::place)
}
