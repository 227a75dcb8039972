use std::fmt::Write as _;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use clap::builder::BoolishValueParser;

use super::announce::announce;
use super::cache::Cache;
use super::compile::Compiling;
use super::duration;
use super::list::{self, List};
use super::listen::ListenAddress;
use super::logging::Logging;
use super::number;
use super::report::{EXIT_CODES, Ended};
use super::share::Share;
use super::shutdown::StopSignals;
use super::size;
use crate::harness::MULTI_TENANT;
use crate::telemetry::{Escaped, Format, stderr};
use crate::{Harness, Limits, Reuse, Server};

/// How long the runtime's threads get at the end, to drop what they have.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// Serve functions over HTTP.
///
/// The function NAME answers at http://ADDRESS/NAME and everything below. Each request gets an
/// instance of its own. The first line on standard output is `listening on http://ADDRESS`.
///
/// Example: functions serve greet=target/wasm32-wasip2/release/greet.wasm
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Serve {
    /// The functions: NAME=FILE.wasm, or just FILE.wasm to name it after the file.
    #[arg(required = true, value_name = "NAME=FILE")]
    functions: Vec<Named>,

    /// Where to listen: HOST:PORT, or a PORT of 127.0.0.1; port 0 takes a free one.
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080",
        env = "FUNCTIONS_LISTEN"
    )]
    listen: ListenAddress,

    /// A function that only the others may call; to requests from outside there is none of that name.
    /// Can be given more than once.
    #[arg(
        long = "private",
        value_name = "NAME",
        env = "FUNCTIONS_PRIVATE",
        value_parser = list::parser()
    )]
    private: Vec<List>,

    /// Where the functions are reached from outside, for those that ask; without it, at the address
    /// listened on.
    #[arg(long, value_name = "URL", env = "FUNCTIONS_PUBLIC_URL")]
    public_url: Option<String>,

    /// How long a function may take to answer, waiting included.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration::positive, env = "FUNCTIONS_TIMEOUT")]
    timeout: Duration,

    /// How long a function may take as a whole that streams its response, such as one of events.
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration::positive, env = "FUNCTIONS_STREAM_TIMEOUT")]
    stream_timeout: Duration,

    /// How long a client may take nothing of a response that waits for it, before its connection is
    /// closed.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration::positive, env = "FUNCTIONS_CLIENT_TIMEOUT")]
    client_timeout: Duration,

    /// How long a connection may be open between two requests.
    #[arg(long, value_name = "DURATION", default_value = "75s", value_parser = duration::positive, env = "FUNCTIONS_IDLE_TIMEOUT")]
    idle_timeout: Duration,

    /// How long a function may compute for one request.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration::positive, env = "FUNCTIONS_CPU_TIME")]
    cpu_time: Duration,

    /// How much memory a function may have for one request.
    #[arg(long, value_name = "SIZE", default_value = "128MiB", value_parser = size::positive, env = "FUNCTIONS_MEMORY")]
    memory: usize,

    /// How many linear memories a function may have, all of them within --memory. Compilers make one;
    /// a function with more takes as many of --max-concurrency.
    #[arg(long, value_name = "N", default_value_t = Limits::default().memories, value_parser = number::positive, env = "FUNCTIONS_MAX_MEMORIES")]
    max_memories: u32,

    /// How long a thread may be in one poll of a function, which is a matter of milliseconds, until the
    /// process is ended, by SIGABRT: something in the host hangs. 0s ends it never.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration::parse, env = "FUNCTIONS_WATCHDOG")]
    watchdog: Duration,

    /// How many requests are answered at once. The functions they call have places of their own.
    #[arg(long, value_name = "N", default_value_t = Limits::default().concurrency, value_parser = number::positive, env = "FUNCTIONS_MAX_CONCURRENCY")]
    max_concurrency: u32,

    /// How many more may wait their turn; those beyond are answered 429.
    #[arg(long, value_name = "N", default_value_t = Limits::default().queue, value_parser = number::any_size, env = "FUNCTIONS_MAX_QUEUE")]
    max_queue: usize,

    /// How many requests to other servers all functions together have under way; those beyond wait,
    /// within their own time.
    #[arg(long, value_name = "N", default_value_t = Limits::default().outbound, value_parser = number::positive, env = "FUNCTIONS_MAX_OUTBOUND")]
    max_outbound: u32,

    /// How much memory the host may use for bodies longer than 64 KiB that functions send in requests and
    /// calls of their own, and answer calls with, unless they only pass them on; one more is refused.
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = size::parse, env = "FUNCTIONS_MAX_BODY_MEMORY")]
    max_body_memory: usize,

    /// How many instances wait for the next request to their function, made as they were when they were
    /// new. With 0, each request is answered by one that is made for it. 256 unless set; 0 with
    /// --multi-tenant.
    #[arg(long, value_name = "N", value_parser = number::any, env = "FUNCTIONS_MAX_IDLE_INSTANCES")]
    max_idle_instances: Option<u32>,

    /// Whether a request may be answered by an instance that has answered others, and was reset: auto
    /// (where all of it can be reset; about twice as fast) or never.
    /// Unless set, auto; never with --multi-tenant.
    #[arg(long, value_name = "auto|never", env = "FUNCTIONS_REUSE")]
    reuse: Option<Reuse>,

    /// How many of the resets are verified, such as 1/1000: all of the instance is compared with a new
    /// one, and a difference ends the process. With 0, none.
    #[arg(long, value_name = "1/N", default_value = Share::DEFAULT, env = "FUNCTIONS_VERIFY_REUSE")]
    verify_reuse: Share,

    /// For hosts on which strangers deploy: each request gets a new instance, in a memory and on a stack
    /// that no other function has had; one linear memory; the strictest limits of log and headers; and
    /// functions reach only the servers that --allow-host names. Options that contradict it are refused.
    #[arg(long, env = "FUNCTIONS_MULTI_TENANT", value_parser = BoolishValueParser::new())]
    multi_tenant: bool,

    /// Say of each function whether its instances are reused, and if not, why not.
    #[arg(long, short)]
    verbose: bool,

    /// How many calls within calls there may be, from one function to the next; 0 allows no calls.
    #[arg(long, value_name = "N", default_value_t = Limits::default().depth, value_parser = depth, env = "FUNCTIONS_MAX_DEPTH")]
    max_depth: u32,

    /// How long to wait for running requests when told to stop (SIGINT or SIGTERM; a second one
    /// stops at once). With 0s, not at all.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration::parse, env = "FUNCTIONS_GRACE")]
    grace: Duration,

    /// A server that functions may reach: HOST, HOST:PORT, *.DOMAIN, or * for all with a public
    /// address. Can be given more than once. Without it, all with a public address; with it, only
    /// those given, and those named in full whatever their address.
    #[arg(
        long = "allow-host",
        value_name = "HOST[:PORT]",
        env = "FUNCTIONS_ALLOW_HOST",
        value_parser = list::parser()
    )]
    allow_hosts: Vec<List>,

    /// A PEM file of certificate authorities that functions' requests trust, besides those that
    /// browsers trust. Can be given more than once.
    #[arg(
        long = "ca-file",
        value_name = "FILE",
        env = "FUNCTIONS_CA_FILE",
        value_parser = list::parser()
    )]
    ca_files: Vec<List>,

    /// A variable for the functions, which `std::env::var` and `WebEnvironment::variable` find;
    /// repeatable. Nothing of this process's own environment reaches them.
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = variable)]
    variables: Vec<(String, String)>,

    /// How many records of what a function prints and logs for one request are kept; the rest is counted
    /// in one record at the end. 10000 unless set; 1000, and no more, with --multi-tenant.
    #[arg(long, value_name = "N", value_parser = number::any_size, env = "FUNCTIONS_MAX_LOG_RECORDS")]
    max_log_records: Option<usize>,

    /// How many bytes the texts of these records may have. 1MiB unless set; 64KiB, and no more, with
    /// --multi-tenant.
    #[arg(long, value_name = "SIZE", value_parser = size::parse, env = "FUNCTIONS_MAX_LOG_BYTES")]
    max_log_bytes: Option<usize>,

    #[command(flatten)]
    cache: Cache,

    #[command(flatten)]
    compiling: Compiling,

    #[command(flatten)]
    logging: Logging,
}

