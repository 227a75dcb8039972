//! Where the command keeps what it compiles.

use std::path::PathBuf;

use clap::Args;

use crate::Builder;

/// Compiled functions are kept, so that the next start finds them.
#[derive(Args)]
pub(super) struct Cache {
    /// Where compiled functions are kept, in a folder of this user's that nobody else may write to;
    /// several hosts may share it. Unless given, the folder `functions` in $XDG_CACHE_HOME or ~/.cache.
    #[arg(long, value_name = "DIR", env = "FUNCTIONS_CACHE")]
    cache: Option<PathBuf>,

    /// Compile the functions at each start, and keep nothing.
    #[arg(long, env = "FUNCTIONS_NO_CACHE", value_parser = switch)]
    no_cache: bool,
}

/// Whether a switch is on, as its variable says.
fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" | "t" | "y" => Ok(true),
        "0" | "false" | "no" | "off" | "f" | "n" => Ok(false),
        _ => Err("expected 1, true, yes or on; or else 0, false, no or off".into()),
    }
}

impl Cache {
    pub(super) fn apply(&self, builder: Builder) -> Builder {
        let folder = || self.cache.clone().or_else(users_own);
        match (!self.no_cache).then(folder).flatten() {
            Some(folder) => builder.cache(folder),
            None => builder,
        }
    }
}

/// This user's folder; none for users without a home.
fn users_own() -> Option<PathBuf> {
    let caches = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    // As its specification says: one that is relative is to be ignored.
    let caches = caches.filter(|caches| caches.is_absolute()).or_else(|| {
        let home = std::env::home_dir().filter(|home| home.is_absolute());
        home.map(|home| home.join(".cache"))
    });
    Some(caches?.join("functions"))
}
