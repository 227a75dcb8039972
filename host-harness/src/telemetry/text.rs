//! Text from functions in lines of the host's.

use std::fmt::{self, Write as _};

/// A text in which nothing ends a line, or tells a terminal to do anything.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in self.0.split_inclusive(is_special) {
            let mut plain = part.chars();
            match plain.next_back().filter(|last| is_special(*last)) {
                Some(special) => write!(f, "{}{}", plain.as_str(), special.escape_debug())?,
                None => f.write_str(part)?,
            }
        }
        Ok(())
    }
}

/// Line ends of Unicode's, and control characters other than the tab.
fn is_special(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}') || (character.is_control() && character != '\t')
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
