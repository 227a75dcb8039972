//! Parameters whose size is checked before they are copied out of a function.
//!
//! Generated code first copies a string or list, up to the memory limit, and only then calls the host,
//! which may refuse it. The types below lift the contract's own types, and check the length before
//! they copy.
#![expect(unsafe_code, reason = "wasmtime's traits for parameters are unsafe")]

use wasmtime::component::__internal::wasmtime_environ::component::StringEncoding;
use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext};
use wasmtime::component::{ComponentType, Lift};
use wasmtime::{Result, ValRaw};

use crate::message::headers::MAX_HEADER_BYTES;
use crate::message::headers::{HeaderLimit, InvalidHeader, MAX_HEADERS};

/// The longest string, in bytes, that a function may give the host: a name, a path, a URL.
pub(super) const MAX_TEXT: usize = 64 * 1024;

/// How many pairs of a list are kept; the rest is dropped.
pub(super) const MAX_PAIRS: usize = 64;

/// How long the strings of a list of pairs may be together: every one takes time to copy.
pub(super) const MAX_PAIR_TEXTS: usize = 1024 * 1024;

/// The size of a stored pair: two pointers, each with a length.
const PAIR: usize = 16;

/// A string; `None` if it is longer than [`MAX_TEXT`].
#[derive(Debug)]
pub(super) struct Text(pub(super) Option<String>);

/// A string, cut at [`MAX_TEXT`].
#[derive(Debug)]
pub(super) struct TextPrefix(pub(super) String);

/// The first [`MAX_PAIRS`] of a list of pairs, each string cut at [`MAX_TEXT`]; fewer if their strings
/// are longer than [`MAX_PAIR_TEXTS`] together.
#[derive(Debug)]
pub(super) struct FirstPairs(pub(super) Vec<(TextPrefix, TextPrefix)>);

/// Headers; `None` above [`MAX_HEADERS`] or [`MAX_HEADER_BYTES`].
#[derive(Debug)]
pub(crate) struct HeaderList(pub(super) Option<Vec<(String, Vec<u8>)>>);

impl HeaderList {
    /// The headers, if they are within `limit`.
    pub(super) fn within(
        self,
        limit: HeaderLimit,
    ) -> Result<Vec<(String, Vec<u8>)>, InvalidHeader> {
        let headers = self.0.ok_or(InvalidHeader::TooMany(limit))?;
        limit.check(&headers)?;
        Ok(headers)
    }
}

/// The location of a string or list in a function's memory.
#[derive(Clone, Copy)]
pub(super) struct GuestSpan {
    start: u32,
    /// In elements of a list; in bytes or UTF-16 units of a string.
    length: u32,
}

impl GuestSpan {
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

    /// The span, cut at `max` elements.
    fn first(self, max: usize) -> Self {
        let max = u32::try_from(max).unwrap_or(u32::MAX);
        Self {
            length: self.length.min(max),
            ..self
        }
    }

    /// The length, read as a string's.
    fn text_length(self) -> usize {
        /// Set in the length of a UTF-16 string where a string may have either encoding.
        const UTF16_TAG: u32 = 1 << 31;
        (self.length & !UTF16_TAG) as usize
    }

    /// The elements, of `each` bytes; `None` if they are out of bounds.
    fn bytes<'a>(self, cx: &LiftContext<'a>, each: usize) -> Option<&'a [u8]> {
        let start = self.start as usize;
        let end = (self.length as usize).checked_mul(each)?;
        cx.memory().get(start..start.checked_add(end)?)
    }
}

/// A bounded form of a contract type that is lifted from a pointer and a length.
pub(super) trait Bounded: Sized {
    /// The type of the contract.
    type Of: ComponentType<Lower = [ValRaw; 2]> + Lift;

    fn lift(cx: &mut LiftContext<'_>, ty: InterfaceType, span: GuestSpan) -> Result<Self>;

    /// Lifts the whole value as the contract's type.
    fn all(cx: &mut LiftContext<'_>, ty: InterfaceType, span: GuestSpan) -> Result<Self::Of> {
        Self::Of::linear_lift_from_flat(cx, ty, &span.flat())
    }
}

impl Bounded for Text {
    type Of = String;

    fn lift(cx: &mut LiftContext<'_>, ty: InterfaceType, span: GuestSpan) -> Result<Self> {
        if span.text_length() > MAX_TEXT {
            return Ok(Self(None));
        }
        let text = Self::all(cx, ty, span)?;
        // A UTF-16 unit may need three bytes.
        Ok(Self((text.len() <= MAX_TEXT).then_some(text)))
    }
}

impl Bounded for TextPrefix {
    type Of = String;

