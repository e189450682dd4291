//! Import (导入) of files from outside: judged row by row, the good rows go in as one run, every other row stays in the fix
//! list with a named reason until a person mends, confirms or drops it.
//!
//! The same file again is a no-op, known by its hash; an interrupted import goes on where it stopped; a dry run changes
//! nothing. What a file holds is judged in `inbound`, which knows no database; here it meets the accounts on file.

mod answer;
mod book_map;
mod customers;
mod one_by_one;
mod price_files;
mod readings;
mod stage;
mod swaps;
mod unpriced;

pub use answer::{Answer, DefectLine, UnreadLine};
pub use customers::Opener;
pub use one_by_one::OneByOne;
pub use stage::{Cell, Stage, open_cells, row_of, seal_cells};
pub use swaps::{large_swap, slip_of};
pub(super) use unpriced::of_one as no_price;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;

use super::Desk;
use super::refusal::Refusal;
use crate::inbound::judge::Terms;
use crate::inbound::profile::{Catalogue, Holds, ReadBy, Recognised};
use crate::inbound::read::{BadFile, Limits, Source};
use crate::inbound::spill::Lost;
use crate::rules::private_numbers;
use crate::store::Tx;
use crate::text::plain_file;

/// What a file holds, as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// 用户档案.
    Customers,
    /// 价目.
    Tariffs,
    /// 抄表.
    Readings,
    /// 拆换单.
    Swaps,
    /// 工作日历.
    Calendar,
    /// 业务目录.
    Services,
}

impl What {
    /// Every kind, in the order of a first day.
    pub const ALL: [Self; 6] =
        [Self::Tariffs, Self::Calendar, Self::Services, Self::Customers, Self::Readings, Self::Swaps];

    /// The word of the command line, of rights and of the fix list.
    pub fn code(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Tariffs => "tariffs",
            Self::Readings => "readings",
            Self::Swaps => "swaps",
            Self::Calendar => "calendar",
            Self::Services => "services",
        }
    }

    /// The word on screens.
    pub fn label(self) -> &'static str {
        match self {
            Self::Customers => "用户档案",
            Self::Tariffs => "价目",
            Self::Readings => "抄表",
            Self::Swaps => "拆换单",
            Self::Calendar => "工作日历",
            Self::Services => "业务目录",
        }
    }

    /// Reads the word of the command line.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.code() == code)
    }

    /// The kind of profile that recognises it; price, calendar and business files are not tables.
    pub fn holds(self) -> Option<Holds> {
        match self {
            Self::Customers => Some(Holds::Customers),
            Self::Readings => Some(Holds::Readings),
            Self::Swaps => Some(Holds::Swaps),
            Self::Tariffs | Self::Calendar | Self::Services => None,
        }
    }

    fn right(self) -> &'static str {
        match self {
            Self::Customers => "import.customers",
            Self::Tariffs => "import.tariffs",
            Self::Readings => "import.readings",
            Self::Swaps => "import.swaps",
            Self::Calendar => "import.calendar",
            Self::Services => "import.services",
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// What the file holds.
    pub what: What,
    /// Where it lies; for tariffs a folder may stand.
    pub path: PathBuf,
    /// How readings came; empty: any profile that fits.
    pub read_by: Option<ReadBy>,
    /// One profile by name.
    pub profile: Option<String>,
    /// The business day it is judged on; other days than the desk's in practice books only.
    pub on: Option<NaiveDate>,
    /// Judge and tell, change nothing.
    pub dry_run: bool,
}

/// How far a work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, for a person.
    pub stage: &'static str,
    /// Rows done.
    pub done: u64,
    /// Rows in all; 0 while it is not known.
    pub total: u64,
}

/// Told how far the work is; answers whether to go on.
pub type Watch<'w> = &'w mut dyn FnMut(Progress) -> ControlFlow<()>;

/// Rows between two words to the watch.
const ROWS_A_WORD: u32 = 2_000;

