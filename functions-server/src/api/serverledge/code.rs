//! What `TarFunctionCode` has: a binary, alone or in a TAR, or the URL of either.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

/// The longest code, in bytes, after base64 was decoded.
pub(super) const MAX_CODE: usize = 64 << 20;

/// How many entries a TAR has at most.
const MAX_ENTRIES: usize = 10_000;

/// What every WebAssembly binary begins with.
const MAGIC: &[u8] = b"\0asm";

/// As Go's `base64.StdEncoding` decodes: padding is required, and bits after the last byte are ignored.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Code cannot be used. The text says why.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum CodeError {
    #[error("TarFunctionCode is longer than {MAX_CODE} bytes")]
    TooLong,
    #[error(
        "TarFunctionCode is not base64: expected a TAR or a WebAssembly binary, encoded in base64"
    )]
    NotBase64,
    #[error(
        "TarFunctionCode is a URL, and this host fetches no code: send the code itself, or start the host with \
         --serverledge-fetch"
    )]
    Url,
    #[error("the code cannot be fetched: {0}")]
    NotFetched(String),
    #[error(
        "the module exports no function _start, so it is not a command: build a component for the target \
         wasm32-wasip2, or a program for wasm32-wasip1"
    )]
    NoStart,
    #[error("the module cannot be made a component: {0}; build one for the target wasm32-wasip2")]
    NotAdapted(String),
    #[error("the TAR cannot be unpacked: {0}")]
    Path(String),
    #[error("TarFunctionCode is neither a WebAssembly binary nor a TAR: {0}")]
    NotATar(String),
    #[error("the TAR has more than {MAX_ENTRIES} entries")]
    TooManyEntries,
    #[error("the TAR has no WebAssembly binary: expected an entry such as m.wasm")]
    NoWasm,
    #[error(
        "the TAR has several WebAssembly binaries ({0}): name one with CustomImage, without its .wasm"
    )]
    SeveralWasm(String),
}

/// The code of an upload.
#[derive(Debug, PartialEq)]
pub(super) struct UploadedCode {
    /// A component or a module.
    pub(super) wasm: Vec<u8>,
    /// Its path in the TAR.
    pub(super) path: String,
    /// What it was found in.
    pub(super) tar: Option<Vec<u8>>,
}

/// Decodes what a client sent: a binary, a TAR or a URL.
pub(super) fn decode(code: &str) -> Result<Vec<u8>, CodeError> {
    // Longer text cannot become code that is short enough, line ends aside.
    if code.len() > MAX_CODE * 3 / 2 {
        return Err(CodeError::TooLong);
    }
    let decoded = match code.contains(['\r', '\n']) {
        true => BASE64.decode(code.replace(['\r', '\n'], "")),
        false => BASE64.decode(code),
    };
    let bytes = decoded.map_err(|_| CodeError::NotBase64)?;
    if bytes.len() > MAX_CODE {
        return Err(CodeError::TooLong);
    }
    Ok(bytes)
}

/// The URL that a client sent instead of code.
pub(super) fn url(decoded: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(decoded).ok()?;
    let (scheme, _) = text.split_once("://")?;
    let is_url = ["http", "https"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(scheme));
    is_url.then_some(text)
}

/// The binary in a TAR, or the binary itself. `image` is the name of its file, without `.wasm`.
pub(super) fn binary(bytes: Vec<u8>, image: &str) -> Result<UploadedCode, CodeError> {
    if bytes.starts_with(MAGIC) {
        return Ok(UploadedCode {
            wasm: bytes,
            path: String::new(),
            tar: None,
        });
    }
    let (path, wasm) = in_tar(&bytes, image)?;
    Ok(UploadedCode {
        wasm,
        path,
        tar: Some(bytes),
    })
}

/// The file that `image` names, or the only binary. The clients change the names of files, so a name alone
/// would not do.
fn in_tar(bytes: &[u8], image: &str) -> Result<(String, Vec<u8>), CodeError> {
    let named = format!("{image}.wasm");
    let mut found: Vec<(String, &[u8])> = Vec::new();
    let mut exact = None;
    each_entry(bytes, |path, content| {
        let Some(content) = content.filter(|content| content.starts_with(MAGIC)) else {
            return Ok(());
        };
        if path == named {
            exact = Some(content);
        } else if found.len() < MAX_NAMES {
            // A client that is given a folder names all its files like the folder.
            found.push((path.to_owned(), content));
        }
        Ok(())
    })?;
    if let Some(exact) = exact {
        return Ok((named, exact.to_vec()));
    }
    match found.len() {
        0 => Err(CodeError::NoWasm),
        1 => {
            let (path, content) = found.swap_remove(0);
            Ok((path, content.to_vec()))
        }
        _ => {
            let names: Vec<_> = found.into_iter().map(|(name, _)| name).collect();
            Err(CodeError::SeveralWasm(names.join(", ")))
        }
    }
}

