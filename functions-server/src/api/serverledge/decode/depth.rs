//! How deep JSON nests.

/// How many arrays and objects are around the innermost value of a valid text.
pub(super) fn depth(json: &str) -> usize {
    // Texts may be long: code in base64.
    if !json.starts_with(['[', '{']) {
        return 0;
    }
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut is_in_text, mut is_escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_in_text,
            b'"' => is_in_text = !is_in_text,
            _ if is_in_text => {}
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Brackets in texts do not count, however quotes are escaped.
    #[test]
    fn brackets_are_counted() {
        for (json, levels) in [
            ("1", 0),
            ("[]", 1),
            (r#"{"a":[1,[2],{}]}"#, 3),
            (r#"["[[[["]"#, 1),
            (r#"["\"[[",[]]"#, 2),
            (r#"["\\",[[]]]"#, 3),
            (r#"{"[{":{"b":"\\\"{"}}"#, 2),
        ] {
            assert_eq!(depth(json), levels, "{json}");
        }
    }
}
