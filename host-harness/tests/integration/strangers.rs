//! No function finds data of another, however the other one ended.

use std::time::Duration;

use host_harness::{Builder, Harness, Server};
use tempfile::NamedTempFile;

use test_support::client::Client;
use test_support::straight::Straight;

/// More functions than slots, so that slots pass between functions.
const COPIES: usize = 4;

const PAGES: u32 = 32;

/// Writes to the whole memory except its first page.
const FILL: &str = "(memory.fill (i32.const 65536) (i32.const 165) (i32.const 2031616))";

/// The same, and grows the memory and writes to as much again.
const GROW: &str = "(drop (memory.grow (i32.const 32)))
    (memory.fill (i32.const 65536) (i32.const 165) (i32.const 4128768))";

const LOOP: &str = "(loop $again (br $again))";

/// Functions that leave data, with their expected statuses.
fn hostile() -> [(Straight, u16); 7] {
    let deep = "(func $deep (param i64) (result i64)
        (i64.add (call $deep (local.get 0)) (i64.const 1)))";
    let attack = |more: &str, body: String| Straight {
        pages: PAGES,
        more: more.into(),
        body,
    };
    [
        (attack("", FILL.into()), 200),
        (attack("", format!("{FILL} unreachable")), 500),
        (attack("", GROW.into()), 200),
        (attack("", format!("{GROW} unreachable")), 500),
        // More than the available memory, after it has used some.
        (
            attack("", format!("{GROW} (drop (memory.grow (i32.const 65000)))")),
            200,
        ),
        (
            attack(deep, format!("{FILL} (drop (call $deep (i64.const 7)))")),
            500,
        ),
        (attack("", format!("{FILL} {LOOP}")), 504),
    ]
}

/// Counts the nonzero words of its memory, before and after growing it.
fn witness() -> Straight {
    let count = "(func $count (result i32) (local $at i32) (local $found i32)
        (if (i32.ne (memory.grow (i32.const PAGES)) (i32.const PAGES))
            (then unreachable))
        (local.set $at (i32.const 65536))
        (loop $next
            (local.set $found (i32.add (local.get $found)
                (i64.ne (i64.load (local.get $at)) (i64.const 0))))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (br_if $next (i32.lt_u (local.get $at)
                (i32.shl (memory.size) (i32.const 16)))))
        (local.get $found))";
    Straight {
        pages: PAGES,
        more: count.replace("PAGES", &PAGES.to_string()),
        body: "(i32.store (i32.const 2048) (call $count))".into(),
    }
}

/// A server with copies of each function: `hostile-WAY-COPY` and `witness-COPY`.
async fn served(set: impl FnOnce(Builder) -> Builder) -> (Vec<NamedTempFile>, Server) {
    let mut files = Vec::new();
    let mut builder = Harness::builder()
        .concurrency(2, 64)
        .depth(0)
        .idle_instances(0)
        .cpu_time(Duration::from_millis(50))
        // Leftover data is searched by the witness.
        .verify_reuse(0)
        .output_sink(|_| {});
    for (way, (attack, _)) in hostile().iter().enumerate() {
        let file = attack.file();
        for copy in 0..COPIES {
            builder = builder.function(format!("hostile-{way}-{copy}"), file.path());
        }
        files.push(file);
    }
    let file = witness().file();
    for copy in 0..COPIES {
        builder = builder.function(format!("witness-{copy}"), file.path());
    }
    files.push(file);
    let harness = set(builder).build().unwrap();
    (files, harness.serve("127.0.0.1:0").await.unwrap())
}

async fn witnesses_find_nothing(client: &Client, after: &str) {
    for copy in 0..COPIES {
        let found = client.get(&format!("/witness-{copy}")).await;
        assert_eq!(found.status, 200, "{found:?}");
        assert_eq!(found.body, [0; 4].as_slice(), "after {after}");
    }
}

async fn hostile_functions_leave_nothing(server: &Server) {
    let client = Client::new(server.address());
    witnesses_find_nothing(&client, "nothing").await;
    for copy in 0..COPIES {
        for (way, (_, status)) in hostile().iter().enumerate() {
            let path = format!("/hostile-{way}-{copy}");
            assert_eq!(client.get(&path).await.status, *status, "{path}");
            witnesses_find_nothing(&client, &path).await;
        }
    }
}

/// Contents are cleared whether the function returned, trapped, overflowed its stack or was ended.
#[tokio::test]
async fn memory_of_ended_functions_is_cleared() {
    let (_files, server) = served(|builder| builder).await;
    hostile_functions_leave_nothing(&server).await;
}

/// The same with memories that are larger than the part cleared in place, and with concurrent requests.
#[tokio::test(flavor = "multi_thread")]
async fn memory_of_concurrent_functions_is_cleared() {
    let (_files, server) = served(|builder| builder.concurrency(8, 1000)).await;
    let address = server.address();
    let tasks: Vec<_> = (0..6)
        .map(|task: usize| {
            tokio::spawn(async move {
                let client = Client::new(address);
                for number in 0..40 {
                    let (way, copy) = ((task + number) % 6, number % COPIES);
                    client.get(&format!("/hostile-{way}-{copy}")).await;
                    let found = client.get(&format!("/witness-{copy}")).await;
                    assert_eq!(found.body, [0; 4].as_slice(), "{found:?}");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// A function whose client disconnected leaves nothing, at any point of its run.
#[tokio::test]
async fn memory_of_abandoned_functions_is_cleared() {
    let (_files, server) = served(|builder| builder.cpu_time(Duration::from_secs(20))).await;
    let client = Client::new(server.address());
    for copy in 0..COPIES {
        let request = Client::new(server.address());
        let path = format!("/hostile-6-{copy}");
        let cut = tokio::time::timeout(Duration::from_millis(40), request.get(&path)).await;
        assert!(cut.is_err());
        witnesses_find_nothing(&client, &path).await;
    }
}