/// A variable on the command line.
fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".into()),
    }
}

/// How many calls within calls there may be.
fn depth(text: &str) -> Result<u32, String> {
    number::within(text, 0..=Limits::default().depth)
}

/// A function on the command line.
#[derive(Clone)]
struct Named {
    name: String,
    file: PathBuf,
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = match text.split_once('=') {
            Some((name, file)) => (name.to_owned(), PathBuf::from(file)),
            None => {
                let file = PathBuf::from(text);
                let stem = file.file_stem().and_then(|stem| stem.to_str());
                let stem = stem.ok_or("missing file: expected NAME=FILE.wasm")?;
                (stem.to_owned(), file)
            }
        };
        crate::registry::check_name(&name)?;
        if file.as_os_str().is_empty() {
            return Err("missing file: expected NAME=FILE.wasm".into());
        }
        Ok(Self { name, file })
    }
}

impl Serve {
    pub(super) fn log_format(&self) -> Format {
        self.logging.format()
    }

    pub(super) fn run(self) -> anyhow::Result<Ended> {
        // First of all: without it, a process with the number 1 would not hear them.
        let signals = StopSignals::listen().context("cannot wait for signals")?;
        // Each connection is a file, and shells allow few of them. Without more it works as well.
        if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
            tracing::debug!("no more open files: {error}");
        }
        let mut builder = self.logging.apply(Harness::builder());
        if self.multi_tenant {
            builder = builder.multi_tenant();
        }
        // After that, so that a limit which was given is looked at, whatever it is.
        builder = self.cache.apply(builder).limits(self.limits());
        if let Some(reuse) = self.reuse {
            builder = builder.reuse(reuse);
        }
        builder = self.compiling.apply(builder);
        for name in List::texts(&self.private) {
            builder = builder.private(name);
        }
        if let Some(url) = &self.public_url {
            builder = builder.public_url(url);
        }
        for host in List::texts(&self.allow_hosts) {
            builder = builder.allow_host(host);
        }
        for file in List::of(&self.ca_files) {
            builder = builder.ca_file(file);
        }
        for (name, value) in &self.variables {
            builder = builder.variable(name, value);
        }
        for function in &self.functions {
            builder = builder.function(&function.name, &function.file);
        }
        let harness = builder.build()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let ended = runtime.block_on(self.serve(harness, &signals));
        // What was cut off says its last words; nothing that is stuck is waited for.
        runtime.shutdown_timeout(LAST_WORDS);
        ended
    }

    fn limits(&self) -> Limits {
        let unset = match self.multi_tenant {
            true => Limits::multi_tenant(),
            false => Limits::default(),
        };
        Limits {
            timeout: self.timeout,
            stream_timeout: self.stream_timeout,
            client_timeout: self.client_timeout,
            idle_timeout: self.idle_timeout,
            cpu_time: self.cpu_time,
            memory: self.memory,
            memories: self.max_memories,
            watchdog: Some(self.watchdog).filter(|after| !after.is_zero()),
            concurrency: self.max_concurrency,
            queue: self.max_queue,
            outbound: self.max_outbound,
            body_memory: self.max_body_memory,
            idle_instances: self.max_idle_instances.unwrap_or(unset.idle_instances),
            verify_reuse: self.verify_reuse.of(),
            depth: self.max_depth,
            log_records: self.max_log_records.unwrap_or(unset.log_records),
            log_bytes: self.max_log_bytes.unwrap_or(unset.log_bytes),
            ..unset
        }
    }

    async fn serve(self, harness: Harness, signals: &StopSignals) -> anyhow::Result<Ended> {
        let listening = async {
            let addresses = self.listen.resolve().await?;
            harness.serve(&*addresses).await
        };
        let mut server = listening.await.with_context(|| {
            format!(
                "cannot listen on {}; --listen 127.0.0.1:0 takes a free port",
                self.listen
            )
        })?;
        let stop = signals.serving(self.grace);
        announce(self.announcement(&server, &harness));
        tokio::select! {
            // Nobody tells a host to stop whose signals cannot be heard any more.
            Ok(()) = stop => {}
            () = server.failed() => {
                anyhow::bail!("the host accepts no more connections, by a fault of its own: see the log above");
            }
        }
        if server.shutdown(self.grace).await {
            return Ok(Ended::Stopped);
        }
        let grace = self.grace;
        stderr::write_notice(&format!(
            "requests that did not end within {grace:?} were cut off"
        ));
        Ok(Ended::Cut)
    }

    /// What is on standard output once the functions are served.
    fn announcement(&self, server: &Server, harness: &Harness) -> String {
        let address = server.address();
        let mut lines = format!("listening on http://{address}\n");
        if self.multi_tenant {
            let _ = writeln!(lines, "  {MULTI_TENANT}");
        }
        let private: Vec<_> = List::texts(&self.private).collect();
        for Named { name, file } in &self.functions {
            let file = file.display().to_string();
            let file = Escaped(&file);
            // Text has room for everything.
            let _ = if private.contains(name) {
                writeln!(lines, "  {name} (private)  {file}")
            } else {
                writeln!(lines, "  http://{address}/{name}  {file}")
            };
            match harness.reusable(name) {
                Some(reusable) if self.verbose => {
                    let reuse = crate::engine::describe_reuse(reusable);
                    let _ = writeln!(lines, "    {reuse}");
                }
                _ => {}
            }
        }
        lines
    }
}
