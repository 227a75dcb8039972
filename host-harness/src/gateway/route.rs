use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The function that a path names, and the length of that part: `/NAME/rest`.
///
/// An escaped letter equals the letter (RFC 3986, section 6.2.2.2); names have no other characters to
/// escape. A segment that is not UTF-8, or has half an escape, stays as it is and matches no function.
pub(super) fn split(path: &str) -> (Cow<'_, str>, usize) {
    let segment = path.strip_prefix('/').unwrap_or(path);
    let segment = segment.split('/').next().unwrap_or_default();
    let name = match memchr::memchr(b'%', segment.as_bytes()) {
        None => Cow::Borrowed(segment),
        Some(_) => percent_decode_str(segment)
            .decode_utf8()
            .unwrap_or(Cow::Borrowed(segment)),
    };
    (name, path.len().min(1 + segment.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first segment names the function; the rest, with its slash, is the function's path.
    #[test]
    fn first_segment_names_the_function() {
        for (path, name, rest) in [
            ("/greet", "greet", ""),
            ("/greet/", "greet", "/"),
            ("/greet/a/b", "greet", "/a/b"),
            ("/greet//a", "greet", "//a"),
            ("/", "", ""),
            ("//a", "", "/a"),
            ("*", "*", ""),
            ("", "", ""),
            ("/%67reet/%61", "greet", "/%61"),
            ("/gree%74", "greet", ""),
            ("/%67%72%65%65%74/", "greet", "/"),
            ("/a%2Fb/c", "a/b", "/c"),
            ("/a%2fb", "a/b", ""),
            ("/a%C3%A9", "aé", ""),
            ("/a%FF/b", "a%FF", "/b"),
            ("/a%6", "a%6", ""),
            ("/a%zz", "a%zz", ""),
            ("/%", "%", ""),
            ("/%2567reet", "%67reet", ""),
        ] {
            let (found, base) = split(path);
            assert_eq!((&*found, &path[base..]), (name, rest), "{path:?}");
        }
    }
}
