//! Printing: results to standard output, everything else to standard error.

use std::io::{self, IsTerminal as _, Write as _};

/// Prints one line of the result. A reader that has gone away (`| head`) is no error.
pub(crate) fn line(text: &str) {
    writeln!(io::stdout().lock(), "{text}").ok();
}

/// Prints one line for the person watching: progress, advice, trouble.
pub(crate) fn aside(text: &str) {
    writeln!(io::stderr().lock(), "{text}").ok();
}

/// Shows progress on one line that the next one overwrites; only to a person.
pub(crate) fn progress(text: &str) {
    if io::stderr().is_terminal() {
        write!(io::stderr().lock(), "\r\x1b[2K{text}").ok();
        io::stderr().flush().ok();
    }
}

/// Takes the progress line away.
pub(crate) fn end_progress() {
    progress("");
}

/// Prints a document.
pub(crate) fn json<T: serde::Serialize>(document: &T) -> anyhow::Result<()> {
    line(&serde_json::to_string_pretty(document)?);
    Ok(())
}

/// Asks a question that is answered by a line; `None` when there is nobody to ask.
pub(crate) fn question(text: &str) -> anyhow::Result<Option<String>> {
    if !io::stdin().is_terminal() {
        return Ok(None);
    }
    write!(io::stderr().lock(), "{text} ")?;
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(Some(answer.trim().to_owned()))
}
