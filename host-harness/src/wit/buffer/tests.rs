use std::convert::Infallible;

use http_body_util::StreamBody;

use super::*;

fn body_of(pieces: &'static [&'static [u8]]) -> Body {
    let frames = pieces
        .iter()
        .map(|piece| Ok::<_, Infallible>(http_body::Frame::data(Bytes::from_static(piece))));
    Body::new(StreamBody::new(futures_util::stream::iter(frames)))
}

/// A body in pieces is collected whole; the limit is inclusive, also for an unknown length.
#[tokio::test]
async fn collects_pieces_up_to_the_limit() {
    let body = || body_of(&[b"ab", b"", b"cd", b"e"]);
    assert_eq!(collect(body(), 5).await.unwrap(), "abcde");
    assert!(matches!(collect(body(), 4).await, Err(Error::TooLarge(4))));
    assert_eq!(collect(Body::empty(), 0).await.unwrap(), "");
}

/// A body whose declared length is over the limit is refused unread.
#[tokio::test]
async fn known_length_is_refused_unread() {
    let refused = collect(Body::from("abc"), 2).await;
    assert!(matches!(refused, Err(Error::TooLarge(2))));
}

/// A body that breaks off stays an error, and never becomes an end.
#[tokio::test]
async fn broken_body_is_not_an_end() {
    let frames = [
        Ok(http_body::Frame::data(Bytes::from_static(b"ab"))),
        Err(Incomplete),
    ];
    let mut body = Body::new(StreamBody::new(futures_util::stream::iter(frames)));
    assert!(poll_fn(|cx| body.poll_fill(cx)).await.is_ok());
    assert_eq!(body.take_all(), "ab");
    assert!(poll_fn(|cx| body.poll_fill(cx)).await.is_err());
    assert!(poll_fn(|cx| body.poll_fill(cx)).await.is_err());
    assert!(matches!(collect(body, 10).await, Err(Error::Closed)));
}
