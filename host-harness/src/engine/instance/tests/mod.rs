use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt as _, StreamBody};

use crate::compile::{ComponentBytes, NotReusable};
use crate::engine::{Engine, Failure, Function, Pool, Reuse, Setup};
use crate::invocation::access::Access;
use crate::invocation::{FunctionContext, Invocation, InvocationLimits};
use crate::limits::Limits;
use crate::message::body::Body;
use crate::message::headers::HeaderLimit;
use crate::outbound::{HttpClient, OutboundConfig};
use crate::pool::SlotScope;
use crate::telemetry::metrics::NamedCounters;
use crate::telemetry::{Output, Record};

struct Host {
    engine: Arc<Engine>,
    function: Arc<Function>,
}

impl Host {
    fn new(file: &str) -> Self {
        Self::with(file, Setup::default())
    }

    fn with(file: &str, setup: Setup) -> Self {
        let limits = Limits {
            concurrency: 2,
            depth: 0,
            ..Limits::default()
        };
        let mut engine = Engine::new(limits, None, setup, None, Arc::new([])).unwrap();
        // Tests sweep by hand.
        Arc::get_mut(&mut engine).unwrap()._tickers.truncate(1);
        let function = prepare(&engine, file);
        Self { engine, function }
    }

    async fn ask(&self, query: &str, body: Body) -> Result<String, Failure> {
        let mut call = Invocation::placeholder(Arc::clone(&self.function.context));
        call.request.uri = format!("/?{query}").parse().unwrap();
        // Idle instances belong to a thread, and this one asks for them. The development build is slow.
        self.function.context.cpu_bound.forget();
        let reply = self
            .engine
            .invoke(
                Arc::clone(&self.function),
                call,
                tokio::time::Instant::now(),
                body,
            )
            .reply(&self.engine)
            .await?;
        let answer = reply.body.collect().await.unwrap().to_bytes();
        Ok(String::from_utf8(answer.to_vec()).unwrap())
    }

    async fn get(&self, query: &str) -> String {
        self.ask(query, Body::empty()).await.unwrap()
    }

    /// Whether this thread has an idle instance for the next request.
    fn has_idle(&self) -> bool {
        let idle = self.engine.idle.take(self.function.owner.owner());
        idle.map(|idle| self.engine.idle.put(idle)).is_some()
    }
}

fn prepare(engine: &Engine, file: &str) -> Arc<Function> {
    prepare_with(engine, file, Reuse::Auto, |_| {})
}

fn prepare_with(
    engine: &Engine,
    file: &str,
    reuse: Reuse,
    sink: impl Fn(Record) + Send + Sync + 'static,
) -> Arc<Function> {
    let network = OutboundConfig::new(crate::outbound::egress::Egress::default(), &[], &[], 1);
    let context = FunctionContext {
        headers: HeaderLimit::MAX,
        interfaces: Arc::new([]),
        name: "f".into(),
        version: OnceLock::new(),
        variables: Arc::new([]),
        limits: InvocationLimits::from(&Limits::default()),
        cpu_bound: crate::invocation::cpu_bound::CpuBound::default(),
        permits: None,
        access: Access::default(),
        output: Output {
            sink: Arc::new(sink),
            min_level: None,
            max_records: 1000,
            max_bytes: 1024 * 1024,
        },
        outbound: HttpClient::new(Arc::new(network.unwrap()), None),
        bodies: engine.bodies(),
        counters: NamedCounters::new(Arc::default()),
    };
    let wasm = ComponentBytes::new(std::fs::read(file).unwrap());
    Arc::new(engine.prepare(&wasm, Arc::new(context), reuse).unwrap())
}

/// A body of two chunks with a pause in between.
fn slow() -> Body {
    let pieces = futures_util::stream::unfold(2, |left| async move {
        let left = u8::checked_sub(left, 1)?;
        tokio::time::sleep(Duration::from_millis(1)).await;
        let frame = http_body::Frame::data(Bytes::from_static(b"half"));
        Some((Ok::<_, std::convert::Infallible>(frame), left))
    });
    Body::new(StreamBody::new(pieces))
}

