//! Which host a call is for.

/// Which host: the one at a URL, or the one that the environment names.
#[cfg(all(feature = "client", not(target_family = "wasm")))]
#[derive(Debug, Clone, Default)]
pub(crate) struct Address(Option<std::sync::Arc<str>>);

#[cfg(all(feature = "client", not(target_family = "wasm")))]
impl Address {
    /// The environment variable that says where the host is.
    const VARIABLE: &str = "FUNCTIONS_URL";

    /// Where `functions serve` listens unless told otherwise.
    const DEFAULT: &str = "http://127.0.0.1:8080";

    pub(crate) fn of(url: &str) -> Self {
        Self(Some(url.into()))
    }

    /// The URL that functions' names are appended to, after a slash.
    pub(crate) fn base(&self) -> String {
        let base = match &self.0 {
            Some(url) => url.to_string(),
            None => std::env::var(Self::VARIABLE)
                .ok()
                .filter(|url| !url.is_empty())
                .unwrap_or_else(|| Self::DEFAULT.to_owned()),
        };
        base.trim_end_matches('/').to_owned()
    }
}

/// Which host: the one that runs this function. Natively, without the feature `client`, none can be called.
#[cfg(not(all(feature = "client", not(target_family = "wasm"))))]
#[derive(Debug, Clone, Default)]
pub(crate) struct Address(());
