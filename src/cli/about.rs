//! `completions` and `man`, made from the command line's own table.

use std::io::Write;

use clap::{Args as ClapArgs, Command};
use clap_complete::Shell;

use super::common::{CliError, io};

/// Arguments of `completions`.
#[derive(ClapArgs)]
pub struct CompletionsArgs {
    /// 哪个 shell
    shell: Shell,
}

/// Prints the completions of a shell.
pub fn completions(mut command: Command, args: &CompletionsArgs) -> Result<u8, CliError> {
    clap_complete::generate(args.shell, &mut command, "meterdesk", &mut std::io::stdout());
    Ok(0)
}

/// Prints the manual page.
pub fn man(command: Command) -> Result<u8, CliError> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).map_err(|error| io(&error))?;
    std::io::stdout().write_all(&page).map_err(|error| io(&error))?;
    Ok(0)
}
