use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::{Multipart, refused};
use crate::request::Rejection;
use crate::task;

/// One field of a [`Multipart`] body: a value, or a file.
#[cfg_attr(docsrs, doc(cfg(feature = "multipart")))]
#[must_use = "a field that is not read is skipped"]
pub struct Field<'a> {
    inner: multer::Field<'static>,
    /// The next field comes when this one is gone.
    multipart: PhantomData<&'a mut Multipart>,
}

impl Field<'_> {
    /// The longest field that [`bytes`](Field::bytes) and [`text`](Field::text) read: 2 MiB.
    pub const LIMIT: u64 = 2 * 1024 * 1024;

    pub(super) fn new(inner: multer::Field<'static>) -> Self {
        Self {
            inner,
            multipart: PhantomData,
        }
    }

    /// The field's name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.inner.name()
    }

    /// The file's name, as the client says: it may hold anything, so use it as no path.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        self.inner.file_name()
    }

    /// The content type of the field's bytes, as the client says.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.inner.content_type().map(AsRef::as_ref)
    }

    /// The field's headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.inner.headers()
    }

    /// The next bytes, as they arrive; `None` at the end.
    ///
    /// # Errors
    ///
    /// When the body is malformed, or its sender went away before its end.
    pub fn chunk(&mut self) -> Result<Option<Bytes>, Rejection> {
        task::block_on(self.chunk_async())
    }

    /// As [`chunk`](Field::chunk), but lets other futures run while it waits.
    ///
    /// # Errors
    ///
    /// As [`chunk`](Field::chunk).
    pub async fn chunk_async(&mut self) -> Result<Option<Bytes>, Rejection> {
        self.inner.chunk().await.map_err(refused)
    }

    /// All of the field's bytes, up to [`LIMIT`](Field::LIMIT).
    ///
    /// # Errors
    ///
    /// As [`chunk`](Field::chunk), and 413 for a longer field.
    pub fn bytes(self) -> Result<Vec<u8>, Rejection> {
        task::block_on(self.bytes_async())
    }

    /// As [`bytes`](Field::bytes), but lets other futures run while it waits.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Field::bytes).
    pub async fn bytes_async(mut self) -> Result<Vec<u8>, Rejection> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.chunk_async().await? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() as u64 > Self::LIMIT {
                let detail = format!("a field is longer than {} bytes", Self::LIMIT);
                return Err(Rejection::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
            }
        }
        Ok(bytes)
    }

    /// The field's text, up to [`LIMIT`](Field::LIMIT) bytes.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Field::bytes), and 400 for a field that is not UTF-8.
    pub fn text(self) -> Result<String, Rejection> {
        task::block_on(self.text_async())
    }

    /// As [`text`](Field::text), but lets other futures run while it waits.
    ///
    /// # Errors
    ///
    /// As [`text`](Field::text).
    pub async fn text_async(self) -> Result<String, Rejection> {
        String::from_utf8(self.bytes_async().await?)
            .map_err(|_| Rejection::new(StatusCode::BAD_REQUEST, "a field is not UTF-8 text"))
    }
}

/// Shows the names, and nothing of what was sent.
impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field")
            .field("name", &self.name())
            .field("file_name", &self.file_name())
            .finish_non_exhaustive()
    }
}
