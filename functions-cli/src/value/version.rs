//! Compares versions of Rust and of crates.

/// Major, minor and patch; what follows them does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version([u64; 3]);

impl Version {
    /// Reads `1.95`, `1.95.0` or `1.97.0-nightly`; `None` for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let end = text.find(['-', '+', ' ']).unwrap_or(text.len());
        let mut version = [0; 3];
        let mut parts = text.get(..end)?.split('.');
        for (at, place) in version.iter_mut().enumerate() {
            match parts.next() {
                Some(part) => *place = part.parse().ok()?,
                None if at > 0 => {}
                None => return None,
            }
        }
        parts.next().is_none().then_some(Self(version))
    }

    /// What has to be equal so that versions are compatible: before 1.0, the minor too.
    pub(crate) fn compatibility(self) -> (u64, u64) {
        let [major, minor, _] = self.0;
        match major {
            0 => (0, minor),
            major => (major, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Versions are ordered by number, whatever follows the numbers.
    #[test]
    fn versions_are_ordered() {
        let version = |text| Version::parse(text).unwrap();
        assert!(version("1.9") < version("1.95.0"));
        assert_eq!(version("1.97.0-nightly"), version("1.97"));
        assert!(Version::parse("nightly").is_none());
        assert!(Version::parse("1.2.3.4").is_none());
        assert_eq!(version("0.2.7").compatibility(), (0, 2));
        assert_eq!(version("2.3.4").compatibility(), (2, 0));
    }
}
