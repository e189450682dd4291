use std::process::ExitCode;

fn main() -> ExitCode {
    meterdesk::cli::run()
}
