//! What was found about one thing.

use std::fmt;

use host_harness::Escaped;

/// What cargo's finding is about.
pub(super) const CARGO: &str = "cargo";

/// What was found about one thing.
#[derive(Debug)]
pub(super) struct Finding {
    severity: Severity,
    /// The thing.
    about: String,
    /// What was found; for a warning or an error with the fix.
    text: String,
}

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Severity {
    Ok,
    Warning,
    Error,
}

impl Finding {
    pub(super) fn ok(about: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Severity::Ok, about, text)
    }

    /// Functions can be built and run in spite of it.
    pub(super) fn warning(about: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Severity::Warning, about, text)
    }

    /// It stops functions from being built or run.
    pub(super) fn error(about: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Severity::Error, about, text)
    }

    fn new(severity: Severity, about: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            severity,
            about: about.into(),
            text: text.into(),
        }
    }

    pub(super) fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    pub(super) fn is_error_of_cargo(&self) -> bool {
        self.is_error() && self.about == CARGO
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Ok => "ok",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity:<7}  {}: ", self.about)?;
        for (number, line) in self.text.lines().enumerate() {
            if number > 0 {
                // Below the text, so that the severity stays the first word of a finding.
                f.write_str("\n         ")?;
            }
            write!(f, "{}", Escaped(line))?;
        }
        Ok(())
    }
}
