//! The strings of a JSON text.

use super::error::Error;
use super::source::Source;

/// A string: a part of the text, or what its escapes made of one.
pub(super) enum Text<'de, 'a> {
    Borrowed(&'de str),
    Copied(&'a str),
}

impl<'de> Source<'de> {
    /// A string, whose opening quote was peeked.
    pub(super) fn string(&mut self) -> Result<Text<'de, '_>, Error> {
        let start = self.at + 1;
        let (end, plain) = self.skim(true)?;
        let bytes = self.bytes.get(start..end).unwrap_or_default();
        let (text, length) = if plain {
            (str::from_utf8(bytes).map(Text::Borrowed), bytes.len())
        } else {
            let copied = str::from_utf8(&self.scratch).map(Text::Copied);
            (copied, self.scratch.len())
        };
        match text {
            Ok(text) => Ok(text),
            Err(error) => {
                // Where it is bad. With escapes before that, only nearly.
                let rest = length - error.valid_up_to();
                let bad = self.again(self.at.saturating_sub(rest));
                Err(bad.fail("invalid unicode code point"))
            }
        }
    }

    /// Goes past a string; where it ended, and whether it had no escapes. What escapes stand for is
    /// put together in `scratch` where `keep` asks for it, and looked at no closer otherwise.
    pub(super) fn skim(&mut self, keep: bool) -> Result<(usize, bool), Error> {
        self.skip();
        self.scratch.clear();
        let mut start = self.at;
        let mut plain = true;
        loop {
            match self.peek() {
                None => return Err(self.fail("EOF while parsing a string")),
                Some(b'"') => {
                    let end = self.at;
                    if keep && !plain {
                        self.scratch.extend_from_slice(self.since(start));
                    }
                    self.skip();
                    return Ok((end, plain));
                }
                Some(b'\\') => {
                    plain = false;
                    if keep {
                        self.scratch.extend_from_slice(self.since(start));
                    }
                    self.skip();
                    self.escape(keep)?;
                    start = self.at;
                }
                Some(..b' ') => {
                    if keep {
                        self.skip();
                    }
                    return Err(self
                        .fail("control character (\\u0000-\\u001F) found while parsing a string"));
                }
                Some(_) => self.skip(),
            }
        }
    }

    fn escape(&mut self, keep: bool) -> Result<(), Error> {
        let byte = match self.next() {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => return self.unicode(keep),
            Some(_) => return Err(self.fail("invalid escape")),
            None => return Err(self.fail("EOF while parsing a string")),
        };
        self.scratch.push(byte);
        Ok(())
    }

    /// The rest of `\u....`, and of the one that has to follow the first half of a pair.
    fn unicode(&mut self, keep: bool) -> Result<(), Error> {
        const LONE: &str = "lone leading surrogate in hex escape";
        let mut code = self.hex()?;
        if !keep {
            return Ok(());
        }
        if let 0xD800..0xDC00 = code {
            for expected in [b'\\', b'u'] {
                match self.next() {
                    Some(byte) if byte == expected => {}
                    Some(_) => return Err(self.fail("unexpected end of hex escape")),
                    None => return Err(self.fail("EOF while parsing a string")),
                }
            }
            let low = self.hex()?;
            if !(0xDC00..0xE000).contains(&low) {
                return Err(self.fail(LONE));
            }
            code = 0x1_0000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        }
        let Some(character) = char::from_u32(code) else {
            return Err(self.fail(LONE));
        };
        let mut buffer = [0; 4];
        let encoded = character.encode_utf8(&mut buffer);
        self.scratch.extend_from_slice(encoded.as_bytes());
        Ok(())
    }

    fn hex(&mut self) -> Result<u32, Error> {
        let digits = self.bytes.get(self.at..self.at + 4);
        let Some(digits) = digits else {
            self.at = self.bytes.len();
            return Err(self.fail("EOF while parsing a string"));
        };
        self.at += 4;
        let mut code = 0;
        for digit in digits {
            match char::from(*digit).to_digit(16) {
                Some(digit) => code = code << 4 | digit,
                None => return Err(self.fail("invalid escape")),
            }
        }
        Ok(code)
    }
}
