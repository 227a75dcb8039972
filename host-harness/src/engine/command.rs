//! Runs a command for a request: its body is the parameters, and what the command leaves the response.

use std::pin::{Pin, pin};
use std::time::Instant;

use http::{Method, StatusCode};
use http_body::Body as _;
use wasmtime::Store;
use wasmtime_wasi::I32Exit;

use super::reply::{Outcome, Reply};
use super::timed_call::TimedCall;
use super::{Engine, Failure, Function};
use crate::command::{
    CapturedOutput, MAX_TEXT, OutputTooLong, PARAMS_FILE, PARAMS_PATH, Program, RESULT_FILE,
    RESULT_PATH,
};
use crate::invocation::cpu_time::CpuTimed;
use crate::invocation::report::InvocationReport;
use crate::invocation::{FunctionContext, Invocation};
use crate::message::body::Body;
use crate::message::head::Head;
use crate::message::held_bodies::{Full, Reserved};
use crate::telemetry::metrics::FunctionCounters;
use crate::wit::{CommandRun, State, run};

/// The answer to a request that does not run a command.
struct RefusedRun(StatusCode, &'static str);

impl Engine {
    /// Runs a command once. Its permits are held by the caller.
    pub(super) async fn run_command(
        &self,
        function: &Function,
        program: &Program,
        call: Invocation,
        arrived: Instant,
        body: Body,
    ) -> Result<Outcome, Failure> {
        let context = &function.context;
        if call.request.method != Method::POST {
            let refused = RefusedRun(StatusCode::METHOD_NOT_ALLOWED, "a command is run by POST\n");
            return refused.reply(context);
        }
        let mut reserved = context.bodies.reserve();
        let params = match read_params(body, &mut reserved).await? {
            Ok(params) => params,
            Err(refused) => return refused.reply(context),
        };
        let command = prepare(program, context, params.as_deref())?;
        let mut store = self.store(call);
        store.data_mut().command = Some(Box::new(command));
        let counters = context.counters.get();
        let report = InvocationReport::started(&store.data().call);
        let ended = {
            let ran = pin!(run_once(&mut store, function, counters));
            let ran = CpuTimed::new(ran, &context.cpu_bound);
            TimedCall::new(ran, counters, report.clone(), arrived).await
        };
        if let Some(report) = report {
            report.set_memory(store.data().memory.used());
        }
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(())) => return Err(Failure::Exit(1)),
            Err(error) => match error.downcast_ref() {
                Some(I32Exit(0)) => {}
                Some(I32Exit(code)) => return Err(Failure::Exit(*code)),
                None if error.is::<OutputTooLong>() => return Err(Failure::Output),
                None => return Err(Failure::from_call(error, store.data())),
            },
        }
        reply(&mut store)
    }
}

/// What a run has before it starts.
fn prepare(
    program: &Program,
    context: &FunctionContext,
    params: Option<&str>,
) -> Result<CommandRun, Failure> {
    let files = program.file_system(context.bodies.clone());
    let mut params_path = "";
    if let Some(params) = params {
        params_path = PARAMS_PATH;
        let written = files.write(PARAMS_PATH, params.as_bytes());
        written.map_err(|_full| Failure::Overloaded)?;
    }
    Ok(CommandRun {
        arguments: program.arguments(params),
        files,
        output: CapturedOutput::new(&context.bodies),
        variables: [(PARAMS_FILE, params_path), (RESULT_FILE, RESULT_PATH)],
    })
}

async fn run_once(
    store: &mut Store<State>,
    function: &Function,
    counters: &FunctionCounters,
) -> wasmtime::Result<Result<(), ()>> {
    let began = Instant::now();
    let instance = function.instance.instantiate_async(&mut *store).await?;
    let run = run::load(store, &instance, &function.export)?;
    counters.created(began.elapsed());
    store.data().call.set_called();
    let (ended,) = run.call_async(store, ()).await?;
    Ok(ended)
}

/// Reads a request's body; `None` if it is empty.
async fn read_params(
    mut body: Body,
    reserved: &mut Reserved,
) -> Result<Result<Option<String>, RefusedRun>, Failure> {
    let mut bytes = Vec::new();
    let overloaded = |Full| Failure::Overloaded;
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let Ok(frame) = frame else {
            let text = "the body broke off before its end\n";
            return Ok(Err(RefusedRun(StatusCode::BAD_REQUEST, text)));
        };
        let data = frame.into_data().unwrap_or_default();
        if bytes.len() + data.len() > MAX_TEXT {
            let text = "the parameters of a command have at most 8 MiB\n";
            return Ok(Err(RefusedRun(StatusCode::PAYLOAD_TOO_LARGE, text)));
        }
        // As text, and as an argument.
        reserved.grow(2 * data.len()).map_err(overloaded)?;
        bytes.extend_from_slice(&data);
    }
    if bytes.is_empty() {
        return Ok(Ok(None));
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(Ok(Some(text))),
        _ => {
            let text = "the parameters of a command are an argument, so expected text in UTF-8 without NUL\n";
            Ok(Err(RefusedRun(StatusCode::BAD_REQUEST, text)))
        }
    }
}

impl RefusedRun {
    fn reply(self, context: &FunctionContext) -> Result<Outcome, Failure> {
        let Self(status, text) = self;
        let mut headers = vec![("content-type", "text/plain; charset=utf-8")];
        if status == StatusCode::METHOD_NOT_ALLOWED {
            headers.push(("allow", "POST"));
        }
        respond(status, &headers, Body::from(text), context)
    }
}

/// The response of a command that succeeded: the file that it wrote for it, or what it printed.
fn reply(store: &mut Store<State>) -> Result<Outcome, Failure> {
    let state = store.data_mut();
    let command = state
        .command
        .take()
        .ok_or_else(|| Failure::Host(wasmtime::format_err!("the command's state is gone")))?;
    let written = command.files.temporary_file(RESULT_PATH);
    let bytes = match written {
        Some(file) if file.len() > MAX_TEXT as u64 => return Err(Failure::Output),
        Some(file) => file.read(0, MAX_TEXT),
        None => {
            let mut printed = command.output.take();
            printed.pop_if(|last| *last == b'\n');
            printed
        }
    };
    let context = &state.call.function;
    let media = media(&bytes);
    let held = context
        .bodies
        .hold(bytes)
        .map_err(|Full| Failure::Overloaded)?;
    let headers = [("content-type", media)];
    respond(StatusCode::OK, &headers, Body::from(held), context)
}

fn respond(
    status: StatusCode,
    headers: &[(&str, &str)],
    body: Body,
    context: &FunctionContext,
) -> Result<Outcome, Failure> {
    let headers = headers.iter();
    let headers = headers.map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
    let head = Head::new(status.as_u16(), headers.collect(), context.headers)
        .map_err(|invalid| Failure::InvalidReply(invalid.0))?;
    Ok(Outcome::Replied(Box::new(Reply { head, body })))
}

/// The type of a result.
fn media(bytes: &[u8]) -> &'static str {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return "application/octet-stream";
    };
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => "application/json",
        Err(_) => "text/plain; charset=utf-8",
    }
}
