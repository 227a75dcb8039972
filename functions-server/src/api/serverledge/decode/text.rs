//! Replaces invalid Unicode, which Go's decoder takes.

use std::borrow::Cow;

/// What replaces it.
const REPLACEMENT: &str = "\u{fffd}";

/// The body as text: each byte that is not UTF-8, and each escape of half a surrogate pair, is replaced.
pub(super) fn valid(body: &[u8]) -> Cow<'_, str> {
    match utf8(body) {
        Cow::Borrowed(text) => paired(text),
        Cow::Owned(text) => Cow::Owned(paired(&text).into_owned()),
    }
}

fn utf8(body: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(body) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(body.len());
    for chunk in body.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| REPLACEMENT));
    }
    Cow::Owned(text)
}

/// Replaces escapes of surrogates that have no other half. Invalid JSON stays invalid.
fn paired(text: &str) -> Cow<'_, str> {
    let mut replaced = String::new();
    // Up to where the text was copied, and up to where it was looked at.
    let (mut copied, mut at) = (0, 0);
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    while let Some(found) = part(at, text.len()).find('\\') {
        let start = at + found;
        let escape = part(start, text.len());
        at = match (surrogate(escape), escape.get(ESCAPE..).and_then(surrogate)) {
            (None, _) => start + escape.chars().take(2).map(char::len_utf8).sum::<usize>(),
            (Some(0xd800..0xdc00), Some(0xdc00..)) => start + 2 * ESCAPE,
            (Some(_), _) => {
                replaced.push_str(part(copied, start));
                replaced.push_str(REPLACEMENT);
                copied = start + ESCAPE;
                copied
            }
        };
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    replaced.push_str(part(copied, text.len()));
    Cow::Owned(replaced)
}

/// The length of an escape such as `\ud83d`.
const ESCAPE: usize = 6;

/// The surrogate that an escape stands for.
fn surrogate(escape: &str) -> Option<u16> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    let number = u16::from_str_radix(digits, 16).ok()?;
    (0xd800..=0xdfff).contains(&number).then_some(number)
}
