use std::error::Error as StdError;
use std::fmt;

/// The causes of an error, each after a colon.
#[derive(Debug)]
pub struct Because<'e>(pub &'e dyn StdError);

impl fmt::Display for Because<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
