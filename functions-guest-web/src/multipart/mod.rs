//! Forms with files: `multipart/form-data`, RFC 7578.

mod field;
#[cfg(test)]
mod tests;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
pub use field::Field;
use functions_bytes::{ReadError, Reader};
use futures_core::Stream;
use http::StatusCode;

use crate::request::{FromRequest, Rejection, Request};
use crate::task;

/// The longest chunk, in bytes.
const CHUNK: usize = 64 * 1024;

/// The fields of a `multipart/form-data` body, one after the other as they arrive.
///
/// ```
/// use functions_guest_web::testing::TestRequest;
/// use functions_guest_web::{Multipart, WebResult, invoke};
///
/// invoke!(upload);
/// fn upload(mut form: Multipart) -> WebResult<String> {
///     let mut seen = String::new();
///     while let Some(field) = form.next_field()? {
///         let name = field.name().unwrap_or_default().to_owned();
///         let file = field.file_name().unwrap_or("no file").to_owned();
///         seen += &format!("{name} ({file}): {} bytes\n", field.bytes()?.len());
///     }
///     Ok(seen)
/// }
///
/// let body = "--x\r\n\
///     content-disposition: form-data; name=\"photo\"; filename=\"ada.png\"\r\n\
///     content-type: image/png\r\n\
///     \r\n\
///     12345\r\n\
///     --x--\r\n";
/// let request = TestRequest::post("/").header("content-type", "multipart/form-data; boundary=x");
/// assert_eq!(request.body(body).call(upload).text(), "photo (ada.png): 5 bytes\n");
/// ```
///
/// A field is read before the next one is asked for; what is left of it is skipped. In an `async fn`,
/// the methods that end in `_async` let other futures run while they wait.
///
/// # Errors
///
/// 415 for a request whose content type is not `multipart/form-data` with a boundary; 400 where the
/// body is malformed or ends too early, 413 for a field that is too long.
#[cfg_attr(docsrs, doc(cfg(feature = "multipart")))]
#[must_use = "dropping a body tells the host that it is not wanted"]
pub struct Multipart {
    inner: multer::Multipart<'static>,
}

impl Multipart {
    /// The next field; `None` at the end.
    ///
    /// # Errors
    ///
    /// When the body is malformed, or its sender went away before its end.
    pub fn next_field(&mut self) -> Result<Option<Field<'_>>, Rejection> {
        task::block_on(self.next_field_async())
    }

    /// As [`next_field`](Multipart::next_field), but lets other futures run while it waits.
    ///
    /// # Errors
    ///
    /// As [`next_field`](Multipart::next_field).
    pub async fn next_field_async(&mut self) -> Result<Option<Field<'_>>, Rejection> {
        let field = self.inner.next_field().await.map_err(refused)?;
        Ok(field.map(Field::new))
    }
}

impl FromRequest for Multipart {
    const BODY: bool = true;

    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        let sent = request.environment().headers().get("content-type");
        let boundary = multer::parse_boundary(sent.unwrap_or_default()).map_err(|_| {
            Rejection::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported content type: expected multipart/form-data with a boundary",
            )
        })?;
        let chunks = Chunks {
            reader: request.take_body().into_reader(),
        };
        Ok(Self {
            inner: multer::Multipart::new(chunks, boundary),
        })
    }
}

/// Shows nothing of what was sent.
impl fmt::Debug for Multipart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multipart").finish_non_exhaustive()
    }
}

/// What is wrong with the body, for the one who sent it.
#[cold]
fn refused(error: multer::Error) -> Rejection {
    match error {
        multer::Error::StreamReadFailed(error) => match error.downcast::<ReadError>() {
            Ok(error) => Rejection::from(*error),
            Err(error) => Rejection::new(StatusCode::BAD_REQUEST, error.to_string()),
        },
        error => Rejection::new(
            StatusCode::BAD_REQUEST,
            format!("the body is not valid multipart/form-data: {error}"),
        ),
    }
}

/// A body as the stream that multer parses.
struct Chunks {
    reader: Reader,
}

impl Stream for Chunks {
    type Item = Result<Bytes, ReadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let chunk = self.reader.poll_chunk(cx, CHUNK);
        chunk.map(|chunk| chunk.map(|bytes| bytes.map(Bytes::from)).transpose())
    }
}
