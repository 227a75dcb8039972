//! Why a host did not do what it was asked for.

use host_harness::Escaped;
use serde_json::Value;

use crate::value::limit;

/// The longest text of an answer without a problem document, in characters.
const MAX_TEXT: usize = 200;

#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error("invalid --host {}: expected a URL such as http://127.0.0.1:8081", Escaped(.0))]
    InvalidHost(String),
    #[error(
        "invalid --token or FUNCTIONS_TOKEN: a token is one line, as `functions token create` prints it"
    )]
    InvalidToken,
    #[error("cannot reach a host at {base}; {}", fix(.base))]
    Unreachable { base: String, source: ureq::Error },
    #[error(
        "{0} is not the management API of a host: it answers with something else; check --host"
    )]
    NotAHost(String),
    #[error(
        "{0} is where a host serves functions, not its management API; give --host the address behind \
         `management on`, which `functions serve --admin-listen` prints"
    )]
    ServesFunctions(String),
    #[error(
        "{base} is not the management API of a host: it answers with status {status} ({}); check --host",
        Escaped(.text)
    )]
    Foreign {
        base: String,
        status: u16,
        text: String,
    },
    /// An error of the host's, as its problem document says it, and what to do about it.
    #[error("{}{}", Escaped(.text), Escaped(.hint))]
    Refused {
        status: u16,
        text: String,
        hint: String,
        /// The setting that the host refuses.
        setting: Option<String>,
    },
    #[error("{0} has no earlier version; `functions versions {0}` lists all")]
    NoEarlierVersion(String),
    #[error(
        "no component has the name or id {}; `functions component list` lists all",
        Escaped(.0)
    )]
    NoComponent(String),
    #[error("cannot make the request: this is a bug")]
    Bug(#[source] ureq::Error),
}

impl ClientError {
    /// The error of a request for `path` that was answered with this status and text.
    pub(super) fn refused(base: &str, path: &str, status: u16, text: &str) -> Self {
        let problem: Option<Value> = serde_json::from_str(text).ok();
        let member = |name| {
            problem
                .as_ref()
                .and_then(|problem| problem.get(name)?.as_str())
        };
        let base = base.to_owned();
        // Only functions' problems have a reason.
        if member("reason").is_some() {
            return Self::ServesFunctions(base);
        }
        // The title only repeats the status.
        let detail = member("detail").or_else(|| member("title"));
        match detail
            .map(str::to_owned)
            .or_else(|| golem(problem.as_ref()?))
        {
            Some(text) => Self::Refused {
                status,
                hint: hint(path, status, &text, member("setting")),
                setting: member("setting").map(str::to_owned),
                text,
            },
            None => Self::Foreign {
                base,
                status,
                text: text.trim().chars().take(MAX_TEXT).collect(),
            },
        }
    }

    /// The status with which the host refused.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The setting that the host refuses, if that is the error.
    pub(crate) fn setting(&self) -> Option<&str> {
        match self {
            Self::Refused { setting, .. } => setting.as_deref(),
            _ => None,
        }
    }

    /// Whether the input has to change for another try to work.
    pub(crate) fn is_invalid_input(&self) -> bool {
        matches!(self, Self::InvalidHost(_) | Self::InvalidToken)
            || self
                .status()
                .is_some_and(|status| matches!(status, 400 | 409 | 412 | 413 | 415 | 422))
    }

    pub(crate) fn is_not_found(&self) -> bool {
        self.status() == Some(404)
            || matches!(self, Self::NoEarlierVersion(_) | Self::NoComponent(_))
    }

    pub(crate) fn is_not_allowed(&self) -> bool {
        matches!(self.status(), Some(401 | 403))
    }
}

/// The error in an answer of Golem's API, which writes no problem documents.
fn golem(answer: &Value) -> Option<String> {
    if let Some(Value::Array(errors)) = answer.get("errors") {
        let errors: Vec<_> = errors.iter().filter_map(Value::as_str).collect();
        return Some(errors.join("; "));
    }
    if let Some(error) = answer.get("error") {
        return error.as_str().map(str::to_owned);
    }
    let error = answer.get("golemError")?;
    let kind = error.get("type")?.as_str()?;
    Some(match error.get("details").and_then(Value::as_str) {
        Some(details) => format!("{kind}: {details}"),
        None => kind.to_owned(),
    })
}

/// How to reach a host.
fn fix(base: &str) -> &'static str {
    if base.starts_with("https:") {
        "a host itself answers over http, and over https behind a proxy: check --host"
    } else {
        "start one with `functions serve --admin-listen 127.0.0.1:8081 --data-dir DIR`, or name another \
         with --host"
    }
}

/// What to do: for a path that was not found, what shows the names that exist.
fn hint(path: &str, status: u16, text: &str, setting: Option<&str>) -> String {
    if let Some(advice) = setting.and_then(limit::advice)
        && text.contains(" the host's ")
    {
        return format!(": {advice}");
    }
    let segments: Vec<_> = path.split('/').collect();
    match *segments {
        _ if status != 404 => String::new(),
        ["", "v1", "invocations", ..] => "; `functions invocations list` lists all".to_owned(),
        ["", "v1", "tokens", _] => "; `functions token list` lists all".to_owned(),
        ["", "v1", "functions", name, "rollback"] if text.contains("has no version") => {
            let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
            format!("; `functions versions {name}` lists all")
        }
        ["", "golem", "v1", "components", _, "workers", ..] => {
            "; `functions worker list COMPONENT` lists all".to_owned()
        }
        ["", "v1", "functions", ..] => "; `functions list` lists all".to_owned(),
        _ => String::new(),
    }
}
