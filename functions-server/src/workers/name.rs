//! The names that workers may have.

/// The longest name, in bytes.
const MAX_NAME: usize = 512;

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
