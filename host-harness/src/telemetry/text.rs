//! Text from functions and clients in lines of the host's.

use std::fmt::{self, Write as _};

/// A text in which nothing ends a line, steers a terminal, or changes what is seen of the rest.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(f, self.0, is_special)
    }
}

/// A line of the host's own log, which may hold text of others: `Escaped`, but for its line ends.
///
/// What comes after a line end is indented, so that no part of it looks like a line of its own.
pub(super) struct HostText<'a> {
    pub(super) text: &'a str,
    /// Whether escape characters are the host's own: those of others are escaped already.
    pub(super) has_colors: bool,
}

impl fmt::Display for HostText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_special =
            |character| is_special(character) && !(self.has_colors && character == '\u{1b}');
        for (count, line) in self.text.trim_end_matches('\n').split('\n').enumerate() {
            if count > 0 {
                f.write_str("\n    ")?;
            }
            escape(f, line, is_special)?;
        }
        f.write_char('\n')
    }
}

/// A line of JSON in which special characters are written as JSON's own escapes, which changes
/// nothing for who parses it.
pub(super) struct JsonText<'a>(pub(super) &'a str);

impl fmt::Display for JsonText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escape_unit = |f: &mut fmt::Formatter<'_>, unit: &u16| write!(f, "\\u{unit:04x}");
        // Outside strings there is none, but for the line's end.
        let line = self.0.trim_end_matches('\n');
        if is_plain(line) {
            return writeln!(f, "{line}");
        }
        for part in line.split_inclusive(is_special) {
            let mut plain = part.chars();
            match plain.next_back().filter(|last| is_special(*last)) {
                Some(special) => {
                    f.write_str(plain.as_str())?;
                    let units = special.encode_utf16(&mut [0; 2]).to_vec();
                    units.iter().try_for_each(|unit| escape_unit(f, unit))?;
                }
                None => f.write_str(part)?,
            }
        }
        f.write_char('\n')
    }
}

fn escape(
    f: &mut fmt::Formatter<'_>,
    text: &str,
    is_special: impl Fn(char) -> bool,
) -> fmt::Result {
    if is_plain(text) {
        return f.write_str(text);
    }
    for part in text.split_inclusive(&is_special) {
        let mut plain = part.chars();
        match plain.next_back().filter(|last| is_special(*last)) {
            Some(special) => write!(f, "{}{}", plain.as_str(), Escape(special))?,
            None => f.write_str(part)?,
        }
    }
    Ok(())
}

/// Whether a text has nothing but printable ASCII, as most have: told in a fraction of the time.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

struct Escape(char);

impl fmt::Display for Escape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            '\n' => f.write_str("\\n"),
            '\r' => f.write_str("\\r"),
            '\0' => f.write_str("\\0"),
            other => write!(f, "{}", other.escape_unicode()),
        }
    }
}

/// Whether a character ends a line, steers a terminal, reorders what stands beside it, or cannot be seen.
///
/// The invisible ones are Unicode's `Default_Ignorable_Code_Point`, less the joiners and variation
/// selectors, without which emoji and some scripts are not what they should be.
fn is_special(character: char) -> bool {
    match character {
        '\t' => false,
        // Controls of C0 and C1, DEL.
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => true,
        // The usual letters need no further look.
        ' '..='\u{ac}' => false,
        // Line and paragraph ends; marks, embeddings, overrides and isolates of direction.
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        '\u{61c}' | '\u{200e}' | '\u{200f}' => true,
        // What cannot be seen.
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' => {
            true
        }
        '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' => true,
        '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' => true,
        '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' => true,
        '\u{e0000}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}' => true,
        _ => false,
    }
}

/// `key=value`, each in quotes where it would not be clear otherwise.
pub(super) struct Field<'a>(pub(super) &'a str, pub(super) &'a str);

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        quoted(f, self.0)?;
        f.write_char('=')?;
        quoted(f, self.1)
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let unclear = |character: char| {
        character.is_whitespace() || is_special(character) || matches!(character, '"' | '=')
    };
    if !text.is_empty() && !text.contains(unclear) {
        return f.write_str(text);
    }
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    write!(f, "\"{}\"", Escaped(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each kind of special character.
    const SPECIAL: [char; 18] = [
        '\0',
        '\n',
        '\u{1b}',
        '\u{7f}',
        '\u{85}',
        '\u{9b}',
        '\u{ad}',
        '\u{61c}',
        '\u{200b}',
        '\u{200f}',
        '\u{2028}',
        '\u{202e}',
        '\u{2060}',
        '\u{2066}',
        '\u{2069}',
        '\u{feff}',
        '\u{fffb}',
        '\u{e0041}',
    ];

    /// What is special is visible and harmless afterwards; what people write stays.
    #[test]
    fn special_characters_are_escaped() {
        for special in SPECIAL {
            let shown = Escaped(&format!("a{special}b")).to_string();
            assert!(
                shown.starts_with("a\\") && shown.ends_with('b'),
                "{shown:?}"
            );
            assert!(!shown.contains(is_special), "{shown:?}");
        }
        assert_eq!(
            Escaped("abc\u{202e}txt.exe").to_string(),
            "abc\\u{202e}txt.exe"
        );
        for plain in [
            "a\tb \\ \"é\"",
            "👩\u{200d}👩\u{200d}👦 ❤\u{fe0f}",
            "می\u{200c}خواهم",
            "שלום",
            "\u{a0}",
        ] {
            assert_eq!(Escaped(plain).to_string(), plain);
        }
    }

    /// A line of the host's keeps its line ends, and no line after the first begins at the margin.
    #[test]
    fn host_lines_cannot_be_forged() {
        let shown = |text, has_colors| HostText { text, has_colors }.to_string();
        assert_eq!(
            shown("ERROR trap\n[f 0 stdout] forged\r\u{202e}\n", false),
            "ERROR trap\n    [f 0 stdout] forged\\r\\u{202e}\n"
        );
        assert_eq!(shown("\u{1b}[31mERROR\n", true), "\u{1b}[31mERROR\n");
        assert_eq!(shown("\u{1b}[31mERROR\n", false), "\\u{1b}[31mERROR\n");
    }

    /// JSON says the same after its special characters are escaped.
    #[test]
    fn json_is_escaped_without_loss() {
        for special in SPECIAL {
            let text = format!("a{special}\"b");
            let line = JsonText(&serde_json::to_string(&text).unwrap()).to_string();
            assert!(!line.trim_end().contains(is_special), "{line:?}");
            assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
        }
    }
}
