use std::sync::Arc;

/// The environment variable that says where the host is.
const VARIABLE: &str = "FUNCTIONS_URL";

/// Where `functions serve` listens unless told otherwise.
const DEFAULT: &str = "http://127.0.0.1:8080";

/// Which host: the one at a URL, or the one that the environment names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Address(Option<Arc<str>>);

impl Address {
    pub(crate) fn of(url: &str) -> Self {
        Self(Some(url.into()))
    }

    /// The URL that functions' names are appended to, after a slash.
    pub(crate) fn base(&self) -> String {
        let base = match &self.0 {
            Some(url) => url.to_string(),
            None => std::env::var(VARIABLE)
                .ok()
                .filter(|url| !url.is_empty())
                .unwrap_or_else(|| DEFAULT.to_owned()),
        };
        base.trim_end_matches('/').to_owned()
    }
}