/// The refusal of a work that was stopped.
pub(super) fn stopped() -> Refusal {
    Refusal::rule("stopped", "已停止，这个文件还没有生效；再次执行同一命令会从停下的地方继续")
}

impl From<Lost> for Refusal {
    fn from(lost: Lost) -> Self {
        Self::data(lost.to_string())
    }
}

impl From<BadFile> for Refusal {
    fn from(bad: BadFile) -> Self {
        Self::data(bad.to_string())
    }
}

impl Desk {
    /// Imports a file, or says what would come of it.
    pub fn import(&mut self, request: &Request, watch: Watch<'_>) -> Result<Answer, Refusal> {
        if request.on.is_some_and(|on| on != self.today()) && !self.is_practice() {
            return Err(Refusal::usage("只有练习库可以指定日期 --on，请去掉"));
        }
        self.may(request.what.right())?;
        // What is no plain file is refused before the place of bulk work is taken: others do not wait for it.
        if !request.path.is_dir() && request.path.exists() && !request.path.is_file() {
            let name = request.path.file_name().unwrap_or(request.path.as_os_str()).to_string_lossy().into_owned();
            return Err(Refusal::data(format!("“{}”{}", crate::rules::fault::shown(&name), plain_file::NOT_PLAIN)));
        }
        let _one = match request.dry_run {
            true => None,
            false => Some(self.only_one(&format!("导入{}", request.what.label()))?),
        };
        match request.what {
            What::Tariffs | What::Calendar | What::Services => self.import_price_files(request),
            What::Customers => self.import_customers(request, watch),
            What::Readings => self.import_readings(request, watch),
            What::Swaps => self.import_swaps(request, watch),
        }
    }

    /// In whose folder a list that does not fit in memory has room: the book's; one in memory has none of its own.
    fn room(&self) -> PathBuf {
        match self.path() == Path::new(":memory:") {
            true => std::env::temp_dir().join("meterdesk"),
            false => self.path().to_owned(),
        }
    }

    /// The terms rows are judged by: the business day, and how much use is too much.
    pub fn terms(&self, on: Option<NaiveDate>) -> Terms {
        Terms::on(on.unwrap_or_else(|| self.today()))
    }
}

/// The profiles of this book: built in, beside it, and where `METERDESK_PROFILES` says.
pub fn catalogue(tx: &Tx<'_>) -> Result<Catalogue, Refusal> {
    Catalogue::of_book(tx.file().as_deref()).map_err(|error| Refusal::data(error.to_string()))
}

/// I-13: the name of a file and its headings stand in the run and in the fix list.
fn refuse_private(desk: &Desk, file: &Recognised) -> Result<(), Refusal> {
    let today = desk.today();
    private_numbers::refuse("文件名", &file.source.name(), today)
        .map_err(|fault| Refusal::rule(fault.rule, fault.message))?;
    for heading in &file.layout.headings {
        private_numbers::refuse("列名", heading, today).map_err(|fault| Refusal::rule(fault.rule, fault.message))?;
    }
    Ok(())
}

/// Looks at a file and recognises it among the profiles of this book.
pub fn recognise(
    desk: &Desk,
    path: &Path,
    holds: Holds,
    read_by: Option<ReadBy>,
    profile: Option<&str>,
) -> Result<Recognised, Refusal> {
    let source = Source::open(path, Limits::default())?;
    let catalogue = catalogue(&desk.look()?)?;
    if let Some(name) = profile.filter(|name| !catalogue.profiles().iter().any(|known| known.name == **name)) {
        let known: Vec<&str> = catalogue.profiles().iter().map(|profile| profile.name.as_str()).collect();
        return Err(Refusal::usage(format!("没有导入方案“{name}”，可用：{}", known.join("、"))));
    }
    let found = catalogue.recognise(&source, holds, read_by, profile)?;
    refuse_private(desk, &found)?;
    Ok(found)
}
