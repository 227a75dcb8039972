//! Escapes text of functions and clients in lines of the host's.

use std::any::Any;
use std::fmt::{self, Write as _};

/// Text in which nothing ends a line, controls a terminal, or changes how the rest is displayed.
///
/// ```
/// use host_harness::Escaped;
///
/// assert_eq!(Escaped("a\nb").to_string(), "a\\nb");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(f, self.0, is_special)
    }
}

/// A line of the host's own log, which may contain foreign text: escaped except for line ends.
///
/// Text after a line end is indented, so that no part of it looks like a line of its own.
pub(super) struct HostText<'a> {
    pub(super) text: &'a str,
    /// Whether escape characters are the host's own: foreign ones are escaped already.
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

/// A line of JSON whose special characters are replaced by JSON escapes. Parsers read the same value.
pub(super) struct JsonText<'a>(pub(super) &'a str);

impl fmt::Display for JsonText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escape_unit = |f: &mut fmt::Formatter<'_>, unit: &u16| write!(f, "\\u{unit:04x}");
        // There are none outside strings, except for the line's end.
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

/// Whether a text is printable ASCII only, as most are. A fast check.
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

/// Whether a character ends a line, controls a terminal, reorders its neighbours, or is invisible.
///
/// The invisible ones are Unicode's `Default_Ignorable_Code_Point`, without the joiners and variation
/// selectors that emoji and some scripts need.
fn is_special(character: char) -> bool {
    match character {
        '\t' => false,
        // C0 and C1 controls, DEL.
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => true,
        // The fast path for common letters.
        ' '..='\u{ac}' => false,
        // Line and paragraph separators; directional marks, embeddings, overrides and isolates.
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        '\u{61c}' | '\u{200e}' | '\u{200f}' => true,
        // Invisible characters.
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

/// `key=value`, each quoted if it would be ambiguous otherwise.
pub(super) struct Field<'a>(pub(super) &'a str, pub(super) &'a str);

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        quoted(f, self.0)?;
        f.write_char('=')?;
        quoted(f, self.1)
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let is_ambiguous = |character: char| {
        character.is_whitespace() || is_special(character) || matches!(character, '"' | '=')
    };
    if !text.is_empty() && !text.contains(is_ambiguous) {
        return f.write_str(text);
    }
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    write!(f, "\"{}\"", Escaped(&text))
}

/// The message of a panic.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a message")
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

    /// Special characters become visible and harmless; ordinary text stays.
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

    /// A host line keeps its line ends, and only its first line starts at the margin.
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

    /// JSON parses to the same value after its special characters are escaped.
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
