//! Sends requests by `wasi:http`.

use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{Fields, IncomingBody, Method, OutgoingBody, OutgoingRequest, Scheme};
use wasip2::io::streams::StreamError;

/// How much is written or read at once, in bytes.
const PIECE: usize = 4096;

/// The status and the body of the response.
pub(crate) fn fetch(authority: &str, path: &str, body: Option<&str>) -> Result<String, String> {
    let request = OutgoingRequest::new(Fields::new());
    let invalid = |()| "invalid request".to_owned();
    request.set_scheme(Some(&Scheme::Http)).map_err(invalid)?;
    request.set_authority(Some(authority)).map_err(invalid)?;
    request.set_path_with_query(Some(path)).map_err(invalid)?;
    if body.is_some() {
        request.set_method(&Method::Post).map_err(invalid)?;
    }
    let outgoing = request.body().map_err(invalid)?;
    let response = handle(request, None).map_err(|error| error.to_string())?;
    write(&outgoing, body.unwrap_or_default())?;
    OutgoingBody::finish(outgoing, None).map_err(|error| error.to_string())?;
    response.subscribe().block();
    let response = response.get().ok_or("no response")?.map_err(invalid)?;
    let response = response.map_err(|error| error.to_string())?;
    let body = response.consume().map_err(invalid)?;
    Ok(format!("{} {}", response.status(), read(&body)?))
}

fn write(outgoing: &OutgoingBody, body: &str) -> Result<(), String> {
    let stream = outgoing.write().map_err(|()| "no stream".to_owned())?;
    for piece in body.as_bytes().chunks(PIECE) {
        let written = stream.blocking_write_and_flush(piece);
        written.map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn read(body: &IncomingBody) -> Result<String, String> {
    let stream = body.stream().map_err(|()| "no stream".to_owned())?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(PIECE as u64) {
            Ok(piece) => bytes.extend(piece),
            Err(StreamError::Closed) => break,
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
