//! Parameters whose size is looked at before they are copied out of a function.
//!
//! Generated code first copies a text or a list, up to the memory limit, and only then calls the host,
//! which may not even want it. The types below are those of the contract all the same, and know what
//! is too long before they copy it.
#![expect(unsafe_code, reason = "wasmtime's traits for parameters are unsafe")]

use wasmtime::component::__internal::wasmtime_environ::component::StringEncoding;
use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext};
use wasmtime::component::{ComponentType, Lift};
use wasmtime::{Result, ValRaw};

use crate::message::headers::MAX_HEADER_BYTES;
use crate::message::headers::{HeaderLimit, InvalidHeader, MAX_HEADERS};

/// The longest text, in bytes, that a function may give the host: a name, a path, a URL.
pub(super) const MAX_TEXT: usize = 64 * 1024;

/// How many pairs are kept of a list of them.
pub(super) const MAX_PAIRS: usize = 64;

/// A text; none if it is longer than [`MAX_TEXT`].
#[derive(Debug)]
pub(super) struct Text(pub(super) Option<String>);

/// The beginning of a text: all of it up to [`MAX_TEXT`].
#[derive(Debug)]
pub(super) struct TextPrefix(pub(super) String);

/// The first [`MAX_PAIRS`] of a list of pairs, each text cut off where it is too long.
#[derive(Debug)]
pub(super) struct FirstPairs(pub(super) Vec<(TextPrefix, TextPrefix)>);

/// Headers; none if they are more than [`MAX_HEADERS`], or longer than [`MAX_HEADER_BYTES`].
#[derive(Debug)]
pub(crate) struct HeaderList(pub(super) Option<Vec<(String, Vec<u8>)>>);

impl HeaderList {
    /// The headers, unless they are more than a function may give.
    pub(super) fn within(
        self,
        limit: HeaderLimit,
    ) -> Result<Vec<(String, Vec<u8>)>, InvalidHeader> {
        let headers = self.0.ok_or(InvalidHeader::TooMany(limit))?;
        limit.check(&headers)?;
        Ok(headers)
    }
}

/// Where a text or a list is in a function's memory.
#[derive(Clone, Copy)]
pub(super) struct Span {
    start: u32,
    /// In elements of a list; in bytes, or units of UTF-16, of a text.
    length: u32,
}

impl Span {
    fn flat(self) -> [ValRaw; 2] {
        [ValRaw::u32(self.start), ValRaw::u32(self.length)]
    }

    fn from_flat(flat: &[ValRaw; 2]) -> Self {
        let [start, length] = flat.map(|word| word.get_u32());
        Self { start, length }
    }

    fn from_memory(bytes: &[u8]) -> Result<Self> {
        let word = |at| bytes.get(at..at + 4).and_then(|word| word.try_into().ok());
        match (word(0), word(4)) {
            (Some(start), Some(length)) => Ok(Self {
                start: u32::from_le_bytes(start),
                length: u32::from_le_bytes(length),
            }),
            _ => Err(wasmtime::format_err!("a pointer is out of bounds")),
        }
    }

    /// With as many elements at most.
    fn first(self, most: usize) -> Self {
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        Self {
            length: self.length.min(most),
            ..self
        }
    }

    /// How long it is, as a text.
    fn text_length(self) -> usize {
        /// Says which of two encodings a text has, where that is the text's to say.
        const UTF16_TAG: u32 = 1 << 31;
        (self.length & !UTF16_TAG) as usize
    }

    /// Its elements, of so many bytes each; none if they are not in the memory.
    fn bytes<'a>(self, cx: &LiftContext<'a>, each: usize) -> Option<&'a [u8]> {
        let start = self.start as usize;
        let end = (self.length as usize).checked_mul(each)?;
        cx.memory().get(start..start.checked_add(end)?)
    }
}

/// A type that is lifted from a pointer and a length, in the place of another.
pub(super) trait Bounded: Sized {
    /// The type of the contract.
    type Of: ComponentType<Lower = [ValRaw; 2]> + Lift;

    fn lift(cx: &mut LiftContext<'_>, ty: InterfaceType, span: Span) -> Result<Self>;

    /// Lifts it as the contract's type.
    fn all(cx: &mut LiftContext<'_>, ty: InterfaceType, span: Span) -> Result<Self::Of> {
        Self::Of::linear_lift_from_flat(cx, ty, &span.flat())
    }
}

impl Bounded for Text {
    type Of = String;

