//! Paths of the compiled components that the host's tests run.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

/// `examples/contact-form`.
pub const CONTACT_FORM: &str = env!("GUEST_CONTACT_FORM");
/// `acme-clock`: imports an interface that an embedder adds.
pub const ACME_CLOCK: &str = env!("GUEST_ACME_CLOCK");
/// `caller`: calls other functions, as a test specifies.
pub const CALLER: &str = env!("GUEST_CALLER");
/// `calls-functions`: calls other functions with the SDK.
pub const CALLS_FUNCTIONS: &str = env!("GUEST_CALLS_FUNCTIONS");
/// `calls-out`: sends requests to the server that a test names.
pub const CALLS_OUT: &str = env!("GUEST_CALLS_OUT");
/// `command`: a command, not a web function.
pub const COMMAND: &str = env!("GUEST_COMMAND");
/// `conformance`: handlers that behave the same natively and on the host.
pub const CONFORMANCE: &str = env!("GUEST_CONFORMANCE");
/// `examples/counter`.
pub const COUNTER: &str = env!("GUEST_COUNTER");
/// `examples/echo`.
pub const ECHO: &str = env!("GUEST_ECHO");
/// `examples/greet`.
pub const GREET: &str = env!("GUEST_GREET");
/// `misbehave`: a function that does what no function should do.
pub const MISBEHAVE: &str = env!("GUEST_MISBEHAVE");
/// `examples/ping`.
pub const PING: &str = env!("GUEST_PING");
/// `examples/proxy`.
pub const PROXY: &str = env!("GUEST_PROXY");
/// `remember`: searches its memory for data of other requests.
pub const REMEMBER: &str = env!("GUEST_REMEMBER");
/// `renamed`: difficult cases for `invoke!`.
pub const RENAMED: &str = env!("GUEST_RENAMED");
/// `examples/echo-details`.
pub const ECHO_DETAILS: &str = env!("GUEST_ECHO_DETAILS");
/// `examples/etag`.
pub const ETAG: &str = env!("GUEST_ETAG");
/// `examples/fan-out`.
pub const FAN_OUT: &str = env!("GUEST_FAN_OUT");
/// `examples/orchestrate`.
pub const ORCHESTRATE: &str = env!("GUEST_ORCHESTRATE");
/// `examples/shrink`.
pub const SHRINK: &str = env!("GUEST_SHRINK");
/// `examples/dispatch-caller`.
pub const DISPATCH_CALLER: &str = env!("GUEST_DISPATCH_CALLER");
/// `examples/dispatch-endpoint`.
pub const DISPATCH_ENDPOINT: &str = env!("GUEST_DISPATCH_ENDPOINT");
/// `examples/events`.
pub const EVENTS: &str = env!("GUEST_EVENTS");
/// `examples/respond`.
pub const RESPOND: &str = env!("GUEST_RESPOND");
/// `examples/router`.
pub const ROUTER: &str = env!("GUEST_ROUTER");
/// `examples/stream-csv`.
pub const STREAM_CSV: &str = env!("GUEST_STREAM_CSV");
/// `examples/todo-axum`.
pub const TODO_AXUM: &str = env!("GUEST_TODO_AXUM");
/// `examples/upload-digest`.
pub const UPLOAD_DIGEST: &str = env!("GUEST_UPLOAD_DIGEST");
/// `typed`: a component whose functions return what they are given.
pub const TYPED: &str = env!("GUEST_TYPED");
/// `uses-std`: std on the SDK's small libc.
pub const USES_STD: &str = env!("GUEST_USES_STD");
/// `worker`: keeps state, and asks the host for what differs each time.
pub const WORKER: &str = env!("GUEST_WORKER");

/// Every example, with its name.
pub const EXAMPLES: &[(&str, &str)] = &[
    ("contact-form", CONTACT_FORM),
    ("counter", COUNTER),
    ("echo", ECHO),
    ("echo-details", ECHO_DETAILS),
    ("etag", ETAG),
    ("events", EVENTS),
    ("fan-out", FAN_OUT),
    ("greet", GREET),
    ("orchestrate", ORCHESTRATE),
    ("ping", PING),
    ("proxy", PROXY),
    ("respond", RESPOND),
    ("router", ROUTER),
    ("shrink", SHRINK),
    ("stream-csv", STREAM_CSV),
    ("todo-axum", TODO_AXUM),
    ("upload-digest", UPLOAD_DIGEST),
];
