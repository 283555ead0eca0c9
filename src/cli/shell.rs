//! `bivouac completion` and `bivouac man`.

use clap::Command;

use super::exit::{Exit, Stop};
use crate::report;

#[derive(Debug, clap::Args)]
pub struct CompletionArgs {
    /// The shell.
    shell: clap_complete::Shell,
}

pub fn completion(args: &CompletionArgs, command: &mut Command) -> Result<Exit, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "bivouac", &mut script);
    print(&script)
}

pub fn man(command: Command) -> Result<Exit, Stop> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|error| Stop::error(Exit::Failed, &error, ""))?;
    print(&page)
}

fn print(text: &[u8]) -> Result<Exit, Stop> {
    report::out(&String::from_utf8_lossy(text))
        .map_err(|error| Stop::error(Exit::Failed, &error, ""))?;
    Ok(Exit::Done)
}
