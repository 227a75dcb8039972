//! Parses options with several values, separated by commas, as the environment has them.

use std::ffi::{OsStr, OsString};

use clap::builder::{OsStringValueParser, TypedValueParser};
use ureq::http::uri::Authority;

/// Values that were given together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct List(Vec<OsString>);

impl List {
    /// The values of an option that can be repeated.
    pub(crate) fn of(all: &[Self]) -> impl Iterator<Item = &OsStr> {
        all.iter().flat_map(|list| &list.0).map(OsString::as_os_str)
    }

    /// The values as text. Values that are not UTF-8 match nothing.
    pub(crate) fn texts(all: &[Self]) -> impl Iterator<Item = String> {
        Self::of(all).map(|value| value.to_string_lossy().into_owned())
    }
}

/// Parses a list.
pub(crate) fn parser() -> impl TypedValueParser<Value = List> {
    OsStringValueParser::new().try_map(|text| parse(&text))
}

/// Parses a list of names under which a server is known, each with or without a port.
pub(crate) fn host_names() -> impl TypedValueParser<Value = List> {
    OsStringValueParser::new().try_map(|text| {
        let list = parse(&text)?;
        let mut names = List::texts(std::slice::from_ref(&list));
        let invalid = names.find(|name| !is_host_name(name));
        drop(names);
        match invalid {
            None => Ok(list),
            Some(name) => Err(format!(
                "invalid host name {name:?}: expected one such as admin.example.com, or with a port"
            )),
        }
    })
}

fn is_host_name(name: &str) -> bool {
    let authority = name.parse::<Authority>();
    authority.is_ok_and(|authority| !authority.host().is_empty() && !name.contains('@'))
}

/// Parses a list. Empty pieces, as in `a,$B`, are left behind by templates and scripts, and dropped. An
/// entirely empty list is ambiguous, so it is refused.
fn parse(text: &OsStr) -> Result<List, String> {
    let pieces: Vec<_> = pieces(text).collect();
    if pieces.is_empty() {
        return Err(
            "the list is empty: expected values with commas between them, such as a,b".into(),
        );
    }
    Ok(List(pieces))
}

#[cfg(unix)]
fn pieces(text: &OsStr) -> impl Iterator<Item = OsString> {
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

    let pieces = text.as_bytes().split(|byte| *byte == b',');
    let pieces = pieces
        .map(<[u8]>::trim_ascii)
        .filter(|piece| !piece.is_empty());
    pieces.map(|piece| OsString::from_vec(piece.to_vec()))
}

#[cfg(not(unix))]
fn pieces(text: &OsStr) -> impl Iterator<Item = OsString> {
    let text = text.to_string_lossy().into_owned();
    let pieces = text.split(',').map(|piece| OsString::from(piece.trim()));
    let pieces: Vec<_> = pieces.filter(|piece| !piece.is_empty()).collect();
    pieces.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names have no scheme, path or user: no request's `Host` has one.
    #[test]
    fn host_names_are_those_of_requests() {
        for name in ["admin.example.com", "a:8081", "[::1]:80", "::1x.example"] {
            let is_bare_address = name.starts_with("::");
            assert_eq!(is_host_name(name), !is_bare_address, "{name}");
        }
        for name in ["http://a", "http://a/b", "a/b", "a b", "u@a", ":80"] {
            assert!(!is_host_name(name), "{name}");
        }
    }

    /// Empty pieces and the spaces around others are dropped.
    #[test]
    fn empty_pieces_are_dropped() {
        for (text, pieces) in [
            ("a", &["a"][..]),
            ("a,", &["a"]),
            (",a", &["a"]),
            ("a,,b", &["a", "b"]),
            (" a , b ,", &["a", "b"]),
            ("a b", &["a b"]),
        ] {
            let list = parse(text.as_ref()).unwrap();
            assert!(List::texts(&[list]).eq(pieces.iter().copied()), "{text}");
        }
    }

    /// An empty list does not mean everything.
    #[test]
    fn empty_lists_are_refused() {
        for text in ["", ",", " , ,"] {
            assert!(
                parse(text.as_ref()).unwrap_err().contains("such as a,b"),
                "{text}"
            );
        }
    }

    /// A path need not be UTF-8.
    #[cfg(unix)]
    #[test]
    fn paths_stay_as_they_are() {
        use std::os::unix::ffi::OsStrExt as _;

        let paths = [parse(OsStr::from_bytes(b"a\xff,b")).unwrap()];
        assert!(List::of(&paths).eq([OsStr::from_bytes(b"a\xff"), OsStr::new("b")]));
    }
}