/// Pseudorandom numbers, different in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % bound
    }

    /// Writes, growth and leaks: large or small, at familiar or new places.
    fn steps(&mut self) -> String {
        let count = self.below(4);
        let steps = (0..count).map(|_| match self.below(12) {
            0 => format!("grow={}&", self.below(40)),
            1 => format!("recurse={}&", self.below(2000)),
            2 => "print&".to_owned(),
            3 => "leak&".to_owned(),
            4 => "collect&".to_owned(),
            5 => format!("allocate={}&", self.below(200_000)),
            6 => format!("write={}:{}:7&", self.below(400_000), self.below(100_000)),
            _ => format!("write={}:{}:9&", self.below(20_000), self.below(5000)),
        });
        steps.collect()
    }
}

/// A request finds all of its memory as in a new instance, whatever others left.
#[tokio::test]
async fn memory_is_reset_between_requests() {
    let reused = dump_among_others(&Host::new(test_guests::REMEMBER), 150).await;
    assert!(reused > 50, "{reused}");
}

/// The same with wasmtime's pool, in which no instance is reused.
#[tokio::test]
async fn memory_of_wasmtimes_pool_is_cleared() {
    let setup = Setup {
        pool: Pool::Wasmtime,
        ..Setup::default()
    };
    let host = Host::with(test_guests::REMEMBER, setup);
    assert_eq!(host.function.reusable(), Err(NotReusable::NoPool));
    let reused = dump_among_others(&host, 50).await;
    assert_eq!(reused, 0);
}

/// Compares all of the memory with that of a new instance, after requests that changed it. Returns
/// how often an idle instance was reused.
async fn dump_among_others(host: &Host, times: u32) -> u32 {
    let new = Host::new(test_guests::REMEMBER).get("dump").await;
    assert_eq!(new.len(), 17);
    let seed = SystemTime::UNIX_EPOCH.elapsed().unwrap().subsec_nanos();
    let mut random = Random(seed.into());
    let mut reused = 0;
    for _ in 0..times {
        // A dump maps all of the memory, which most requests do not.
        for _ in 0..random.below(5) {
            let body = if random.below(4) == 0 {
                slow()
            } else {
                Body::empty()
            };
            let trap = if random.below(10) == 0 { "trap" } else { "" };
            let asked = host.ask(&format!("{}{trap}", random.steps()), body).await;
            assert_eq!(asked.is_err(), !trap.is_empty(), "seed {seed}: {asked:?}");
        }
        reused += u32::from(host.has_idle());
        assert_eq!(host.get("dump").await, new, "seed {seed}");
    }
    reused
}

/// An instance is reused after a successful request, also if the request had to wait.
#[tokio::test]
async fn instances_are_reused_after_success() {
    let host = Host::new(test_guests::REMEMBER);
    assert!(!host.has_idle());
    for query in [
        "",
        "write=9:9:9",
        "write=0:400000:1",
        "recurse=1000",
        "print",
        "collect",
    ] {
        host.get(query).await;
        assert!(host.has_idle(), "{query}");
    }
    assert_eq!(host.ask("collect", slow()).await.unwrap(), "8 ");
    assert!(host.has_idle());
}

/// An instance that differs from a new one is dropped.
#[tokio::test]
async fn changed_instances_are_dropped() {
    let host = Host::new(test_guests::REMEMBER);
    for query in ["grow=1", "leak", "trap"] {
        host.get("").await;
        assert!(host.has_idle());
        let asked = host.ask(query, Body::empty()).await;
        assert_eq!(asked.is_err(), query == "trap", "{query}: {asked:?}");
        assert!(!host.has_idle(), "{query}");
    }
    let events = Host::new(test_guests::MISBEHAVE);
    events.get("").await;
    assert!(!events.has_idle());
}

