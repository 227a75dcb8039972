use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::Instant;
use wasmtime::{Store, UpdateDeadline};

use super::instance::Instance;
use super::reply::{Outcome, Reply};
use super::streaming_body::StreamingBody;
use super::task::InvocationTask;
use super::timed_call::TimedCall;
use super::{Engine, Failure, Function, admission, contention};
use crate::invocation::cpu_time::CpuTimed;
use crate::invocation::memory_limiter::MemoryLimit;
use crate::invocation::report::InvocationReport;
use crate::invocation::started::StartedResponse;
use crate::invocation::time_check::TimeCheck;
use crate::invocation::{CallChain, FunctionContext, Invocation, InvocationLimits};
use crate::message::body::Body;
use crate::message::head::Head;
use crate::message::held_bodies;
use crate::pool::coverage::{self, Point};
use crate::pool::{Owner, verify};
use crate::telemetry::InvocationId;
use crate::wit::bindings::functions::bytes::bytes::Data;
use crate::wit::{Buffer, MAX_ENTRIES, State, handler};

/// The number of epochs between two checks of a running function.
const CHECK_EPOCHS: u64 = 1;

/// The first result of an invocation.
enum Started {
    Whole(Box<Reply>),
    /// The function has sent a head, and streams the body or has already ended.
    Streaming(Box<StartedResponse>, Poll<Result<Outcome, Failure>>),
}

/// An invocation that has not been polled yet. Its large future is on the heap already, so that futures
/// that contain it stay small and cheap to move.
pub(crate) struct PendingInvocation {
    task: InvocationTask,
    owner: Owner,
    context: Arc<FunctionContext>,
    id: InvocationId,
    request_id: Option<Arc<str>>,
    call_chain: CallChain,
    deadline: Option<Instant>,
    stream_deadline: Option<Instant>,
}

impl PendingInvocation {
    /// Waits for the response.
    ///
    /// For a streamed response this returns the head. The body continues the invocation. A failure is
    /// logged here.
    ///
    /// This borrows the invocation, because a future that took it would copy it. Dropping the invocation
    /// ends the function, unless its response is streamed.
    pub(crate) async fn reply(&mut self, engine: &Engine) -> Result<Box<Reply>, Failure> {
        let task = &mut self.task;
        let started = async {
            let _depth_permit = engine
                .admission
                .acquire_depth_permit(self.call_chain)
                .await?;
            let contended = contention::begin(self.owner);
            if contended && self.context.cpu_bound.is_now() {
                task.go_to_background();
            }
            poll_fn(|cx| poll_started(task, cx)).await
        };
        // A timer also covers the time that the function waits for the host, where epochs do not
        // apply.
        let started = match self.deadline {
            None => started.await,
            Some(deadline) => tokio::time::timeout_at(deadline, started)
                .await
                .unwrap_or(Err(Failure::Timeout)),
        };
        let log = |failure: &Failure| {
            failure.log(&self.context.name, self.id, self.request_id.as_deref());
        };
        let started = started.inspect_err(log)?;
        Ok(self.take_reply(started))
    }

    fn take_reply(&mut self, started: Started) -> Box<Reply> {
        match started {
            // The connection bounds how long a client may take to read the body. Only an echo of
            // the client's own upload could otherwise last forever.
            Started::Whole(mut reply) if self.call_chain.depth == 0 => {
                reply.body.limit_upload(self.stream_deadline);
                reply
            }
            Started::Whole(mut reply) => {
                reply.body.limit(self.stream_deadline);
                reply
            }
            Started::Streaming(response, ended) => {
                let StartedResponse { head, pipe } = *response;
                let (context, request_id) = (Arc::clone(&self.context), self.request_id.clone());
                let mut streamed = StreamingBody::new(context, self.id, request_id, pipe);
                match ended {
                    Poll::Ready(ended) => streamed.end(ended),
                    Poll::Pending => streamed.attach(self.task.take(), self.stream_deadline),
                }
                let body = Body::new(streamed);
                Box::new(Reply { head, body })
            }
        }
    }
}

impl Engine {
    /// Answers one request in its own instance, newly created or reset. Afterwards the instance is
    /// reset again, or dropped. Nothing runs before [`PendingInvocation::reply`]. `arrived` is for metrics.
    pub(crate) fn invoke(
        self: &Arc<Self>,
        function: Arc<Function>,
        call: Invocation,
        arrived: Instant,
        body: Body,
    ) -> PendingInvocation {
        let owner = function.owner();
        PendingInvocation {
            owner,
            context: Arc::clone(&function.context),
            id: call.id,
            request_id: call.request_id.clone(),
            call_chain: call.call_chain,
            deadline: call.deadline,
            stream_deadline: call.stream_deadline,
            task: InvocationTask::new(owner, Arc::clone(self).run(function, call, arrived, body)),
        }
    }

