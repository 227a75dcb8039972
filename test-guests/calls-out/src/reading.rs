//! Reads responses in every way that the SDK has.

use std::io;

use functions_bytes::Data;
use functions_bytes::encoding::{Decode as _, Json};
use functions_guest_web::{WebResponse, WebResult, task};
use functions_http::Request as HttpRequest;

use crate::text;

/// The body alone, which fails in the same way with every method of reading it.
pub(crate) async fn read(how: &str, body: Data) -> WebResult<WebResponse> {
    match how {
        "bytes" => drop(body.into_bytes()?),
        "limit" => drop(body.into_bytes_up_to(4)?),
        "text" => drop(String::decode(body)?),
        "json" => drop(Json::<Vec<u8>>::decode(body)?),
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

/// Reads the bodies of two responses concurrently, and answers with their lengths.
pub(crate) async fn read_both(
    how: &str,
    request: impl Fn() -> HttpRequest,
) -> WebResult<WebResponse> {
    let mut responses = Vec::new();
    for response in task::join_all([(); 2].map(|()| request().send())).await {
        responses.push(response?);
    }
    let lengths = responses.into_iter().map(async |response| match how {
        "bytes" => response.into_bytes_async().await.map(|bytes| bytes.len()),
        "json" => response.json_async().await.map(|text: String| text.len()),
        _ => response.text_async().await.map(|text| text.len()),
    });
    let mut said = String::new();
    for length in task::join_all(lengths).await {
        said += &format!("{} ", length?);
    }
    text(said)
}
