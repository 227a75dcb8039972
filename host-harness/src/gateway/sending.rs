//! The body of a response, whose request runs until the last byte of it is on its way.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http::Version;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::interfaces::body::Body;
use crate::interfaces::running::Running;

/// A response's body on its way out.
pub(super) struct Sending {
    body: Body,
    running: Running,
    /// Whether pieces wait elsewhere than in the connection.
    waits: bool,
}

/// A piece of one. hyper has taken the whole body long before HTTP/2 lets the last piece of it go, so
/// there each tells by itself that it is still there.
pub(super) struct Piece {
    bytes: Bytes,
    _running: Option<Running>,
}

impl Sending {
    pub(super) fn new(body: Body, running: Running, version: Version) -> Self {
        Self {
            body,
            running,
            waits: version >= Version::HTTP_2,
        }
    }
}

impl HttpBody for Sending {
    type Data = Piece;
    type Error = <Body as HttpBody>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, Self::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        frame.map_ok(|frame| {
            frame.map_data(|bytes| Piece {
                bytes,
                _running: self.waits.then(|| self.running.clone()),
            })
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.bytes
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }

    fn copy_to_bytes(&mut self, length: usize) -> Bytes {
        self.bytes.copy_to_bytes(length)
    }
}
