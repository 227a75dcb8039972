//! Responses, read in every way there is.

use std::io;

use functions_bytes::Data;
use functions_bytes::encoding::{Extract as _, Json};
use functions_guest_web::{WebResponse, WebResult};

use crate::text;

/// The body by itself, which fails as each way to read it does.
pub(crate) async fn read(how: &str, body: Data) -> WebResult<WebResponse> {
    match how {
        "bytes" => drop(body.into_bytes()?),
        "limit" => drop(body.into_bytes_up_to(4)?),
        "text" => drop(String::extract(body)?),
        "json" => drop(Json::<Vec<u8>>::extract(body)?),
        "chunks" => {
            let mut reader = body.into_reader();
            while reader.chunk(4)?.is_some() {}
        }
        "chunks-async" => {
            let mut reader = body.into_reader();
            while reader.chunk_async(4).await?.is_some() {}
        }
        "file" => drop(io::copy(&mut body.into_reader(), &mut io::sink())?),
        _ => return text("unknown"),
    }
    text("whole")
}
