//! Options of the cache of compiled functions.

use std::path::PathBuf;

use clap::Args;

use host_harness::Builder;

use crate::value::size;

/// Options of the cache, which speeds up the next start.
#[derive(Args)]
pub(crate) struct Cache {
    /// The folder that caches compiled functions. It has to belong to this user, and nobody else may
    /// write to it; several hosts may share it. Defaults to `cache` in --data-dir, or else to `functions` in
    /// $XDG_CACHE_HOME or ~/.cache.
    #[arg(long, value_name = "DIR", env = "FUNCTIONS_CACHE")]
    cache: Option<PathBuf>,

    /// How much compiled code the cache stores besides that of the functions that are served or deployed,
    /// which always stays.
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = size::parse, env = "FUNCTIONS_MAX_CACHE")]
    max_cache: usize,

    /// Compile the functions at every start, without a cache.
    #[arg(long, env = "FUNCTIONS_NO_CACHE", value_parser = switch)]
    no_cache: bool,
}

/// Parses the variable of a switch.
fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" | "t" | "y" => Ok(true),
        "0" | "false" | "no" | "off" | "f" | "n" => Ok(false),
        _ => Err("expected 1, true, yes or on; or else 0, false, no or off".into()),
    }
}

impl Cache {
    /// `stored` is where the store caches, if there is one.
    pub(crate) fn apply(&self, builder: Builder, stored: Option<PathBuf>) -> Builder {
        let folder = || self.cache.clone().or(stored).or_else(users_own);
        match (!self.no_cache).then(folder).flatten() {
            Some(folder) => {
                let max = u64::try_from(self.max_cache).unwrap_or(u64::MAX);
                builder.cache(folder).cache_size(max)
            }
            None => builder,
        }
    }
}

/// This user's cache folder; `None` for users without a home.
fn users_own() -> Option<PathBuf> {
    let caches = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    // The specification says to ignore relative paths.
    let caches = caches.filter(|caches| caches.is_absolute()).or_else(|| {
        let home = std::env::home_dir().filter(|home| home.is_absolute());
        home.map(|home| home.join(".cache"))
    });
    Some(caches?.join("functions"))
}