/// A function that always exceeds the resident memory gets new instances after a while. One that
/// does so sometimes does not.
#[tokio::test]
async fn repeated_oversize_resets_stop_reuse() {
    let host = Host::new(test_guests::REMEMBER);
    for _ in 0..5 {
        for _ in 0..5 {
            host.get("write=0:400000:1").await;
            assert!(host.has_idle());
        }
        host.get("").await;
        host.get("").await;
    }
    for _ in 0..10 {
        host.get("write=0:400000:1").await;
    }
    for _ in 0..3 {
        assert_eq!(host.get("recurse=0").await, "0 ");
        assert!(!host.has_idle());
    }
    // The large requests may have been temporary.
    for _ in 0..1000 {
        host.get("").await;
    }
    assert!(host.has_idle());
}

/// A cancelled request drops its instance.
#[tokio::test]
async fn cancelled_request_drops_its_instance() {
    let host = Host::new(test_guests::REMEMBER);
    host.get("").await;
    let never = Body::new(StreamBody::new(futures_util::stream::pending::<
        Result<http_body::Frame<Bytes>, std::convert::Infallible>,
    >()));
    let asked = host.ask("write=9:9:9&collect", never);
    assert!(
        tokio::time::timeout(Duration::from_millis(20), asked)
            .await
            .is_err()
    );
    assert!(!host.has_idle());
    assert_eq!(host.ask("collect", slow()).await.unwrap(), "8 ");
}

/// Idle instances belong to one function, and the oldest are evicted to free slots.
#[tokio::test]
async fn idle_instances_belong_to_one_function() {
    let host = Host::new(test_guests::REMEMBER);
    let functions: Vec<_> = (0..40)
        .map(|_| Host {
            engine: Arc::clone(&host.engine),
            function: prepare(&host.engine, test_guests::REMEMBER),
        })
        .collect();
    for _ in 0..2 {
        for function in &functions {
            assert!(!function.has_idle());
            function.get("").await;
        }
    }
    let idle = functions
        .iter()
        .filter(|function| function.has_idle())
        .count();
    // The capacity equals the concurrency.
    assert_eq!(idle, 2);
    for _ in 0..2 {
        host.engine.idle.sweep();
        assert_eq!(
            functions
                .iter()
                .filter(|function| function.has_idle())
                .count(),
            2
        );
    }
    host.engine.idle.sweep();
    host.engine.idle.sweep();
    assert!(!functions.iter().any(Host::has_idle));
}

/// Each function runs in its own slots.
#[tokio::test]
async fn slots_belong_to_the_polled_function() {
    let (report, owners) = std::sync::mpsc::channel();
    let host = Host::new(test_guests::REMEMBER);
    for _ in 0..2 {
        let report = report.clone();
        let sink = move |_| report.send(SlotScope::owner()).unwrap();
        let function = prepare_with(&host.engine, test_guests::REMEMBER, Reuse::Auto, sink);
        let engine = Arc::clone(&host.engine);
        let of = Host { engine, function };
        of.get("print").await;
        let owner = owners.try_recv().unwrap();
        assert_eq!(owner, Some(of.function.owner.owner()));
    }
    assert_eq!(SlotScope::owner(), None);
}

/// A function whose reuse is set to never gets a new instance for each request.
#[tokio::test]
async fn reuse_never_creates_an_instance_per_request() {
    let host = Host::new(test_guests::REMEMBER);
    let function = prepare_with(&host.engine, test_guests::REMEMBER, Reuse::Never, |_| {});
    assert_eq!(host.function.reusable(), Ok(()));
    assert_eq!(function.reusable(), Err(NotReusable::Setting));
    let never = Host {
        engine: Arc::clone(&host.engine),
        function,
    };
    never.get("").await;
    assert!(!never.has_idle());
    host.get("").await;
    assert!(host.has_idle());
}

/// The reason why instances are not reused is known after loading.
#[tokio::test]
async fn reason_against_reuse_is_known_after_loading() {
    for (file, reason) in [
        (test_guests::MISBEHAVE, NotReusable::Handles),
        (test_guests::USES_STD, NotReusable::Handles),
    ] {
        let host = Host::new(file);
        assert_eq!(host.function.reusable(), Err(reason), "{file}");
    }
}

mod verified;
