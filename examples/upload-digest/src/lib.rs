//! The SHA-256 of a body of any size, in constant memory.
//!
//! The body is read chunk by chunk as it arrives.
//!
//! ```sh
//! curl -T big.iso http://127.0.0.1:8080/upload-digest
//! ```
#![forbid(unsafe_code)]

use functions_guest_web::{Data, WebResult, invoke};
use sha2::{Digest as _, Sha256};

/// The length of a chunk in the function's memory.
const CHUNK: usize = 64 * 1024;

invoke!(digest);
fn digest(upload: Data) -> WebResult<String> {
    let mut reader = upload.into_reader();
    let mut digest = Sha256::new();
    while let Some(chunk) = reader.chunk(CHUNK)? {
        digest.update(&chunk);
    }
    Ok(digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

#[cfg(test)]
mod tests {
    use functions_guest_web::testing::TestRequest;

    use super::*;

    /// The digest is correct, also for an empty body and for several chunks.
    #[test]
    fn digests() {
        let of = |body: Vec<u8>| {
            TestRequest::put("/")
                .body(body)
                .call(digest)
                .text()
                .to_owned()
        };
        assert_eq!(
            of(Vec::new()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            of(vec![b'a'; 1_000_000]),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        );
    }
}
