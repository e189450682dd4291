//! How a picture of the gallery is named and taken.

use meterdesk::tui::app::App;
use meterdesk::tui::screen::Reply;

use crate::branches::Branch;
use crate::support::seat::Seat;

/// Between keys: the picture is looked at, as before a question is answered.
pub const LOOK: &str = "<look>";

/// A screen with its three pictures.
pub struct Shown {
    /// The name of its file.
    pub screen: &'static str,
    /// With nothing in it.
    pub empty: Picture,
    /// With the longest of everything.
    pub full: Picture,
    /// With a mistake.
    pub error: Picture,
}

/// How a picture comes about.
pub enum Picture {
    /// A screen opened over a branch, then keys.
    Of {
        /// In which branch.
        branch: Branch,
        /// Who sits there.
        user: &'static str,
        /// What opens it.
        open: fn(&mut App) -> Reply<App>,
        /// What is pressed then.
        keys: &'static str,
    },
    /// Made by a function, where keys are not enough.
    By(fn() -> Seat),
    /// There is none, and why.
    Never(&'static str),
}

/// A screen opened over a branch, then keys.
pub const fn of(branch: Branch, user: &'static str, open: fn(&mut App) -> Reply<App>, keys: &'static str) -> Picture {
    Picture::Of { branch, user, open, keys }
}

impl Picture {
    /// The desk as it is to be seen.
    pub fn seat(&self) -> Option<Seat> {
        match self {
            Picture::Of { branch, user, open, keys } => {
                let mut seat = Seat::on(branch.copy(), user, *open);
                // What is seen before the last keys is drawn as a person would see it: messages come and go with that.
                for part in keys.split(LOOK) {
                    seat.shot();
                    seat.press(part);
                }
                Some(seat)
            }
            Picture::By(make) => Some(make()),
            Picture::Never(_) => None,
        }
    }

    /// True when there is none; its reason is then written down.
    pub fn is_never(&self) -> bool {
        matches!(self, Picture::Never(why) if !why.is_empty())
    }
}

impl Shown {
    /// The three by the names of their states.
    pub fn pictures(&self) -> [(&'static str, &Picture); 3] {
        [("empty", &self.empty), ("full", &self.full), ("error", &self.error)]
    }
}

/// Takes every picture of a family and compares it with the one accepted.
pub fn take(family: &[Shown]) {
    let mut differ = Vec::new();
    for shown in family {
        for (state, picture) in shown.pictures() {
            let Some(mut seat) = picture.seat() else { continue };
            let name = format!("{}_{state}", shown.screen);
            let taken = std::panic::AssertUnwindSafe(|| seat.snapshot(&name));
            if std::panic::catch_unwind(taken).is_err() {
                differ.push(name);
            }
        }
    }
    assert!(differ.is_empty(), "other than accepted: {differ:?}");
}