    fn lift(cx: &mut LiftContext<'_>, ty: InterfaceType, span: GuestSpan) -> Result<Self> {
        if span.text_length() <= MAX_TEXT {
            let mut text = Self::all(cx, ty, span)?;
            text.truncate(text.floor_char_boundary(MAX_TEXT));
            return Ok(Self(text));
        }
        if cx.options().string_encoding != StringEncoding::Utf8 {
            return Ok(Self("(a string that is too long)".into()));
        }
        let bytes = span.first(MAX_TEXT).bytes(cx, 1).unwrap_or_default();
        Ok(Self(whole_characters(bytes)))
    }
}

/// The longest prefix of whole characters.
fn whole_characters(bytes: &[u8]) -> String {
    // A cut character has at most three bytes here.
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

    fn lift(cx: &mut LiftContext<'_>, ty: InterfaceType, span: GuestSpan) -> Result<Self> {
        let span = span.first(MAX_PAIRS);
        // The lift below reports a span that is out of bounds.
        let pairs = span.bytes(cx, PAIR).unwrap_or_default();
        let mut texts = 0;
        for (kept, pair) in pairs.chunks(PAIR).enumerate() {
            for half in pair.chunks(PAIR / 2) {
                texts += GuestSpan::from_memory(half)?.text_length().min(MAX_TEXT);
            }
            if texts > MAX_PAIR_TEXTS {
                return Self::all(cx, ty, span.first(kept)).map(Self);
            }
        }
        Self::all(cx, ty, span).map(Self)
    }
}

impl Bounded for HeaderList {
    type Of = Vec<(String, Vec<u8>)>;

    fn lift(cx: &mut LiftContext<'_>, ty: InterfaceType, span: GuestSpan) -> Result<Self> {
        if span.length as usize > MAX_HEADERS {
            return Ok(Self(None));
        }
        // The lift below reports a span that is out of bounds.
        let pairs = span.bytes(cx, PAIR).unwrap_or_default();
        let mut size = 0;
        for half in pairs.chunks(PAIR / 2) {
            size += GuestSpan::from_memory(half)?.text_length();
        }
        if size > MAX_HEADER_BYTES {
            return Ok(Self(None));
        }
        Self::all(cx, ty, span).map(|headers| Self(Some(headers)))
    }
}

macro_rules! lifted {
    ($($bounded:ty),*) => ($(
        // SAFETY: `Lower`, `ABI` and `typecheck` are all those of the contract's type `Of`, whose own
        // implementation is sound.
        unsafe impl ComponentType for $bounded {
            type Lower = [ValRaw; 2];
            const ABI: CanonicalAbiInfo = <<Self as Bounded>::Of as ComponentType>::ABI;

            fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
                <<Self as Bounded>::Of as ComponentType>::typecheck(ty, types)
            }
        }

        // SAFETY: every lifted value is lifted by the contract's type. The rest only reads the memory with
        // bounds checks, and takes nothing from it but lengths.
        unsafe impl Lift for $bounded {
            fn linear_lift_from_flat(
                cx: &mut LiftContext<'_>,
                ty: InterfaceType,
                src: &Self::Lower,
            ) -> Result<Self> {
                <Self as Bounded>::lift(cx, ty, GuestSpan::from_flat(src))
            }

            fn linear_lift_from_memory(
                cx: &mut LiftContext<'_>,
                ty: InterfaceType,
                bytes: &[u8],
            ) -> Result<Self> {
                <Self as Bounded>::lift(cx, ty, GuestSpan::from_memory(bytes)?)
            }
        }
    )*)
}

lifted!(Text, TextPrefix, FirstPairs, HeaderList);

#[cfg(test)]
mod tests {
    use super::*;

    /// A cut string ends with a whole character, and an invalid one stays readable.
    #[test]
    fn prefixes_end_with_whole_characters() {
        for (bytes, text) in [
            (b"".as_slice(), ""),
            (b"ab", "ab"),
            ("aé".as_bytes(), "aé"),
            (&"aé".as_bytes()[..2], "a"),
            (&"a\u{1f600}".as_bytes()[..4], "a"),
            (&"\u{1f600}".as_bytes()[..3], ""),
            (b"a\xffbcde", "a\u{fffd}bcde"),
        ] {
            assert_eq!(whole_characters(bytes), text);
        }
    }
}
