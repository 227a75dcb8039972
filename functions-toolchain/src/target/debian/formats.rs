//! The two forms of apt's source lists.

use super::sources::{Archive, archives};

/// Parses the old form: `deb [option=value …] URI SUITE COMPONENT…` in each line.
pub(super) fn one_line(text: &str) -> Vec<Archive> {
    text.lines().filter_map(of_line).flatten().collect()
}

fn of_line(line: &str) -> Option<Vec<Archive>> {
    let rest = line.split('#').next()?.trim().strip_prefix("deb")?;
    if rest.starts_with('-') {
        // It is `deb-src`.
        return None;
    }
    let (options, rest) = match rest.trim_start().strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?,
        None => ("", rest),
    };
    let keyring = options
        .split_whitespace()
        .find_map(|option| option.strip_prefix("signed-by="));
    let mut words = rest.split_whitespace();
    let (uri, suite) = (words.next()?, words.next()?);
    let components: Vec<&str> = words.collect();
    Some(archives(&[uri], &[suite], &components, keyring))
}

/// Parses the new form: stanzas of `Field: value` lines.
pub(super) fn deb822(text: &str) -> Vec<Archive> {
    let mut found = Vec::new();
    let mut stanza: Vec<(String, String)> = Vec::new();
    // The empty line at the end closes the last stanza.
    for line in text.lines().chain([""]) {
        if line.starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            found.extend(of_stanza(&stanza));
            stanza.clear();
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = stanza.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((field, value)) = line.split_once(':') {
            stanza.push((field.trim().to_lowercase(), value.trim().to_owned()));
        }
    }
    found
}

fn of_stanza(stanza: &[(String, String)]) -> Vec<Archive> {
    let field = |name: &str| {
        let line = stanza.iter().find(|(field, _)| field == name);
        line.map_or("", |(_, value)| value)
    };
    let words = |name| field(name).split_whitespace().collect::<Vec<_>>();
    if !words("types").contains(&"deb") || field("enabled").eq_ignore_ascii_case("no") {
        return Vec::new();
    }
    archives(
        &words("uris"),
        &words("suites"),
        &words("components"),
        words("signed-by").first().copied(),
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn uris(archives: &[Archive]) -> Vec<&str> {
        archives
            .iter()
            .map(|archive| archive.uri.as_str())
            .collect()
    }

    /// The old form, with options, comments, sources, other people's archives and a disc.
    #[test]
    fn reads_the_old_form() {
        let archives = one_line(
            "# deb http://mirror.example/commented bookworm main\n\
             deb http://mirror.example/debian/ bookworm main contrib # ours\n\
             deb-src http://mirror.example/sources bookworm main\n\
             deb [ arch=amd64 signed-by=/etc/keys/debian.gpg ] https://other.example/debian \
             bookworm-updates main\n\
             deb http://mirror.example/debian-security bookworm-security main\n\
             deb http://mirror.example/debian-security buster/updates main\n\
             deb cdrom:[Debian]/ bookworm main\n\
             deb http://ubuntu.example/ubuntu noble main\n\
             deb http://tools.example/apt bookworm tools\n\
             deb\n",
        );
        assert_eq!(
            uris(&archives),
            [
                "http://mirror.example/debian",
                "https://other.example/debian"
            ]
        );
        assert_eq!(archives[0].keyring, None);
        assert_eq!(archives[1].suites, ["bookworm-updates"]);
        assert_eq!(
            archives[1].keyring.as_deref(),
            Some(Path::new("/etc/keys/debian.gpg"))
        );
        assert_eq!(
            uris(&one_line("deb [trusted=yes]http://a.example sid main")),
            ["http://a.example"]
        );
        assert_eq!(
            uris(&one_line("deb\thttp://a.example\tsid\tmain")),
            ["http://a.example"]
        );
    }

    /// The new form, with comments within a stanza, several values, and a key in place.
    #[test]
    fn reads_the_new_form() {
        let archives = deb822(
            "Types: deb deb-src\n\
             # A comment.\n\
             URIs: http://mirror.example/debian\n\
             Suites: trixie trixie-updates\n\
             Components: main\n\
             Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\
             \n\
             Types: deb\n\
             URIs: http://mirror.example/debian-security\n\
             Suites: trixie-security\n\
             Components: main\n\
             \n\
             Enabled: no\n\
             Types: deb\n\
             URIs: http://off.example/debian\n\
             Suites: trixie\n\
             Components: main\n\
             \n\
             types: deb\n\
             uris: http://one.example/debian\n \x20http://two.example/debian\n\
             suites:\n \x20sid\n\
             components: main contrib\n\
             signed-by:\n \x20-----BEGIN PGP PUBLIC KEY BLOCK-----\n \x20.\n \x20abc\n",
        );
        assert_eq!(
            uris(&archives),
            [
                "http://mirror.example/debian",
                "http://one.example/debian",
                "http://two.example/debian"
            ]
        );
        assert_eq!(archives[0].suites, ["trixie", "trixie-updates"]);
        assert!(archives[0].keyring.is_some());
        assert_eq!(archives[1].suites, ["sid"]);
        assert_eq!(archives[1].keyring, None);
    }
}
