//! `wasmtime serve` with a component that sends the same answer.
//!
//! It runs WASI 0.2 and 0.3, with and without reuse of instances, with default and with its best settings.

use std::path::Path;

use anyhow::Context as _;

use super::contest::{host, rows, saturate};
use super::{Context, trial};
use crate::bench::contender::{Contender, Says};
use crate::bench::load::Ask;
use crate::bench::row::{Row, Target};
use crate::bench::{build, tools};

/// The default of `serve` if there is enough address space.
const POOL: &[&str] = &["-Opooling-allocator"];
/// The settings of the host's own pool, as far as the command has them, without `pagemap-scan`.
/// With it, wasmtime 48 does not clear swapped-out pages, and a request could read another's data.
const BEST: &[&str] = &[
    "-Opooling-allocator",
    "-Opooling-pagemap-scan=n",
    "-Opooling-memory-keep-resident=262144",
    "-Opooling-table-keep-resident=4096",
];
const P2: &[&str] = &["-Scli"];
const P3: &[&str] = &["-Scli,p3", "-Wcomponent-model-async"];
const FRESH: &[&str] = &["--max-instance-reuse-count=1"];

/// A configuration of `wasmtime serve`.
struct Peer {
    name: &'static str,
    component: &'static str,
    options: &'static [&'static [&'static str]],
    /// Whether an instance answers more than one request.
    reused: bool,
    target: Option<Target>,
}

const PEERS: [Peer; 6] = [
    Peer {
        name: "wasmtime serve, WASI 0.2, isolated, pool",
        component: "hello-p2",
        options: &[P2, POOL],
        reused: false,
        target: Some(Target::AtLeast(8.0)),
    },
    Peer {
        name: "wasmtime serve, WASI 0.2, isolated, best pool",
        component: "hello-p2",
        options: &[P2, BEST],
        reused: false,
        target: Some(Target::AtLeast(5.0)),
    },
    Peer {
        name: "wasmtime serve, WASI 0.3, isolated, pool",
        component: "hello-p3",
        options: &[P3, POOL, FRESH],
        reused: false,
        target: None,
    },
    Peer {
        name: "wasmtime serve, WASI 0.3, isolated, best pool",
        component: "hello-p3",
        options: &[P3, BEST, FRESH],
        reused: false,
        target: None,
    },
    Peer {
        name: "wasmtime serve, WASI 0.3, reused, pool",
        component: "hello-p3",
        options: &[P3, POOL],
        reused: true,
        target: Some(Target::AtLeast(1.7)),
    },
    Peer {
        name: "wasmtime serve, WASI 0.3, reused, best pool",
        component: "hello-p3",
        options: &[P3, BEST],
        reused: true,
        target: Some(Target::AtLeast(1.7)),
    },
];

pub(super) fn measure(context: &Context) -> anyhow::Result<Vec<Row>> {
    let wasmtime = tools::wasmtime(&context.root)?;
    let host = host(context, "ping", &context.built.guests.ping)?;
    trial::answers_pong(&host, "/ping")?;
    let mut running = Vec::new();
    for peer in &PEERS {
        let start = |answers| peer.start(&context.root, &wasmtime, answers);
        trial::reuses(&start(build::PeerAnswer::Count)?, "/", peer.reused)?;
        let contender = start(build::PeerAnswer::Pong)?;
        trial::answers_pong(&contender, "/")?;
        running.push(contender);
    }
    let ask = |path| Ask { path, script: None };
    let contenders: Vec<_> = [(&host, ask("/ping"))]
        .into_iter()
        .chain(running.iter().map(|peer| (peer, ask("/"))))
        .collect();
    let measured = saturate(context, &contenders)?;
    let (ours, theirs) = measured.split_first().context("expected one measurement")?;
    let compared = PEERS.iter().zip(theirs).flat_map(|(peer, their)| {
        let [rate, cpu] = rows("peers", ("functions", *ours), (peer.name, *their));
        let rate = match peer.target {
            Some(target) => rate.target(target),
            None => rate,
        };
        [rate, cpu]
    });
    Ok(compared.collect())
}

impl Peer {
    fn start(
        &self,
        root: &Path,
        wasmtime: &Path,
        answers: build::PeerAnswer,
    ) -> anyhow::Result<Contender> {
        let component = build::peer(root, self.component, answers)?;
        let options = self.options.iter().copied().flatten();
        let arguments: Vec<_> = ["serve", "--addr=127.0.0.1:0"]
            .iter()
            .chain(options)
            .map(|&argument| argument.to_owned())
            .chain([component.display().to_string()])
            .collect();
        Contender::start(self.name, wasmtime, &arguments, Says::Stderr)
    }
}
