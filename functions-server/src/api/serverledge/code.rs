//! What `TarFunctionCode` has: a component, alone or in a TAR.

use std::io::Read as _;

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
    #[error("TarFunctionCode is a URL, and this host fetches no code: send the code itself")]
    Url,
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

/// The component of an upload. `image` is the name of its file, without `.wasm`.
pub(super) fn component(code: &str, image: &str) -> Result<Vec<u8>, CodeError> {
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
    if bytes.starts_with(MAGIC) {
        return Ok(bytes);
    }
    let is_url = ["http://", "https://"]
        .iter()
        .any(|scheme| bytes.starts_with(scheme.as_bytes()));
    if is_url {
        return Err(CodeError::Url);
    }
    in_tar(&bytes, image)
}

/// The file that `image` names, or the only binary. The clients change the names of files, so a name alone
/// would not do.
fn in_tar(bytes: &[u8], image: &str) -> Result<Vec<u8>, CodeError> {
    let malformed = |error: std::io::Error| CodeError::NotATar(error.to_string());
    let named = format!("{image}.wasm");
    let mut found: Vec<(String, Vec<u8>)> = Vec::new();
    let mut archive = tar::Archive::new(bytes);
    for (number, entry) in archive.entries().map_err(malformed)?.enumerate() {
        if number == MAX_ENTRIES {
            return Err(CodeError::TooManyEntries);
        }
        let mut entry = entry.map_err(malformed)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let name = name.trim_start_matches("./").to_owned();
        // An entry is at most as long as the archive, unless it is sparse.
        let mut magic = [0; MAGIC.len()];
        if entry.read_exact(&mut magic).is_err() || magic != MAGIC {
            continue;
        }
        let mut content = magic.to_vec();
        let limit = bytes.len() as u64;
        entry
            .take(limit)
            .read_to_end(&mut content)
            .map_err(malformed)?;
        if name == named {
            return Ok(content);
        }
        // A client that is given a folder names all its files like the folder.
        if found.len() < 2 || found.len() < MAX_NAMES {
            found.push((name, content));
        }
    }
    match found.len() {
        0 => Err(CodeError::NoWasm),
        1 => Ok(found.swap_remove(0).1),
        _ => {
            let names: Vec<_> = found.into_iter().map(|(name, _)| name).collect();
            Err(CodeError::SeveralWasm(names.join(", ")))
        }
    }
}

/// How many names an error has at most.
const MAX_NAMES: usize = 5;

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
        assert_eq!(found(b"http://example.com/x.tar", ""), Err(CodeError::Url));
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
