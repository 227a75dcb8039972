//! The latency of `ping` beside a function that does what no function should.
//!
//! The attackers' clients work on the same processors as the host. How much of the latency is theirs, the same
//! attack on a second process shows.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use anyhow::Context as _;

use super::Context;
use super::contest::{arguments, median};
use crate::bench::contender::Contender;
use crate::bench::load::Load;
use crate::bench::row::{Row, Target};

const TARGET: Target = Target::AtMost(3.0);

/// How long an attack itself has an effect after its end.
const SETTLE: Duration = Duration::from_secs(2);

/// How often to look whether the machine is quiet again. When much memory became free, a virtual machine gives it back
/// to its host, which takes 16 s for gigabytes. Whatever runs stands still for tens of milliseconds then.
const MAX_LOOKS: u32 = 12;

/// How much more than the least quiet latency is quiet, too.
const QUIET: f64 = 1.5;

/// Of `test-guests/misbehave`.
struct Attack {
    name: &'static str,
    path: &'static str,
    clients: Clients,
}

#[derive(Clone, Copy)]
enum Clients {
    /// Few, which send one request after another.
    Asking { script: Option<&'static str> },
    /// This many, which never read their response.
    Deaf(usize),
    /// This many, which never finish their request.
    Slow(usize),
}

const ASKING: Clients = Clients::Asking { script: None };

const ATTACKS: [Attack; 11] = [
    attack("endless loops", "/loop", ASKING),
    attack("memory bombs", "/grow", ASKING),
    attack("stack overflows", "/recurse", ASKING),
    attack("panics", "/panic", ASKING),
    attack("printed lines", "/print-lines?2000", ASKING),
    attack("log records", "/log-long?1000", ASKING),
    attack("handles", "/handles", ASKING),
    attack("responses of 32 MiB", "/large", ASKING),
    attack(
        "response headers",
        "/headers",
        Clients::Asking {
            script: Some("headers.lua"),
        },
    ),
    attack("200 clients that do not read", "/large", Clients::Deaf(200)),
    attack("5000 unfinished requests", "/", Clients::Slow(5000)),
];

const fn attack(name: &'static str, path: &'static str, clients: Clients) -> Attack {
    Attack {
        name,
        path,
        clients,
    }
}

/// Clients that attack until they are dropped.
enum Attackers {
    Asking(Child),
    Silent { _connections: Vec<TcpStream> },
}

impl Attackers {
    fn start(load: &Load, attack: &Attack, host: &Contender) -> anyhow::Result<Self> {
        let path = format!("/misbehave{}", attack.path);
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n", host.authority());
        match attack.clients {
            Clients::Asking { script } => load.start(host, &path, script).map(Self::Asking),
            Clients::Deaf(count) => Self::connect(host, count, &format!("{request}\r\n")),
            Clients::Slow(count) => Self::connect(host, count, &request),
        }
    }

    fn connect(host: &Contender, count: usize, sent: &str) -> anyhow::Result<Self> {
        let connect = |_| {
            let mut connection = TcpStream::connect(host.authority())?;
            connection.write_all(sent.as_bytes())?;
            Ok(connection)
        };
        let connections: std::io::Result<Vec<_>> = (0..count).map(connect).collect();
        Ok(Self::Silent {
            _connections: connections.context("cannot attack: `ulimit -n` may be too low")?,
        })
    }
}

impl Drop for Attackers {
    fn drop(&mut self) {
        if let Self::Asking(process) = self {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// The latencies without an attack, in seconds.
#[derive(Default)]
struct Quiet(Vec<f64>);

impl Quiet {
    /// Measures until the latency is what it is at best, more or less. No ratio becomes smaller by that.
    fn wait(&mut self, p99: impl Fn() -> anyhow::Result<f64>) -> anyhow::Result<()> {
        let least = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let mut latency = p99()?;
        for _ in 1..MAX_LOOKS {
            if latency <= least * QUIET {
                break;
            }
            latency = p99()?;
        }
        self.0.push(latency);
        Ok(())
    }
}

pub(super) fn measure(context: &Context) -> anyhow::Result<Vec<Row>> {
    let guests = &context.built.guests;
    let misbehave = ("misbehave", guests.misbehave.as_path());
    let host = serve(context, &[("ping", &guests.ping), misbehave])?;
    let other = serve(context, &[misbehave])?;
    let p99 = || context.load.p99(&host, "/ping", context.round);
    p99()?;
    let mut quiet = Quiet::default();
    let mut beside = ATTACKS.each_ref().map(|_| [Vec::new(), Vec::new()]);
    for _ in 0..context.rounds {
        for (attack, turns) in ATTACKS.iter().zip(&mut beside) {
            for (attacked, turns) in [&host, &other].into_iter().zip(turns) {
                quiet.wait(p99)?;
                let attackers = Attackers::start(&context.load, attack, attacked)?;
                // Until they are in full swing.
                std::thread::sleep(Duration::from_millis(300));
                turns.push(p99()?);
                drop(attackers);
                std::thread::sleep(SETTLE);
            }
        }
    }
    let quiet = median(quiet.0).context("no rounds")?;
    let mut rows = Vec::new();
    for (attack, turns) in ATTACKS.iter().zip(beside) {
        let row = |what: String, turns| -> anyhow::Result<Row> {
            let p99: f64 = median(turns).context("no rounds")?;
            let row = Row::new("neighbors", what, milliseconds(p99));
            Ok(row.against(format!("quiet: {}", milliseconds(quiet)), p99 / quiet))
        };
        let [same, another] = turns;
        let what = format!("ping, p99 beside {}", attack.name);
        rows.push(row(what, same)?.target(TARGET));
        let what = format!("ping, p99 beside {} in another process", attack.name);
        rows.push(row(what, another)?);
    }
    let peak = host.memory_peak()? as f64 / f64::from(1 << 20);
    let what = "the host's memory at its peak";
    rows.push(Row::new("neighbors", what, format!("{peak:.0} MiB")));
    Ok(rows)
}

fn serve(context: &Context, functions: &[(&str, &Path)]) -> anyhow::Result<Contender> {
    let program = &context.built.functions;
    Contender::start_anywhere("functions", program, &arguments(functions))
}

fn milliseconds(seconds: f64) -> String {
    format!("{:.2} ms", seconds * 1e3)
}
