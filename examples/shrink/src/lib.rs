//! Halves a picture: keeps every second pixel of every second line of a binary PPM.
//!
//! Other functions, such as `orchestrate`, call it. `--private` hides it from clients.
//!
//! ```sh
//! functions serve shrink.wasm orchestrate.wasm --private shrink
//! ```
#![forbid(unsafe_code)]

use functions_guest_web::{Rejection, invoke};
use http::StatusCode;

/// Red, green and blue.
const PIXEL: usize = 3;

invoke!(shrink);
fn shrink(picture: Vec<u8>) -> Result<Vec<u8>, Rejection> {
    halved(&picture).ok_or_else(|| {
        Rejection::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "this is not a PPM: P6, width, height and 255, a line each, and the pixels",
        )
    })
}

/// `P6\n4 2\n255\n`, and the pixels.
fn halved(picture: &[u8]) -> Option<Vec<u8>> {
    let mut lines = picture.splitn(4, |byte| *byte == b'\n');
    let (b"P6", size, b"255", pixels) =
        (lines.next()?, lines.next()?, lines.next()?, lines.next()?)
    else {
        return None;
    };
    let (width, height) = std::str::from_utf8(size).ok()?.split_once(' ')?;
    let (width, height): (usize, usize) = (width.parse().ok()?, height.parse().ok()?);
    let line = width.checked_mul(PIXEL).filter(|line| *line > 0)?;
    if Some(pixels.len()) != line.checked_mul(height) {
        return None;
    }
    let mut small = format!("P6\n{} {}\n255\n", width.div_ceil(2), height.div_ceil(2)).into_bytes();
    for line in pixels.chunks(line).step_by(2) {
        for pixel in line.chunks(PIXEL).step_by(2) {
            small.extend(pixel);
        }
    }
    Some(small)
}

#[cfg(test)]
mod tests {
    use functions_guest_web::testing::TestRequest;

    use super::*;

    /// Half of each side, rounded up.
    #[test]
    fn halves() {
        for (picture, small) in [
            ("P6\n2 2\n255\nredgrebluyel", "P6\n1 1\n255\nred"),
            ("P6\n3 1\n255\nredgreblu", "P6\n2 1\n255\nredblu"),
            ("P6\n1 3\n255\nredgreblu", "P6\n1 2\n255\nredblu"),
            ("P6\n1 1\n255\nred", "P6\n1 1\n255\nred"),
            ("P6\n1 1\n255\nr\nd", "P6\n1 1\n255\nr\nd"),
        ] {
            assert_eq!(halved(picture.as_bytes()).unwrap(), small.as_bytes());
        }
    }

    /// An invalid picture is the caller's fault.
    #[test]
    fn refuses_others() {
        for other in [
            "",
            "P5\n1 1\n255\nred",
            "P6\n1 1\n255\nre",
            "P6\n1 1\n255\nreds",
            "P6\n0 1\n255\n",
            "P6\n99999999999999999999 1\n255\n",
            "P6\n9999999999999999999 9\n255\n",
        ] {
            let response = TestRequest::post("/").body(other).call(shrink);
            assert_eq!(response.status(), 422, "{other:?}");
        }
    }
}
