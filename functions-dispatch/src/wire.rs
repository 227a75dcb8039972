//! The encoding of Protocol Buffers, as far as Dispatch's few messages need it: a function does not pay for
//! a library.

use crate::Error;

/// Writes the fields of a message. Like proto3, it leaves out what is zero or empty.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn key(&mut self, field: u32, kind: u8) {
        self.varint(u64::from(field) << 3 | u64::from(kind));
    }

    pub(crate) fn number(&mut self, field: u32, number: u64) {
        if number != 0 {
            self.key(field, 0);
            self.varint(number);
        }
    }

    /// Eight bytes, also if they are zero.
    pub(crate) fn fixed64(&mut self, field: u32, number: u64) {
        self.key(field, 1);
        self.0.extend(number.to_le_bytes());
    }

    pub(crate) fn bytes(&mut self, field: u32, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.raw(field, bytes);
        }
    }

    /// Bytes, also if there are none.
    pub(crate) fn raw(&mut self, field: u32, bytes: &[u8]) {
        self.key(field, 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
    }

    pub(crate) fn text(&mut self, field: u32, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    /// A message, also if it is empty.
    pub(crate) fn message(&mut self, field: u32, write: impl FnOnce(&mut Self)) {
        let mut inner = Self::default();
        write(&mut inner);
        self.raw(field, &inner.0);
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Writes one message.
pub(crate) fn message(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::default();
    write(&mut writer);
    writer.finish()
}

/// The value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Field<'a> {
    Number(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
}

/// Reads the fields of a message one after the other.
#[derive(Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next field and its number; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, Field<'a>)>, Error> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let field = match key & 7 {
            0 => Field::Number(self.varint()?),
            1 => Field::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| malformed())?;
                let (bytes, rest) = self.0.split_at_checked(length).ok_or_else(malformed)?;
                self.0 = rest;
                Field::Bytes(bytes)
            }
            5 => Field::Fixed32(u32::from_le_bytes(self.array()?)),
            _ => return Err(malformed()),
        };
        Ok(Some((key >> 3, field)))
    }

    fn varint(&mut self) -> Result<u64, Error> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or_else(malformed)?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(malformed())
    }

    fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], Error> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or_else(malformed)?;
        self.0 = rest;
        Ok(*bytes)
    }
}

/// The text of a field.
pub(crate) fn text(bytes: &[u8]) -> Result<String, Error> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Error::invalid_message("a text is not UTF-8"))
}

#[cold]
fn malformed() -> Error {
    Error::invalid_message("malformed or incomplete")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What is written is read.
        #[test]
        fn written_fields_are_read(number: u64, fixed: u64, bytes: Vec<u8>) {
            let written = message(|writer| {
                writer.number(1, number);
                writer.fixed64(2, fixed);
                writer.bytes(3, &bytes);
                writer.message(4, |inner| inner.number(1, number));
            });
            let mut reader = Reader::new(&written);
            if number != 0 {
                prop_assert_eq!(reader.next().unwrap(), Some((1, Field::Number(number))));
            }
            prop_assert_eq!(reader.next().unwrap(), Some((2, Field::Fixed64(fixed))));
            if !bytes.is_empty() {
                prop_assert_eq!(reader.next().unwrap(), Some((3, Field::Bytes(&bytes))));
            }
            prop_assert!(matches!(reader.next().unwrap(), Some((4, Field::Bytes(_)))));
            prop_assert_eq!(reader.next().unwrap(), None);
        }

        /// Arbitrary bytes are an error or fields, and never a panic.
        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let mut reader = Reader::new(&bytes);
            while let Ok(Some(_)) = reader.next() {}
        }
    }
}
