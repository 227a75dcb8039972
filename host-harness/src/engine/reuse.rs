use std::fmt;
use std::str::FromStr;

/// Whether requests to a function may share an instance that is reset in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reuse {
    /// Resets the instance after each request and reuses it, if everything that can change can be
    /// reset. This is about twice as fast. Isolation between requests to this function then also
    /// rests on the host's reset, besides wasmtime.
    #[default]
    Auto,
    /// Creates an instance for each request, and drops it afterwards. Isolation rests on wasmtime,
    /// and on cleared memory. Meant for hosts of untrusted tenants.
    Never,
}

impl FromStr for Reuse {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "never" => Ok(Self::Never),
            _ => Err("expected auto or never".into()),
        }
    }
}

impl fmt::Display for Reuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Never => "never",
        })
    }
}
