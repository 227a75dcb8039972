/// Which function a path is for, and how much of the path names it: `/NAME/rest`.
pub(super) fn split(path: &str) -> (&str, usize) {
    let name = path.strip_prefix('/').unwrap_or(path);
    let name = name.split('/').next().unwrap_or_default();
    (name, path.len().min(1 + name.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first segment names the function; the rest, with its slash, is the function's path.
    #[test]
    fn splits() {
        for (path, name, rest) in [
            ("/greet", "greet", ""),
            ("/greet/", "greet", "/"),
            ("/greet/a/b", "greet", "/a/b"),
            ("/greet//a", "greet", "//a"),
            ("/", "", ""),
            ("//a", "", "/a"),
            ("*", "*", ""),
            ("", "", ""),
        ] {
            let (found, base) = split(path);
            assert_eq!((found, &path[base..]), (name, rest), "{path:?}");
        }
    }
}
