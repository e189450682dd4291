//! What a seed is to bring: how many sites, how long, how much is done, and which faults how often.

use crate::chance::Chance;

/// Everything a seed decides before it begins.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// Branches besides head office, 3 to 8.
    pub branches: usize,
    /// Days.
    pub days: u64,
    /// Actions asked for.
    pub actions: u64,
    /// Bundles lost, of a hundred.
    pub lost: u64,
    /// Bundles that come twice, of a hundred.
    pub doubled: u64,
    /// Bundles that come nights later, of a hundred.
    pub late: u64,
    /// Bundles cut short or with flipped bits, of a hundred.
    pub damaged: u64,
    /// Imports whose stick is pulled out while it is read, of a hundred.
    pub pulled: u64,
    /// Crashes, of a thousand steps.
    pub crashes: u64,
    /// Crashes after which an old copy is put back, of a hundred.
    pub restores: u64,
    /// Clock changes, of a thousand steps.
    pub clocks: u64,
    /// A site whose old copy is put back without anybody's notice: the fork.
    pub forks: bool,
    /// Some programs do not know every action for a time.
    pub mixed: bool,
    /// Evenings on which nobody exchanges, of a hundred.
    pub quiet_evenings: u64,
    /// Size above which a bundle is ended: small ones make many.
    pub full: u64,
}

/// How large the seeds of a run are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Mostly 200 to 260 actions, one in forty up to 600: for `cargo test`.
    Small,
    /// 200 to 2,000 actions.
    Whole,
}

impl Plan {
    /// What a seed is to bring.
    pub fn of(seed: u64, days: u64, size: Size) -> Self {
        let mut chance = Chance::of(seed, 1);
        let actions = match size {
            Size::Small if chance.below(40) == 0 => chance.between(260, 600),
            Size::Small => chance.between(200, 260),
            Size::Whole if chance.percent(70) => chance.between(200, 600),
            Size::Whole => chance.between(600, 2_000),
        };
        let branches = if size == Size::Small && chance.percent(70) { 3 } else { chance.index(6) + 3 };
        Self {
            seed,
            branches,
            days,
            actions,
            lost: chance.between(0, 30),
            doubled: chance.between(0, 50),
            late: *chance.pick(&[0, 10, 30, 60]),
            damaged: *chance.pick(&[0, 3, 10]),
            pulled: *chance.pick(&[0, 3, 10]),
            crashes: *chance.pick(&[0, 10, 20, 40]),
            restores: 30,
            clocks: *chance.pick(&[0, 0, 10, 25]),
            forks: chance.percent(12),
            mixed: chance.percent(35),
            quiet_evenings: *chance.pick(&[0, 20, 50]),
            full: *chance.pick(&[48 << 20, 48 << 20, 20_000, 1]),
        }
    }

    /// The same with many old copies put back, often without notice.
    pub fn with_forks(self) -> Self {
        Self { forks: true, crashes: 40, restores: 70, ..self }
    }
}
