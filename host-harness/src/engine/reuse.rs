use std::fmt;
use std::str::FromStr;

/// Whether a function's requests may be answered by an instance that has answered others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reuse {
    /// Resets an instance after a request and gives it to the next one, where all that can differ from
    /// a new instance can be reset: about twice as fast. Isolation between the requests of this function
    /// then rests on the host's resetting as well as on wasmtime.
    #[default]
    Auto,
    /// Makes an instance for each request, and drops it afterwards: isolation rests on wasmtime, and on
    /// memory being cleared. For hosts on which strangers deploy.
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
