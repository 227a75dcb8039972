use axum::Router;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

/// Serves an API with so many slots for connections, for as long as the test runs.
async fn served(router: Router, slots: usize, times: IdleTimes) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let never = std::future::pending();
    tokio::spawn(serve_within(listener, router, never, slots, times));
    address
}

/// A connection on which this was sent.
async fn sent(address: std::net::SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(bytes).await.unwrap();
    client
}

/// A connection whose first request is answered.
async fn answered(address: std::net::SocketAddr) -> TcpStream {
    let mut client = sent(address, b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    let mut answer = [0; 12];
    let answered = tokio::time::timeout(Duration::from_secs(20), client.read_exact(&mut answer));
    answered.await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 404");
    client
}

/// Clients that take all connections and send nothing keep nobody out, however long they may be silent.
#[tokio::test(flavor = "multi_thread")]
async fn silent_clients_make_room() {
    let address = served(Router::new(), 10, IDLE_TIMES).await;
    let mut silent = Vec::new();
    for _ in 0..30 {
        silent.push(sent(address, b"GET / HTTP/1.1\r\nhost:").await);
    }
    answered(address).await;
}

/// Connections that become idle make room for clients that wait already, and those have all their time then.
#[tokio::test(flavor = "multi_thread")]
async fn connections_make_room_once_they_are_idle() {
    let (release, released) = tokio::sync::watch::channel(false);
    let held = move || {
        let mut released = released.clone();
        async move { drop(released.wait_for(|is| *is).await) }
    };
    let router = Router::new().route("/held", axum::routing::get(held));
    let times = IdleTimes {
        head: Duration::from_millis(300),
        idle: Duration::from_secs(600),
    };
    let address = served(router, 10, times).await;
    let mut holding = Vec::new();
    for _ in 0..10 {
        let request = b"GET /held HTTP/1.1\r\nhost: localhost\r\n\r\n";
        holding.push(sent(address, request).await);
    }
    // Each request that arrived has its own receiver.
    while release.receiver_count() <= holding.len() {
        tokio::task::yield_now().await;
    }
    let waiting = tokio::spawn(answered(address));
    // Longer than a head may take.
    tokio::time::sleep(2 * times.head).await;
    assert!(!waiting.is_finished());
    release.send_replace(true);
    waiting.await.unwrap();
}

/// A server that stops does not wait for half a head.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_head_does_not_hold_up_the_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let shutdown = async { stopped.await.unwrap() };
    let serving = serve(listener, Router::new(), shutdown);
    let serving = tokio::spawn(serving);
    let _client = sent(address, b"GET / HTTP/1.1\r\nhost:").await;
    answered(address).await;
    stop.send(()).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(20), serving);
    ended.await.unwrap().unwrap().unwrap();
}

/// A client that reads slowly gets its whole answer, however many others come.
#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_get_whole_answers() {
    const LENGTH: usize = 64 << 20;
    let large = || async { vec![7_u8; LENGTH] };
    let router = Router::new().route("/large", axum::routing::get(large));
    let times = IdleTimes {
        head: Duration::from_secs(600),
        idle: Duration::from_millis(200),
    };
    let address = served(router, 3, times).await;
    let request = b"GET /large HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let mut client = sent(address, request).await;
    client.readable().await.unwrap();
    for _ in 0..10 {
        answered(address).await;
        tokio::time::sleep(times.idle / 4).await;
    }
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    assert!(answer.len() > LENGTH, "{} bytes", answer.len());
}

/// Clients that send nothing, or no whole head, do not keep their connections, and so keep nobody out.
#[tokio::test(flavor = "multi_thread")]
async fn silent_clients_are_disconnected() {
    let times = IdleTimes {
        head: Duration::from_millis(300),
        idle: Duration::from_millis(300),
    };
    let address = served(Router::new(), 30, times).await;
    let mut silent = Vec::new();
    for number in 0..30 {
        let part = ["", "PRI * HTTP/2.0\r\n", "GET / HTTP/1.1\r\nhost:"][number % 3];
        silent.push(sent(address, part.as_bytes()).await);
    }
    let mut other = answered(address).await;
    // An idle connection is closed too.
    let mut rest = Vec::new();
    let rest = other.read_to_end(&mut rest);
    let closed = tokio::time::timeout(Duration::from_secs(20), rest);
    closed.await.unwrap().unwrap();
}
