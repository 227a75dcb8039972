//! The names that workers may have, and the keys of their calls.

/// The longest name, in bytes.
const MAX_NAME: usize = 512;

/// The longest idempotency key, in bytes.
const MAX_KEY: usize = 1024;

/// Reads the idempotency key of a call, in a header's bytes; the error says what is wrong with it.
pub(crate) fn key(bytes: &[u8]) -> Result<&str, String> {
    let key = std::str::from_utf8(bytes).ok();
    let key = key.filter(|key| (1..=MAX_KEY).contains(&key.len()));
    key.ok_or_else(|| format!("invalid Idempotency-Key: expected 1 to {MAX_KEY} bytes of UTF-8"))
}

/// Checks a worker's name; the error says what is wrong with it.
pub(crate) fn check_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        Err("Worker name must not be empty")
    } else if name.len() > MAX_NAME {
        Err("Worker name is too long: expected at most 512 bytes")
    } else if name.chars().any(char::is_whitespace) {
        Err("Worker name must not contain whitespaces")
    } else if name.contains('/') {
        Err("Worker name must not contain '/'")
    } else if name.starts_with('-') {
        Err("Worker name must not start with '-'")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys have a length, and are text.
    #[test]
    fn keys_are_checked() {
        assert_eq!(key("clé".as_bytes()), Ok("clé"));
        assert!(key(&[b'x'; MAX_KEY]).is_ok());
        for invalid in [&b""[..], b"\xff", &[b'x'; MAX_KEY + 1]] {
            assert!(key(invalid).is_err());
        }
    }

    /// Names have the length that upstream allows, and none of the letters that it does not.
    #[test]
    fn worker_names_are_checked() {
        let longest = "x".repeat(MAX_NAME);
        for name in ["w1", "a-b_c.d:é", &longest] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        let longer = "x".repeat(MAX_NAME + 1);
        for name in ["", "a b", "a\tb", "a/b", "-a", &longer] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
