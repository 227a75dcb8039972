use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use functions_bytes::{Data, ReadError, Reader};
use http_body::{Body, Frame, SizeHint};

/// The longest frame, in bytes.
const FRAME: usize = 64 * 1024;

/// The body of the request that a [`Tower`](crate::Tower) service answers, in frames of up to
/// 64 KiB as they arrive.
///
/// ```
/// use bytes::Bytes;
/// use functions_bytes::ReadError;
/// use functions_guest_web::TowerBody;
///
/// /// What axum and most of tower's layers ask of a body.
/// fn is_a_body<B: http_body::Body<Data = Bytes, Error = ReadError> + Send + Unpin + 'static>() {}
/// is_a_body::<TowerBody>();
/// ```
///
/// Waiting for a frame lets no other future run meanwhile.
#[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
#[must_use = "dropping a body tells the host that it is not wanted"]
pub struct TowerBody {
    /// None after the end, or after an error.
    reader: Option<Reader>,
    /// How much there still is, where that is known.
    left: Option<u64>,
}

impl TowerBody {
    pub(super) fn new(data: Data) -> Self {
        let left = data.len();
        Self {
            // What is known to be empty needs no asking for its end.
            reader: (left != Some(0)).then(|| data.into_reader()),
            left,
        }
    }
}

impl Body for TowerBody {
    type Data = Bytes;
    type Error = ReadError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ReadError>>> {
        let Some(reader) = &mut self.reader else {
            return Poll::Ready(None);
        };
        let chunk = reader.chunk(FRAME).transpose();
        match &chunk {
            Some(Ok(chunk)) => {
                let left = self
                    .left
                    .map(|left| left.saturating_sub(chunk.len() as u64));
                self.left = left;
            }
            None | Some(Err(_)) => {
                self.reader = None;
                self.left = Some(0);
            }
        }
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk?.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.reader.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map(SizeHint::with_exact).unwrap_or_default()
    }
}

/// Shows how long it is, never what it is.
impl fmt::Debug for TowerBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TowerBody")
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}
