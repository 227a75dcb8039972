//! How fast 1 GiB goes through the example `proxy`, against a plain reverse proxy of hyper's in the
//! same run, and what the host takes for it.
//!
//! `cargo bench -p reverse-proxy`, on Linux, on a machine that does nothing else. The two take turns,
//! and each figure is a median; a ratio is the median of those of the rounds, so that what else the
//! machine does meanwhile falls on both. CPU time is that of the proxy's process alone, the kernel's
//! part included. The host gives its function 2 MiB of memory.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a benchmark that cannot run has nothing to say"
)]

mod load;
mod origin;
mod process;

use std::net::SocketAddr;
use std::time::Duration;

use process::Process;

const BODY: u64 = 1 << 30;
const ROUNDS: usize = 11;
const GUEST_MEMORY: usize = 2 << 20;

fn main() {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("host"), Some(origin)) => host(&origin),
        (Some("origin"), _) => origin::serve(),
        _ => compare(),
    }
}

/// The host, in a process of its own.
fn host(origin: &str) {
    let harness = host_harness::Harness::builder()
        .function("proxy", test_guests::PROXY)
        .allow_host(origin)
        .memory(GUEST_MEMORY)
        .timeout(Duration::from_secs(300))
        .build()
        .unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let server = harness.serve("127.0.0.1:0").await.unwrap();
        println!("listening on http://{}", server.address());
        std::future::pending::<()>().await;
    });
}

/// One of the two, and how it is asked for the origin.
struct Proxy {
    process: Process,
    path: String,
    measured: [Vec<Measured>; 2],
}

/// One body's way through.
#[derive(Clone, Copy)]
struct Measured {
    elapsed: Duration,
    cpu: Duration,
}

fn compare() {
    let this = std::env::current_exe().unwrap();
    let origin = Process::start(&this, &["origin"]);
    let at = origin.address.to_string();
    let proxy = |process, path: String| Proxy {
        process,
        path,
        measured: Default::default(),
    };
    let plain = env!("CARGO_BIN_EXE_reverse-proxy").as_ref();
    let mut plain = proxy(Process::start(plain, &[&at]), "/".into());
    let path = format!("/proxy?url=http://{at}/");
    let mut host = proxy(Process::start(&this, &["host", &at]), path);
    // Once before it counts: connections, pages, caches.
    for one in [&mut plain, &mut host] {
        load::download(one.process.address, &one.path);
        load::upload(one.process.address, &one.path);
    }
    host.process.forget_peak();
    let before = host.process.memory();
    for round in 0..ROUNDS {
        // Who comes first has the machine in another state.
        let mut order = [&mut plain, &mut host];
        order.rotate_left(round % 2);
        order.into_iter().for_each(Proxy::measure);
    }
    for (direction, name) in ["download", "upload"].into_iter().enumerate() {
        report(name, &plain.measured[direction], &host.measured[direction]);
    }
    println!(
        "host: {} MiB before, at most {} MiB during",
        before >> 20,
        host.process.peak_memory() >> 20
    );
}

impl Proxy {
    fn measure(&mut self) {
        type Load = fn(SocketAddr, &str);
        let loads: [Load; 2] = [load::download, load::upload];
        for (load, measured) in loads.into_iter().zip(&mut self.measured) {
            let cpu = self.process.cpu();
            let start = std::time::Instant::now();
            load(self.process.address, &self.path);
            measured.push(Measured {
                elapsed: start.elapsed(),
                cpu: self.process.cpu() - cpu,
            });
        }
    }
}

fn report(name: &str, plain: &[Measured], host: &[Measured]) {
    let speed = |all: &[Measured]| {
        let elapsed = median(all.iter().map(|one| one.elapsed.as_secs_f64()));
        BODY as f64 / elapsed / 1e6
    };
    let cpu = |all: &[Measured]| 1e3 * median(all.iter().map(|one| one.cpu.as_secs_f64()));
    let rounds = || plain.iter().zip(host);
    let faster = rounds().map(|(plain, host)| ratio(plain.elapsed, host.elapsed));
    let dearer = rounds().map(|(plain, host)| ratio(host.cpu, plain.cpu));
    println!(
        "{name:>8}: {:.0} MB/s plain, {:.0} host, ratio {:.2}; CPU {:.0} ms plain, {:.0} host, ratio {:.2}",
        speed(plain),
        speed(host),
        median(faster),
        cpu(plain),
        cpu(host),
        median(dearer),
    );
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

fn median(all: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<_> = all.collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}