/// Passes on each file, and each folder without content. Links and devices are left out.
pub(super) fn each_entry<'t>(
    tar: &'t [u8],
    mut each: impl FnMut(&str, Option<&'t [u8]>) -> Result<(), CodeError>,
) -> Result<(), CodeError> {
    // The library's text may have bytes of the upload.
    let malformed = |error: std::io::Error| {
        let text: String = error.to_string().chars().take(MAX_REASON).collect();
        CodeError::NotATar(text.escape_debug().to_string())
    };
    let mut archive = tar::Archive::new(tar);
    for (number, entry) in archive.entries().map_err(malformed)?.enumerate() {
        if number == MAX_ENTRIES {
            return Err(CodeError::TooManyEntries);
        }
        let entry = entry.map_err(malformed)?;
        let kind = entry.header().entry_type();
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        // As upstream unpacks it: below its folder, also where the path begins at the root.
        let path = path.trim_start_matches("./").trim_start_matches('/');
        if kind.is_dir() {
            each(path.trim_end_matches('/'), None)?;
        } else if kind.is_file() {
            let start = usize::try_from(entry.raw_file_position()).unwrap_or(usize::MAX);
            let length = usize::try_from(entry.size()).unwrap_or(usize::MAX);
            let content = tar.get(start..start.saturating_add(length));
            let cut = || CodeError::NotATar("it breaks off".to_owned());
            each(path, Some(content.ok_or_else(cut)?))?;
        }
    }
    Ok(())
}

/// Checks that no path leads out of the TAR.
pub(super) fn check_paths(tar: &[u8]) -> Result<(), CodeError> {
    each_entry(tar, |path, _| {
        match path.split('/').any(|name| name == "..") {
            true => Err(CodeError::Path(format!("{path:?} leads out of it"))),
            false => Ok(()),
        }
    })
}

/// How many names an error has at most.
const MAX_NAMES: usize = 5;

/// How long the reason may be why a TAR cannot be read, in characters.
const MAX_REASON: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, content) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, name, *content).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn component(code: &str, image: &str) -> Result<Vec<u8>, CodeError> {
        binary(decode(code)?, image).map(|code| code.wasm)
    }

    fn found(bytes: &[u8], image: &str) -> Result<Vec<u8>, CodeError> {
        component(&BASE64.encode(bytes), image)
    }

    const ONE: &[u8] = b"\0asm one";
    const TWO: &[u8] = b"\0asm two";

    /// Every form in which the clients send a binary is understood.
    #[test]
    fn binaries_are_found() {
        assert_eq!(found(ONE, "any"), Ok(ONE.to_vec()));
        for (entries, image) in [
            (&[("m.wasm", ONE)][..], "m"),
            (&[("m.wasm", ONE)], ""),
            (&[("mwasm", ONE)], "m"),
            (&[("hello.py", b"print()"), ("m.wasm", ONE)], ""),
            (&[("dir", b"print()"), ("dir", ONE)], "m"),
            (&[("dir/hellopy", b""), ("dir/mwasm", ONE)], ""),
            (&[("a.wasm", TWO), ("./m.wasm", ONE)], "m"),
            (&[("m.wasm", ONE), ("a.wasm", TWO)], "m"),
            (&[("b/m.wasm", ONE)], ""),
        ] {
            assert_eq!(found(&tar(entries), image), Ok(ONE.to_vec()), "{entries:?}");
        }
        let lines = BASE64.encode(ONE).replace('A', "\r\nA");
        assert_eq!(component(&lines, ""), Ok(ONE.to_vec()));
    }

    /// Anything else is refused with the reason.
    #[test]
    fn other_code_is_refused() {
        assert_eq!(component("***", ""), Err(CodeError::NotBase64));
        assert_eq!(component("AGFzbQ", ""), Err(CodeError::NotBase64));
        assert_eq!(
            url(b"http://example.com/x.tar"),
            Some("http://example.com/x.tar")
        );
        assert_eq!(url(b"HTTP://example.com"), Some("HTTP://example.com"));
        let gzip = found(b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x1b\n", "")
            .unwrap_err()
            .to_string();
        assert!(
            gzip.chars()
                .all(|letter| letter.is_ascii_graphic() || letter == ' '),
            "{gzip}"
        );
        assert_eq!(url(b"ftp://example.com/x.tar"), None);
        assert_eq!(url(ONE), None);
        assert_eq!(
            found(&tar(&[("x.py", b"print()")]), ""),
            Err(CodeError::NoWasm)
        );
        assert_eq!(component("", ""), Err(CodeError::NoWasm));
        let two = tar(&[("a.wasm", ONE), ("b.wasm", TWO)]);
        let several = CodeError::SeveralWasm("a.wasm, b.wasm".into());
        assert_eq!(found(&two, ""), Err(several));
        let other = found(&[7; 2000], "");
        assert!(matches!(other, Err(CodeError::NotATar(_))), "{other:?}");
        let cut = tar(&[("m.wasm", &[ONE, &[0; 2000]].concat())]);
        let cut = found(&cut[..1000], "");
        assert!(matches!(cut, Err(CodeError::NotATar(_))), "{cut:?}");
    }

    /// The longest code is taken, and one byte more is not.
    #[test]
    fn code_has_a_limit() {
        let mut code = vec![0; MAX_CODE];
        code[..4].copy_from_slice(MAGIC);
        assert_eq!(found(&code, "").map(|code| code.len()), Ok(MAX_CODE));
        code.push(0);
        assert_eq!(found(&code, ""), Err(CodeError::TooLong));
    }
}
