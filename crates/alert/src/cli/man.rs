//! `alert man`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

pub(super) const EXAMPLES: &str = "\
Examples:
  alert man | man -l -                                 read it
  alert man > ~/.local/share/man/man1/alert.1          install it for yourself
  alert man --dir /usr/local/share/man/man1            ... and for everybody,
                                 with a page for each command: man alert-join";

/// At the foot of each page.
const SOURCE: &str = concat!("alert ", env!("CARGO_PKG_VERSION"));

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Write a page for each command into this folder, which is made if it is missing
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Args {
    /// Writes the manual.
    pub(super) fn run(self, command: clap::Command) -> ExitCode {
        let command = command.disable_help_subcommand(true);
        let written = match &self.dir {
            Some(dir) => pages(command, dir),
            None => page(command),
        };
        match written {
            Ok(()) => ExitCode::SUCCESS,
            Err(problem) => {
                super::complain(problem);
                ExitCode::FAILURE
            }
        }
    }
}

fn page(command: clap::Command) -> Result<(), String> {
    let mut page = Vec::new();
    let written = render(command, &mut page).and_then(|_| io::stdout().write_all(&page));
    written.map_err(|problem| problem.to_string())
}

fn pages(mut command: clap::Command, dir: &Path) -> Result<(), String> {
    command.build();
    fs::create_dir_all(dir).and_then(|()| write_pages(&command, dir)).map_err(|problem| {
        format!("the pages cannot be written to {} ({problem}): name another folder in --dir", dir.display())
    })
}

fn write_pages(command: &clap::Command, dir: &Path) -> io::Result<()> {
    let mut page = Vec::new();
    let name = render(command.clone(), &mut page)?;
    fs::write(dir.join(name), page)?;
    command.get_subcommands().try_for_each(|command| write_pages(command, dir))
}

/// Writes a page and returns the name of its file. The notes below a command's options come last, since clap_mangen
/// would fill the lines of their tables.
fn render(command: clap::Command, page: &mut Vec<u8>) -> io::Result<String> {
    let notes = command.get_after_long_help().or_else(|| command.get_after_help()).map(ToString::to_string);
    let man = Man::new(command.after_help(None::<&str>).after_long_help(None::<&str>)).source(SOURCE);
    let mut manual = Vec::new();
    man.render(&mut manual)?;
    // A line may break after each flag of a choice: a long one would not fit on it.
    let manual = String::from_utf8_lossy(&manual).replace(r"\fR|\fB", r"\fR|\:\fB");
    page.extend_from_slice(manual.as_bytes());
    if let Some(notes) = notes {
        lay_out(&notes).to_writer(page)?;
    }
    Ok(man.get_filename())
}

/// Indented lines stay as they are, others are filled.
fn lay_out(notes: &str) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["NOTES"]);
    let mut is_table = false;
    for line in notes.lines() {
        if line.starts_with(' ') != is_table && !line.is_empty() {
            is_table = !is_table;
            roff.control(if is_table { "nf" } else { "fi" }, []);
        }
        if line.is_empty() {
            roff.control("PP", []);
        } else {
            roff.text([roman(line)]);
        }
    }
    if is_table {
        roff.control("fi", []);
    }
    roff
}
