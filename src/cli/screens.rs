//! No command: the screens.

use super::common::{CliError, Context, io};

/// Opens the screens on the branch's book. On a practice book `--as` sits somebody down at once.
pub fn run(context: &Context) -> Result<u8, CliError> {
    let mut desk = context.open()?;
    if let Some(login) = &context.as_user
        && desk.is_practice()
    {
        desk.sign_in_practice(login)?;
    }
    crate::tui::app::open(desk).map_err(|error| io(&error))
}