    #[expect(
        clippy::manual_async_fn,
        reason = "an async function would have room for its arguments twice, and copy them"
    )]
    fn run(
        self: Arc<Self>,
        function: Arc<Function>,
        call: Invocation,
        arrived: Instant,
        body: Body,
    ) -> impl Future<Output = Result<Outcome, Failure>> + Send + 'static {
        async move {
            let counters = function.context.counters.get();
            let chain = call.call_chain;
            let _permit = admission::acquire_function_permit(&function.context, chain).await?;
            let own = function.context.permits.as_ref();
            let _slot = self
                .admission
                .acquire_slot(chain, function.memories, own)
                .await?;
            if let Some(program) = &function.program {
                let arrived = arrived.into_std();
                // Boxed, so that web functions' invocations have no room for it.
                return Box::pin(self.run_command(&function, program, call, arrived, body)).await;
            }
            let mut instance = match self.idle.take(function.owner()) {
                Some(mut instance) => {
                    coverage::count(Point::Reused);
                    counters.reused();
                    instance.assign(call);
                    instance.store.set_epoch_deadline(CHECK_EPOCHS);
                    instance
                }
                None => {
                    coverage::count(Point::Created);
                    Box::new(Instance::new(self.store(call), function.owner()))
                }
            };
            let request = instance
                .store
                .data_mut()
                .table
                .push(Buffer::new(body))
                .map_err(|error| Failure::Host(error.into()))?;

            let report = InvocationReport::started(&instance.store.data().call);
            let returned = {
                let call = pin!(instance.call(&function, request));
                let call = CpuTimed::new(call, &function.context.cpu_bound);
                TimedCall::new(call, counters, report.clone(), arrived.into_std()).await
            };
            if let Some(report) = report {
                report.set_memory(instance.store.data().memory.used());
            }
            let reply =
                returned.map_err(|error| Failure::from_call(error, instance.store.data()))?;
            let ended = finish(&mut instance.store, reply)?;
            if !function.is_retired() && instance.reset(&function) {
                self.store_idle(instance, &function).await;
            }
            Ok(ended)
        }
    }

    /// Keeps a reset instance for the function's next request. Occasionally verifies it first.
    async fn store_idle(&self, mut instance: Box<Instance>, function: &Function) {
        if verify::is_due(self.limits.verify_reuse) {
            instance.store.set_epoch_deadline(CHECK_EPOCHS);
            // Boxed, because it is large and rarely runs.
            if let Err(error) = Box::pin(instance.verify(function)).await {
                tracing::warn!(function = %function.context.name, "cannot verify a reset instance; dropping it: {error:#}");
                return;
            }
        }
        self.idle.put(instance);
    }

    /// A new store for one invocation, with its limits.
    pub(super) fn store(&self, call: Invocation) -> Store<State> {
        let InvocationLimits {
            cpu_time,
            memory,
            memories,
            ..
        } = call.function.limits;
        let limit = MemoryLimit::new(memory, memories);
        let state = State::new(call, limit, TimeCheck::new(cpu_time));
        let mut store = Store::new(&self.wasmtime, state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(memory);
        store.set_max_component_handles(MAX_ENTRIES);
        bound_cpu_time(&mut store);
        store
    }
}

fn bound_cpu_time(store: &mut Store<State>) {
    store.set_epoch_deadline(CHECK_EPOCHS);
    store.epoch_deadline_callback(|mut store| {
        let state = store.data_mut();
        state.check_deadline()?;
        if let Some(share) = state.call.function.limits.cpu_share
            && let Some(pause) = state.time.pause(share)
        {
            let paused = Box::pin(tokio::time::sleep(pause));
            return Ok(UpdateDeadline::YieldCustom(CHECK_EPOCHS, paused));
        }
        // Wasmtime's own yield wakes itself at once. The runtime would then poll timers and sockets
        // only after many rounds.
        let yielded = Box::pin(tokio::task::yield_now());
        Ok(UpdateDeadline::YieldCustom(CHECK_EPOCHS, yielded))
    });
}

/// Polls an invocation until it has a response, or has started one.
fn poll_started(task: &mut InvocationTask, cx: &mut Context<'_>) -> Poll<Result<Started, Failure>> {
    let (polled, started) = task.poll(cx);
    if let Some(started) = started {
        return Poll::Ready(Ok(Started::Streaming(started, polled)));
    }
    polled.map(|ended| match ended? {
        Outcome::Replied(reply) => Ok(Started::Whole(reply)),
        Outcome::Streamed => Err(Failure::InvalidReply(
            "the function reported a streamed response, but started none".into(),
        )),
    })
}

/// Takes the response out of the store.
fn finish(store: &mut Store<State>, reply: handler::HandlerReply) -> Result<Outcome, Failure> {
    let mut response = match reply {
        handler::HandlerReply::Response(response) => response,
        handler::HandlerReply::Streamed => return Ok(Outcome::Streamed),
    };
    let limit = store.data().call.function.headers;
    let headers = response.take_headers(limit);
    let headers = headers.map_err(|invalid| Failure::InvalidReply(invalid.to_string()))?;
    let body = match response.body {
        // A caller may never read it, and a client takes its time.
        Data::Value(bytes) => {
            let held = store.data().call.function.bodies.hold(bytes);
            Body::from(held.map_err(|held_bodies::Full| Failure::Overloaded)?)
        }
        Data::Buffer(buffer) => {
            let buffer = store.data_mut().table.delete(buffer);
            buffer
                .map_err(|error| Failure::Host(error.into()))?
                .into_body()
        }
    };
    let head = Head::new(response.status, headers, limit)
        .map_err(|invalid| Failure::InvalidReply(invalid.0))?;
    Ok(Outcome::Replied(Box::new(Reply { head, body })))
}
