/// The longest name of a function, in bytes; also the longest label of a host name.
const MAX_NAME: usize = 63;

/// Checks that a name can stand in a URL's path as it is. Says what a name is, if this is none.
pub(crate) fn check(name: &str) -> Result<(), String> {
    let fits = (1..=MAX_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && name.starts_with(|first: char| first.is_ascii_alphanumeric());
    if fits {
        return Ok(());
    }
    Err(format!(
        "{name:?} is not a function's name: up to {MAX_NAME} letters, digits, '-', '_' and '.', the \
         first a letter or a digit"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names are what a URL's path can hold without escapes, up to 63 of them.
    #[test]
    fn names() {
        for good in ["a", "ping", "2nd", "a-b_c.d", &"x".repeat(63)] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            ".",
            "..",
            "-a",
            "_a",
            "a/b",
            "a b",
            "é",
            "a%20",
            &"x".repeat(64),
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
