/// The longest name of a function, in bytes; also the longest label of a host name.
const MAX_NAME: usize = 63;

/// Checks that a name can stand unescaped in a URL's path. The error says what a valid name is.
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
        "invalid function name {name:?}: expected up to {MAX_NAME} letters, digits, '-', '_' and '.', \
         starting with a letter or digit"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names are valid if a URL's path can hold them unescaped; they have up to 63 characters.
    #[test]
    fn names_are_checked() {
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
