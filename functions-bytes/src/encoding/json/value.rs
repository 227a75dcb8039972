//! The values of a JSON text.

use serde::de::{self, Expected, IgnoredAny, Visitor};

use super::access::{Elements, Members, Variant};
use super::error::Error;
use super::source::{Number, Source};
use super::text::Text;

impl<'de> Source<'de> {
    /// What stands here is of another type than the one that is expected.
    #[cold]
    pub(super) fn wrong(&mut self, expected: &dyn Expected) -> Error {
        let error = match self.peek() {
            Some(b'n') => self.ident(b"ull").map(|()| ("null", "")),
            Some(b't') => self.ident(b"rue").map(|()| ("boolean", "true")),
            Some(b'f') => self.ident(b"alse").map(|()| ("boolean", "false")),
            Some(b'-' | b'0'..=b'9') => {
                let start = self.at();
                self.number().map(|number| match number {
                    Number::Other(text) => ("floating point", text),
                    _ => {
                        let text = str::from_utf8(self.since(start)).unwrap_or_default();
                        ("integer", text)
                    }
                })
            }
            Some(b'"') => match self.string() {
                Ok(Text::Borrowed(text) | Text::Copied(text)) => {
                    let error = de::Error::invalid_type(de::Unexpected::Str(text), expected);
                    return self.place(error);
                }
                Err(error) => return error,
            },
            Some(b'[') => Ok(("list", "")),
            Some(b'{') => Ok(("object", "")),
            _ => return self.fail_next("expected value"),
        };
        match error {
            Ok((kind, value)) => self.place(Error::wrong(kind, value, expected)),
            Err(error) => error,
        }
    }

    pub(super) fn null<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        self.ident(b"ull")?;
        visitor.visit_unit()
    }

    pub(super) fn boolean<V: Visitor<'de>>(
        &mut self,
        value: bool,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.ident(if value { b"rue" } else { b"alse" })?;
        visitor.visit_bool(value)
    }

    pub(super) fn text<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        match self.string()? {
            Text::Borrowed(text) => visitor.visit_borrowed_str(text),
            Text::Copied(text) => visitor.visit_str(text),
        }
    }

    /// A number, where floats are welcome: `parse` reads one.
    pub(super) fn any_number<V: Visitor<'de>>(
        &mut self,
        visitor: V,
        parse: impl FnOnce(&str) -> Option<f64>,
    ) -> Result<V::Value, Error> {
        match self.number()? {
            Number::Unsigned(number) => visitor.visit_u64(number),
            Number::Signed(number) => visitor.visit_i64(number),
            Number::Other(text) => match parse(text) {
                Some(number) if number.is_finite() => visitor
                    .visit_f64(number)
                    .map_err(|error: Error| error.showing(text)),
                _ => Err(self.fail("number out of range")),
            },
        }
    }

    pub(super) fn float<V: Visitor<'de>>(
        &mut self,
        visitor: V,
        parse: impl FnOnce(&str) -> Option<f64>,
    ) -> Result<V::Value, Error> {
        let value = match self.value()? {
            b'-' | b'0'..=b'9' => self.any_number(visitor, parse),
            _ => Err(self.wrong(&visitor)),
        };
        value.map_err(|error| self.place(error))
    }

    pub(super) fn list<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        self.enter()?;
        let value = visitor.visit_seq(Elements::new(self));
        self.leave();
        // Also after an error: it is told where the list ends.
        let end = self.end_list();
        value.and_then(|value| end.map(|()| value))
    }

    fn end_list(&mut self) -> Result<(), Error> {
        match self.token() {
            Some(b']') => {
                self.skip();
                Ok(())
            }
            Some(b',') => {
                self.skip();
                Err(match self.token() {
                    Some(b']') => self.fail_next("trailing comma"),
                    _ => self.fail_next("trailing characters"),
                })
            }
            Some(_) => Err(self.fail_next("trailing characters")),
            None => Err(self.fail_next("EOF while parsing a list")),
        }
    }

    pub(super) fn object<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        self.enter()?;
        let value = visitor.visit_map(Members::new(self));
        self.leave();
        let end = self.end_object();
        value.and_then(|value| end.map(|()| value))
    }

    fn end_object(&mut self) -> Result<(), Error> {
        match self.token() {
            Some(b'}') => {
                self.skip();
                Ok(())
            }
            Some(b',') => Err(self.fail_next("trailing comma")),
            Some(_) => Err(self.fail_next("trailing characters")),
            None => Err(self.fail_next("EOF while parsing an object")),
        }
    }

    pub(super) fn integer<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        let (b'-' | b'0'..=b'9') = self.value()? else {
            return Err(self.wrong(&visitor));
        };
        let value = match self.number()? {
            Number::Unsigned(number) => visitor.visit_u64(number),
            Number::Signed(number) => visitor.visit_i64(number),
            // Not `visit_f64`: parsing floats is much code for a function without them.
            Number::Other(text) => Err(Error::wrong("floating point", text, &visitor)),
        };
        value.map_err(|error| self.place(error))
    }

    /// Goes past a value of any depth.
    pub(super) fn ignore(&mut self) -> Result<(), Error> {
        match self.value()? {
            b'n' => self.ident(b"ull"),
            b't' => self.ident(b"rue"),
            b'f' => self.ident(b"alse"),
            b'-' | b'0'..=b'9' => self.number().map(|_| ()),
            b'"' => self.skim(false).map(|_| ()),
            b'[' => self.list(IgnoredAny).map(|_| ()),
            b'{' => self.object(IgnoredAny).map(|_| ()),
            _ => Err(self.fail_next("expected value")),
        }
    }

    /// An object of one member: the name of a variant and its value.
    pub(super) fn variant<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        self.enter()?;
        let value = Variant::object(self).and_then(|variant| visitor.visit_enum(variant));
        self.leave();
        let value = value?;
        match self.token() {
            Some(b'}') => {
                self.skip();
                Ok(value)
            }
            Some(_) => Err(self.fail("expected value")),
            None => Err(self.fail("EOF while parsing an object")),
        }
    }

    pub(super) fn bytes<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        match self.string()? {
            Text::Borrowed(text) => visitor.visit_borrowed_bytes(text.as_bytes()),
            Text::Copied(text) => visitor.visit_bytes(text.as_bytes()),
        }
    }

    /// An integer of 128 bits, which `read` parses and visits unless it does not fit.
    pub(super) fn wide_integer<V: Visitor<'de>>(
        &mut self,
        visitor: V,
        read: impl FnOnce(&str, V) -> Result<Result<V::Value, Error>, V>,
    ) -> Result<V::Value, Error> {
        let (b'-' | b'0'..=b'9') = self.value()? else {
            return Err(self.wrong(&visitor));
        };
        let start = self.at();
        self.number()?;
        let text = str::from_utf8(self.since(start)).unwrap_or_default();
        let value = match read(text, visitor) {
            Ok(value) => value,
            Err(visitor) => Err(Error::wrong("number", text, &visitor)),
        };
        value.map_err(|error| self.place(error))
    }
}