    fn lift(cx: &mut LiftContext<'_>, ty: InterfaceType, span: Span) -> Result<Self> {
        if span.text_length() > MAX_TEXT {
            return Ok(Self(None));
        }
        Self::all(cx, ty, span).map(|text| Self(Some(text)))
    }
}

impl Bounded for TextPrefix {
    type Of = String;

    fn lift(cx: &mut LiftContext<'_>, ty: InterfaceType, span: Span) -> Result<Self> {
        if span.text_length() <= MAX_TEXT {
            return Self::all(cx, ty, span).map(Self);
        }
        if cx.options().string_encoding != StringEncoding::Utf8 {
            return Ok(Self("(a text that is too long)".into()));
        }
        let bytes = span.first(MAX_TEXT).bytes(cx, 1).unwrap_or_default();
        Ok(Self(beginning(bytes)))
    }
}

/// The characters that are whole.
fn beginning(bytes: &[u8]) -> String {
    // Of the last one, three bytes at most are there.
    let whole = (bytes.len().saturating_sub(3)..=bytes.len())
        .rev()
        .filter_map(|end| bytes.get(..end))
        .find_map(|bytes| std::str::from_utf8(bytes).ok());
    whole.map_or_else(
        || String::from_utf8_lossy(bytes).into_owned(),
        str::to_owned,
    )
}

impl Bounded for FirstPairs {
    type Of = Vec<(TextPrefix, TextPrefix)>;

    fn lift(cx: &mut LiftContext<'_>, ty: InterfaceType, span: Span) -> Result<Self> {
        Self::all(cx, ty, span.first(MAX_PAIRS)).map(Self)
    }
}

impl Bounded for HeaderList {
    type Of = Vec<(String, Vec<u8>)>;

    fn lift(cx: &mut LiftContext<'_>, ty: InterfaceType, span: Span) -> Result<Self> {
        /// Where a pair is stored: two pointers, and a length after each.
        const PAIR: usize = 16;
        if span.length as usize > MAX_HEADERS {
            return Ok(Self(None));
        }
        // What is out of bounds is told of by who lifts it.
        let pairs = span.bytes(cx, PAIR).unwrap_or_default();
        let mut takes = 0;
        for half in pairs.chunks(PAIR / 2) {
            takes += Span::from_memory(half)?.text_length();
        }
        if takes > MAX_HEADER_BYTES {
            return Ok(Self(None));
        }
        Self::all(cx, ty, span).map(|headers| Self(Some(headers)))
    }
}

macro_rules! lifted {
    ($($bounded:ty),*) => ($(
        // SAFETY: all of it is what the type of the contract has, which is the other's own.
        unsafe impl ComponentType for $bounded {
            type Lower = [ValRaw; 2];
            const ABI: CanonicalAbiInfo = <<Self as Bounded>::Of as ComponentType>::ABI;

            fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
                <<Self as Bounded>::Of as ComponentType>::typecheck(ty, types)
            }
        }

        // SAFETY: what is lifted, the type of the contract lifts; everything else reads the memory with
        // bounds checks, and takes no value from it but how long something is.
        unsafe impl Lift for $bounded {
            fn linear_lift_from_flat(
                cx: &mut LiftContext<'_>,
                ty: InterfaceType,
                src: &Self::Lower,
            ) -> Result<Self> {
                <Self as Bounded>::lift(cx, ty, Span::from_flat(src))
            }

            fn linear_lift_from_memory(
                cx: &mut LiftContext<'_>,
                ty: InterfaceType,
                bytes: &[u8],
            ) -> Result<Self> {
                <Self as Bounded>::lift(cx, ty, Span::from_memory(bytes)?)
            }
        }
    )*)
}

lifted!(Text, TextPrefix, FirstPairs, HeaderList);

#[cfg(test)]
mod tests {
    use super::*;

    /// A text that is cut off ends with a whole character, and an invalid one is readable all the same.
    #[test]
    fn beginnings_are_whole_characters() {
        for (bytes, text) in [
            (b"".as_slice(), ""),
            (b"ab", "ab"),
            ("aé".as_bytes(), "aé"),
            (&"aé".as_bytes()[..2], "a"),
            (&"a\u{1f600}".as_bytes()[..4], "a"),
            (&"\u{1f600}".as_bytes()[..3], ""),
            (b"a\xffbcde", "a\u{fffd}bcde"),
        ] {
            assert_eq!(beginning(bytes), text);
        }
    }
}
