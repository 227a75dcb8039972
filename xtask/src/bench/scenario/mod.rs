//! The scenarios, one file each.

mod contest;
mod engine;
mod latency;
mod memory;
mod neighbors;
mod peers;
mod proxy;
mod servers;
mod size;
mod trial;

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::build::{self, Built};
use super::load::Load;
use super::row::{Row, Target};
use super::{BenchOptions, cores};

/// A scenario to measure.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Scenario {
    /// `ping` over persistent connections, compared with a native server.
    Hello,
    /// `greet`, JSON in and out, compared with a native server.
    Greet,
    /// The 99th percentile of latency at half of the host's maximum rate.
    Latency,
    /// An invocation without HTTP, compared with wasmtime's default settings.
    Engine,
    /// Two threads, compared with one.
    Scaling,
    /// The memory of an idle function.
    Memory,
    /// The size of `ping`.
    Size,
    /// 1 GiB through `proxy`, compared with a plain reverse proxy.
    Proxy,
    /// The 99th percentile of latency beside a function that does what no function should.
    Neighbors,
    /// `wasmtime serve`, WASI 0.2 and 0.3.
    Peers,
}

impl Scenario {
    pub(super) const ALL: [Self; 10] = [
        Self::Size,
        Self::Memory,
        Self::Engine,
        Self::Scaling,
        Self::Hello,
        Self::Greet,
        Self::Latency,
        Self::Neighbors,
        Self::Peers,
        Self::Proxy,
    ];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Greet => "greet",
            Self::Latency => "latency",
            Self::Engine => "engine",
            Self::Scaling => "scaling",
            Self::Memory => "memory",
            Self::Size => "size",
            Self::Proxy => "proxy",
            Self::Neighbors => "neighbors",
            Self::Peers => "peers",
        }
    }

    /// A row instead of the figures, which counts as a missed target.
    pub(super) fn unmeasured(self, why: &str) -> Row {
        Row::new(self.title(), "everything", why).target(Target::Measured)
    }

    pub(super) fn measure(self, context: &Context) -> anyhow::Result<Vec<Row>> {
        match self {
            Self::Hello => servers::hello(context),
            Self::Greet => servers::greet(context),
            Self::Latency => latency::measure(context),
            Self::Engine => engine::invocation(context),
            Self::Scaling => engine::scaling(context),
            Self::Memory => memory::measure(context),
            Self::Size => size::measure(context),
            Self::Proxy => proxy::measure(context),
            Self::Neighbors => neighbors::measure(context),
            Self::Peers => peers::measure(context),
        }
    }
}

/// The shared context of all scenarios.
pub(super) struct Context {
    pub(super) root: PathBuf,
    pub(super) built: Built,
    pub(super) load: Load,
    pub(super) rounds: u32,
    /// The time of load for one contender in one round.
    pub(super) round: Duration,
    pub(super) quick: bool,
}

impl Context {
    pub(super) fn new(root: &Path, options: &BenchOptions) -> anyhow::Result<Self> {
        cores::check()?;
        let quick = options.quick;
        Ok(Self {
            root: root.to_owned(),
            load: Load::new(root)?,
            built: build::all(root)?,
            rounds: options.rounds.unwrap_or(if quick { 3 } else { 7 }),
            round: Duration::from_secs(if quick { 2 } else { 5 }),
            quick,
        })
    }
}
