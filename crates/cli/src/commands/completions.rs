//! Completions of this command line for a shell.

use std::process::ExitCode;

use anyhow::Result;
use clap::CommandFactory;

use crate::args::{Args, CompletionsArgs};
use crate::output::Out;

pub(crate) fn run(args: &CompletionsArgs, out: &Out) -> Result<ExitCode> {
    out.line(script(args)?.trim_end())?;
    Ok(ExitCode::SUCCESS)
}

fn script(args: &CompletionsArgs) -> Result<String> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "homing", &mut script);
    Ok(String::from_utf8(script)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap_complete::Shell;

    #[test]
    fn each_shell_is_told_of_every_command() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = script(&CompletionsArgs { shell }).expect("text");
            for command in Args::command().get_subcommands() {
                assert!(script.contains(command.get_name()), "{shell}: {}", command.get_name());
            }
        }
    }
}
