use std::pin::Pin;
use std::task::{Context, Poll, ready};

use functions_bytes::{Data, ReadError, Reader};
use http_body::{Body, Frame, SizeHint};

/// The body of a request.
pub(super) struct Upload {
    reader: Reader,
    /// How many bytes are left, where that is known.
    left: Option<u64>,
}

impl From<Data> for Upload {
    fn from(data: Data) -> Self {
        Self {
            left: data.len(),
            reader: data.into_reader(),
        }
    }
}

impl Body for Upload {
    type Data = std::io::Cursor<Vec<u8>>;
    type Error = ReadError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, ReadError>>> {
        let chunk = ready!(self.reader.poll_chunk(cx, usize::MAX));
        if let (Ok(Some(chunk)), Some(left)) = (&chunk, &mut self.left) {
            *left = left.saturating_sub(chunk.len() as u64);
        }
        Poll::Ready(
            chunk
                .transpose()
                .map(|chunk| chunk.map(|chunk| Frame::data(std::io::Cursor::new(chunk)))),
        )
    }

    fn is_end_stream(&self) -> bool {
        self.left == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.left
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
