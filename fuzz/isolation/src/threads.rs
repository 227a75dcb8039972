//! Moves an invocation between threads with equal counts of page faults.
//!
//! The second thread ends the invocation with the count that the first one had at its start. That is too rare
//! to happen by chance.

use std::path::Path;
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};

use anyhow::{Context as _, Result, anyhow};
use bytes::Bytes;
use http_body::Frame;
use http_body_util::StreamBody;
use memmap2::MmapMut;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::component::World;
use crate::host::{Answer, Ask, Host};
use crate::plan::Plan;
use crate::program;
use crate::report::Report;

/// The page faults that the second thread may have between two counts. Each number below is tried.
const BETWEEN: u64 = 48;

const PAGE: usize = 4096;

type Response = Pin<Box<dyn Future<Output = u16> + Send>>;

pub(crate) fn probe(
    world: &World,
    runtime: &Runtime,
    folder: &Path,
    report: &Report,
    seed: u64,
) -> Result<()> {
    let file = folder.join("threads.wasm");
    std::fs::write(&file, world.plain(&plan())?)?;
    let host = Host::new(&file, &["f"], |builder| builder.idle_instances(256))?;
    let digest = ask(program::digest());
    let expected = runtime.block_on(host.ask("f", &digest));
    for between in 0..BETWEEN {
        // A new thread has had few page faults, so few more are needed to reach a count.
        let answer = std::thread::scope(|scope| {
            let moved = scope.spawn(|| after_move(runtime, &host, &digest, between));
            moved.join().map_err(|_panic| anyhow!("a thread panicked"))
        })??;
        report.compared(1);
        if !answer.is_as(&expected) {
            let what = format!(
                "an instance that started on another thread keeps its writes\n  expected \
                 {expected:x?}\n  answered {answer:x?}"
            );
            report.difference(seed, &what);
        }
    }
    Ok(())
}

/// The digest on this thread, after an invocation that started on another one.
fn after_move(runtime: &Runtime, host: &Host, digest: &Ask, between: u64) -> Result<Answer> {
    let _entered = runtime.enter();
    begin_elsewhere(runtime, host)?.finish(between)?;
    Ok(runtime.block_on(host.ask("f", digest)))
}

fn plan() -> Plan {
    Plan {
        min_pages: 4,
        max_pages: None,
        scratch: 8192,
        collect: false,
        post_return: false,
        mutates: false,
        globals: Vec::new(),
        data: vec![(100, b"data".to_vec())],
    }
}

fn ask(program: Vec<u8>) -> Ask {
    Ask {
        query: String::new(),
        program,
        in_pieces: false,
    }
}

/// An invocation that started on another thread, and waits for its body.
struct Moved {
    response: Response,
    /// Sends the body.
    body: oneshot::Sender<Bytes>,
    /// The page faults of the other thread at that time.
    faults: u64,
}

fn begin_elsewhere(runtime: &Runtime, host: &Host) -> Result<Moved> {
    let (send, receive) = mpsc::channel();
    let handle = runtime.handle().clone();
    let host = host.clone();
    let ahead = faults()? + 4 * BETWEEN;
    let thread = std::thread::spawn(move || -> Result<()> {
        let _entered = handle.enter();
        // More than the other thread has, so that it can reach this count.
        raise_to(ahead)?;
        for _ in 0..3 {
            handle.block_on(host.ask("f", &ask(program::touch(9000))));
        }
        let (body, wait) = oneshot::channel::<Bytes>();
        let pieces = futures_util::stream::once(async move {
            let piece = wait.await.unwrap_or_default();
            Ok::<_, std::convert::Infallible>(Frame::data(piece))
        });
        let request = http::Request::post("/f").body(StreamBody::new(pieces))?;
        let mut response: Response =
            Box::pin(async move { host.harness.handle(request).await.status().as_u16() });
        let faults = faults()?;
        let polled = response
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        anyhow::ensure!(polled.is_pending(), "it did not wait for its body");
        let moved = Moved {
            response,
            body,
            faults,
        };
        send.send(moved).map_err(|_gone| anyhow!("nobody waits"))
    });
    let moved = receive.recv();
    thread
        .join()
        .map_err(|_panic| anyhow!("the other thread panicked"))??;
    moved.context("it did not begin")
}

impl Moved {
    /// Lets the invocation write pages on this thread, so that its end is `between` faults away from the
    /// other thread's count.
    fn finish(mut self, between: u64) -> Result<()> {
        let program = program::fill(150_000);
        self.body
            .send(program.into())
            .map_err(|_gone| anyhow!("nobody reads"))?;
        raise_to(self.faults.saturating_sub(between))?;
        let mut context = Context::from_waker(Waker::noop());
        loop {
            match self.response.as_mut().poll(&mut context) {
                Poll::Ready(200) => return Ok(()),
                Poll::Ready(status) => anyhow::bail!("answered {status}"),
                Poll::Pending => std::thread::yield_now(),
            }
        }
    }
}

/// Touches new memory until this thread has had `wanted` page faults.
fn raise_to(wanted: u64) -> Result<()> {
    let mut memory = MmapMut::map_anon(64 * PAGE)?;
    let mut page = 0;
    while faults()? < wanted {
        if page == memory.len() {
            memory = MmapMut::map_anon(64 * PAGE)?;
            page = 0;
        }
        if let Some(byte) = memory.get_mut(page) {
            *byte = 1;
        }
        page += PAGE;
    }
    Ok(())
}

/// The minor and major page faults of this thread.
fn faults() -> Result<u64> {
    let stat = std::fs::read_to_string("/proc/thread-self/stat")?;
    let (_, rest) = stat.rsplit_once(')').context("no stat")?;
    let mut fields = rest
        .split_whitespace()
        .skip(7)
        .step_by(2)
        .map(str::parse::<u64>);
    let mut next = || fields.next().context("no such field");
    Ok(next()?? + next()??)
}
