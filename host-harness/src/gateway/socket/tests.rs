use futures_util::FutureExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

async fn pair() -> (Socket, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = TcpStream::connect(listener.local_addr().unwrap()).await;
    let (stream, _) = listener.accept().await.unwrap();
    (Socket::new(stream), other.unwrap())
}

/// A client's close is noticed before its unread bytes, which can still be read.
#[tokio::test]
async fn close_is_noticed_before_unread_bytes() {
    let (mut socket, mut other) = pair().await;
    let watched = socket.clone();
    other.write_all(b"unread").await.unwrap();
    let mut first = [0];
    socket.read_exact(&mut first).await.unwrap();
    let mut closed = Box::pin(watched.closed());
    assert!((&mut closed).now_or_never().is_none());
    drop(other);
    closed.await;
    let mut rest = String::new();
    socket.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "nread");
}

/// Many short pieces are written to the end, though they are less than a turn at a time.
#[tokio::test]
async fn many_pieces_arrive_in_full() {
    let (mut socket, mut other) = pair().await;
    let piece = vec![7; 20_000];
    let pieces = vec![io::IoSlice::new(&piece); 50];
    let mut left = &mut pieces.clone()[..];
    let writing = async {
        while !left.is_empty() {
            let count = socket.write_vectored(left).await.unwrap();
            io::IoSlice::advance_slices(&mut left, count);
        }
    };
    let mut arrived = vec![0; 50 * piece.len()];
    let (read, ()) = tokio::join!(other.read_exact(&mut arrived), writing);
    read.unwrap();
    assert!(arrived.iter().all(|byte| *byte == 7));
}

/// Long writes take turns with whatever else the thread has to do, also while the client reads all at once.
#[tokio::test]
async fn long_writes_take_turns() {
    const LENGTH: usize = 32 * TURN;
    let (mut socket, other) = pair().await;
    let mut others = 0_usize;
    let reader = std::thread::spawn(move || {
        let other = other.into_std().unwrap();
        other.set_nonblocking(false).unwrap();
        let mut arrived = vec![0; LENGTH];
        io::Read::read_exact(&mut &other, &mut arrived).unwrap();
        arrived
    });
    let sent: Vec<u8> = (0..=250).cycle().take(LENGTH).collect();
    let writing = async {
        let (one, two) = sent.split_at(1000);
        let pieces = [io::IoSlice::new(one), io::IoSlice::new(two)];
        let count = socket.write_vectored(&pieces).await.unwrap();
        assert!((1000..=TURN).contains(&count), "{count}");
        socket.write_all(&sent[count..]).await.unwrap();
    };
    let counting = async {
        loop {
            others += 1;
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = writing => {}
        () = counting => {}
    }
    assert!(reader.join().unwrap() == sent);
    assert!(others >= 30, "{others}");
}

/// Bytes that do not fit into one read or write arrive in full, in either direction.
#[tokio::test]
async fn long_transfers_arrive_in_full() {
    const LENGTH: usize = 8 * 1024 * 1024;
    let (mut socket, mut other) = pair().await;
    for vectored in [false, true] {
        let sent: Vec<u8> = (0..=255).cycle().take(LENGTH).collect();
        let mut arrived = vec![0; LENGTH];
        let writing = async {
            let mut left = &sent[..];
            while !left.is_empty() && vectored {
                let (one, two) = left.split_at(left.len() / 2);
                let pieces = [io::IoSlice::new(one), io::IoSlice::new(two)];
                let count = socket.write_vectored(&pieces).await.unwrap();
                left = &left[count..];
            }
            socket.write_all(left).await.unwrap();
        };
        let reading = other.read_exact(&mut arrived);
        let ((), read) = tokio::join!(writing, reading);
        read.unwrap();
        assert!(arrived == sent);
        let writing = other.write_all(&sent);
        let mut back = vec![0; LENGTH];
        let (written, read) = tokio::join!(writing, socket.read_exact(&mut back));
        written.unwrap();
        read.unwrap();
        assert!(back == sent);
    }
}
