//! A response's body, brought into the function.

use std::task::{Context, Poll};

use functions_bytes::__private::set_upstream;
use functions_bytes::{Data, ReadError, Reader};

use crate::{BindingError, Headers, Response};

/// How much is asked of the host at once; more than it gives.
const CHUNK: usize = 1024 * 1024;

/// A response with all of its body.
pub(crate) struct Whole {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

/// A response whose body is being read.
pub(crate) struct Collect {
    status: u16,
    headers: Headers,
    body: Body,
    /// The longest body.
    limit: Option<u64>,
    /// Whether a body that is longer, or breaks off, is good as far as it goes.
    cut: bool,
}

enum Body {
    Untouched(Data),
    Reading(Reader, Vec<u8>),
}

impl Collect {
    /// All of the body, which is an error where it is longer than `limit`.
    pub(crate) fn whole(response: Response, limit: Option<u64>) -> Self {
        Self {
            status: response.status,
            headers: response.headers,
            // Its errors go into one that says whose it is.
            body: Body::Untouched(set_upstream(response.body, false)),
            limit,
            cut: false,
        }
    }

    /// As much of the body as there is, up to `limit`.
    pub(crate) fn beginning(response: Response, limit: u64) -> Self {
        Self {
            cut: true,
            ..Self::whole(response, Some(limit))
        }
    }

    /// Waits for it, in one call of the host's where that is possible.
    pub(crate) fn wait(mut self) -> Result<Whole, BindingError> {
        let body = match std::mem::replace(&mut self.body, Body::Untouched(Data::default())) {
            Body::Untouched(data) if !self.cut => match self.limit {
                Some(limit) => data.into_bytes_up_to(limit),
                None => data.into_bytes(),
            },
            body => {
                let (mut reader, mut bytes) = body.started();
                loop {
                    let chunk = reader.chunk(CHUNK);
                    if let Some(end) = self.take(&mut bytes, chunk) {
                        break end.map(|()| bytes);
                    }
                }
            }
        };
        self.over(body)
    }

    /// As `wait`, but lets other futures run meanwhile.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Whole, BindingError>> {
        let body = std::mem::replace(&mut self.body, Body::Untouched(Data::default()));
        let (mut reader, mut bytes) = body.started();
        loop {
            let Poll::Ready(chunk) = reader.poll_chunk(cx, CHUNK) else {
                self.body = Body::Reading(reader, bytes);
                return Poll::Pending;
            };
            if let Some(end) = self.take(&mut bytes, chunk) {
                return Poll::Ready(self.over(end.map(|()| bytes)));
            }
        }
    }

    /// Adds a chunk; says how it ended, once it has.
    fn take(
        &self,
        bytes: &mut Vec<u8>,
        chunk: Result<Option<Vec<u8>>, ReadError>,
    ) -> Option<Result<(), ReadError>> {
        match chunk {
            Ok(Some(chunk)) if bytes.is_empty() => *bytes = chunk,
            Ok(Some(chunk)) => bytes.extend(chunk),
            Ok(None) => return Some(Ok(())),
            Err(_) if self.cut => return Some(Ok(())),
            Err(error) => return Some(Err(error)),
        }
        let limit = self.limit?;
        if bytes.len() as u64 <= limit {
            return None;
        }
        if self.cut {
            bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            return Some(Ok(()));
        }
        Some(Err(ReadError::TooLarge { limit }))
    }

    fn over(&mut self, body: Result<Vec<u8>, ReadError>) -> Result<Whole, BindingError> {
        Ok(Whole {
            status: self.status,
            headers: std::mem::take(&mut self.headers),
            body: body.map_err(BindingError::Body)?,
        })
    }
}

impl Body {
    fn started(self) -> (Reader, Vec<u8>) {
        match self {
            Self::Untouched(data) => (data.into_reader(), Vec::new()),
            Self::Reading(reader, bytes) => (reader, bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use functions_bytes::task::block_on;

    use super::*;

    /// A limit lets through what is just as long; what is longer is an error, or is cut. It is the
    /// same whether it is awaited or waited for.
    #[test]
    fn limits() {
        let response = |length| Response::new(200).with_body(vec![7; length]);
        for (length, fits) in [(0, true), (9, true), (10, true), (11, false)] {
            let whole = || Collect::whole(response(length), Some(10));
            let beginning = || Collect::beginning(response(length), 10);
            let mut awaited = whole();
            let mut cut = beginning();
            for read in [
                whole().wait(),
                block_on(std::future::poll_fn(|cx| awaited.poll(cx))),
            ] {
                match read {
                    Ok(read) => assert!(fits && read.body.len() == length),
                    Err(error) => {
                        let BindingError::Body(ReadError::TooLarge { limit: 10 }) = error else {
                            panic!("{error:?}");
                        };
                        assert!(!fits);
                    }
                }
            }
            for read in [
                beginning().wait(),
                block_on(std::future::poll_fn(|cx| cut.poll(cx))),
            ] {
                assert_eq!(read.unwrap().body.len(), length.min(10));
            }
        }
    }
}
