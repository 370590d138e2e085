//! `alert completions`.

use std::io::Write;
use std::process::ExitCode;

use clap_complete::{Shell, generate};

pub(super) const EXAMPLES: &str = "\
Where the file goes:
  bash         alert completions bash > \\
                 ~/.local/share/bash-completion/completions/alert
  zsh          alert completions zsh > ~/.zfunc/_alert
               with this in ~/.zshrc:
                 fpath+=~/.zfunc; autoload -Uz compinit; compinit
  fish         alert completions fish > ~/.config/fish/completions/alert.fish
  powershell   alert completions powershell >> $PROFILE
  elvish       alert completions elvish >> ~/.config/elvish/rc.elv

For everybody on the machine: /usr/share/bash-completion/completions/alert,
/usr/share/zsh/site-functions/_alert, /usr/share/fish/vendor_completions.d/alert.fish.
A new shell has them.";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

impl Args {
    /// Prints the shell's script.
    pub(super) fn run(self, mut command: clap::Command) -> ExitCode {
        let mut script = Vec::new();
        generate(self.shell, &mut command, "alert", &mut script);
        match std::io::stdout().write_all(&script) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                super::complain(error);
                ExitCode::FAILURE
            }
        }
    }
}
