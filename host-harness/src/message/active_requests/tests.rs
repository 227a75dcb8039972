use futures_util::FutureExt as _;

use super::*;

const PAUSE: Duration = Duration::from_secs(1);

/// A connection is idle a pause after the last part of the last request ended. Requests that started
/// and ended within the pause prolong it.
#[tokio::test(start_paused = true)]
async fn wait_idle_resolves_a_pause_after_the_last_request() {
    let requests = Arc::new(ActiveRequests::default());
    let started = Instant::now();
    requests.wait_idle(PAUSE).await;
    assert_eq!(started.elapsed(), PAUSE);

    let one = requests.start();
    let part = one.clone();
    drop(one);
    let mut idle = Box::pin(requests.wait_idle(PAUSE));
    for _ in 0..2 {
        assert!((&mut idle).now_or_never().is_none());
        sleep(2 * PAUSE).await;
    }
    drop(part);
    let ended = Instant::now();
    assert!((&mut idle).now_or_never().is_none());
    sleep(PAUSE / 2).await;
    drop(requests.start());
    idle.await;
    assert_eq!(ended.elapsed(), 2 * PAUSE);
}

/// A request ends with its last part.
#[tokio::test(start_paused = true)]
async fn request_ends_with_its_last_part() {
    let requests = Arc::new(ActiveRequests::default());
    assert_eq!(requests.ended(), requests.opened());
    let one = requests.receive(Version::HTTP_11, true);
    let upload = one.uploading();
    sleep(PAUSE).await;
    drop(one);
    assert!(!requests.is_idle());
    sleep(PAUSE).await;
    drop(upload);
    sleep(PAUSE).await;
    assert!(requests.is_idle());
    assert_eq!(requests.ended(), requests.opened() + 2 * PAUSE);
}

/// Bytes after a request, in the same read or later, are part of the next head. They are not if they
/// may be the request's body, or if they end as a head does.
#[test]
fn pipelined_bytes_are_part_of_the_next_head() {
    let first = |has_body, ends_head| {
        let requests = Arc::new(ActiveRequests::default());
        requests.read(ends_head);
        let one = requests.receive(Version::HTTP_11, has_body);
        (requests, one)
    };
    for (has_body, ends_head, has_part) in [
        (false, true, false),
        (false, false, true),
        (true, true, false),
        (true, false, false),
    ] {
        let (requests, _one) = first(has_body, ends_head);
        assert_eq!(
            requests.has_part_of_head(),
            has_part,
            "{has_body} {ends_head}"
        );
    }
    for (has_body, read, has_part) in [
        (false, false, true),
        (false, true, false),
        (true, false, false),
    ] {
        let (requests, _one) = first(has_body, true);
        requests.read(read);
        assert_eq!(requests.has_part_of_head(), has_part, "{has_body} {read}");
    }
    let (requests, one) = first(true, true);
    drop(one.uploading());
    requests.read(false);
    assert!(requests.has_part_of_head());
    drop(requests.receive(Version::HTTP_11, false));
    assert!(
        requests.has_part_of_head(),
        "the part belongs to the next head"
    );
    requests.read(true);
    drop(requests.receive(Version::HTTP_11, false));
    assert!(!requests.has_part_of_head());
}
