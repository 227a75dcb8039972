use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::Instant;
use wasmtime::{Store, UpdateDeadline};

use super::instance::Instance;
use super::streaming_body::StreamingBody;
use super::task::InvocationTask;
use super::{Engine, Failure, Function, background};
use crate::invocation::Invocation;
use crate::invocation::cpu_time::CpuTimed;
use crate::invocation::memory_limiter::MemoryLimit;
use crate::invocation::started::StartedResponse;
use crate::invocation::time_check::TimeCheck;
use crate::message::body::Body;
use crate::message::head::Head;
use crate::message::held_bodies;
use crate::pool::coverage::{self, Way};
use crate::pool::verify;
use crate::wit::bindings::functions::bytes::bytes::Data;
use crate::wit::{Buffer, MAX_ENTRIES, State, handler};

/// Epochs between two looks at a running function.
const LOOK_EVERY: u64 = 1;

/// What a function answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) head: Head,
    pub(crate) body: Body,
}

impl Reply {
    /// The length that the response to a GET would have, as far as that is known (RFC 9110, section
    /// 8.6). No body says nothing: a function that knows it is asked for the head alone may make none.
    pub(crate) fn length_for_head(&self) -> Option<u64> {
        let length = self.body.len().filter(|length| *length > 0);
        length.or(self.head.declared_length)
    }
}

/// What a function returned.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "most are the large one, and a box would be an allocation for each request"
)]
pub(super) enum Outcome {
    Replied(Reply),
    /// It says that it has streamed its response.
    Streamed,
}

/// What an invocation came to so far.
enum Answer {
    Whole(Reply),
    /// There is a head, and the invocation makes the body, or has ended already.
    StartedResponse(Box<StartedResponse>, Poll<Result<Outcome, Failure>>),
}

impl Engine {
    /// When an invocation that begins now has to have answered, and when it has to be over if it
    /// streams its response.
    pub(crate) fn deadlines(&self) -> (Option<Instant>, Option<Instant>) {
        let now = Instant::now();
        (
            now.checked_add(self.limits.timeout),
            now.checked_add(self.limits.stream_timeout),
        )
    }

    /// Answers one request in an instance of its own, which is as if it were new. Afterwards it is
    /// that again, or gone, whatever happened.
    ///
    /// Of a response that is streamed this returns the head; its body goes on with the invocation.
    pub(crate) async fn invoke(
        self: &Arc<Self>,
        function: &Arc<Function>,
        call: Invocation,
        body: Body,
    ) -> Result<Reply, Failure> {
        let (id, call_chain) = (call.id, call.call_chain);
        let (deadline, stream_deadline) = (call.deadline, call.stream_deadline);
        let running = Arc::clone(self).run(Arc::clone(function), call, body);
        let mut running = InvocationTask::new(function.owner.owner(), running);
        let answer = async {
            let _depth_permit = self.admission.acquire_depth_permit(call_chain).await?;
            poll_fn(|cx| poll_answer(&mut running, cx)).await
        };
        // The clock runs while the function waits for the host, where no epoch can reach it.
        let answer = match deadline {
            None => answer.await,
            Some(deadline) => tokio::time::timeout_at(deadline, answer)
                .await
                .unwrap_or(Err(Failure::Timeout)),
        };
        match answer? {
            // Of a request from outside, it lives as long as its connection does: the client has a time
            // to take it. It could send an echo of its own upload for ever.
            Answer::Whole(mut reply) if call_chain.depth == 0 => {
                reply.body.limit_upload(stream_deadline);
                Ok(reply)
            }
            Answer::Whole(mut reply) => {
                reply.body.limit(stream_deadline);
                Ok(reply)
            }
            Answer::StartedResponse(started, ended) => {
                let StartedResponse { head, pipe } = *started;
                let mut streamed = StreamingBody::new(Arc::clone(&function.context), id, pipe);
                match ended {
                    Poll::Ready(ended) => streamed.end(ended),
                    Poll::Pending => streamed.attach(running, stream_deadline),
                }
                let body = Body::new(streamed);
                Ok(Reply { head, body })
            }
        }
    }

    async fn run(
        self: Arc<Self>,
        function: Arc<Function>,
        call: Invocation,
        body: Body,
    ) -> Result<Outcome, Failure> {
        let _slot = self
            .admission
            .acquire_slot(call.call_chain, function.memories)
            .await?;
        let mut instance = match self.idle.take(&function.context) {
            Some(mut instance) => {
                coverage::count(Way::Reused);
                instance.begin(call);
                instance.store.set_epoch_deadline(LOOK_EVERY);
                instance
            }
            None => {
                coverage::count(Way::Created);
                Instance::new(self.store(call))
            }
        };
        let request = instance
            .store
            .data_mut()
            .table
            .push(Buffer::new(body))
            .map_err(|error| Failure::Host(error.into()))?;

        let called = {
            let call = pin!(instance.call(&function, request));
            CpuTimed::new(call).await
        };
        let reply = called.map_err(|error| Failure::of_call(error, instance.store.data()))?;
        let ended = finish(&mut instance.store, reply)?;
        // No request begins in the background, to use it again.
        if !background::is_here()
            && let Some(instance) = instance.reset(&function)
        {
            self.keep(instance, &function).await;
        }
        Ok(ended)
    }

    /// Keeps an instance that was reset for the function's next request, and now and then looks whether
    /// it is as it should be.
    async fn keep(&self, mut instance: Instance, function: &Function) {
        if verify::is_due(self.limits.verify_reuse) {
            instance.store.set_epoch_deadline(LOOK_EVERY);
            // In a box, for it is much and seldom.
            if let Err(error) = Box::pin(instance.verify(function)).await {
                tracing::warn!(function = %function.context.name, "an instance that was reset cannot be verified, and is not reused: {error:#}");
                return;
            }
        }
        self.idle.put(instance);
    }

    /// What one invocation lives in, with its bounds.
    pub(super) fn store(&self, call: Invocation) -> Store<State> {
        let memory = MemoryLimit::new(self.limits.memory, self.limits.memories.max(1));
        let state = State::new(call, memory, TimeCheck::new(self.limits.cpu_time));
        let mut store = Store::new(&self.wasmtime, state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(self.limits.memory);
        store.set_max_component_handles(MAX_ENTRIES);
        bound_cpu_time(&mut store);
        store
    }
}

fn bound_cpu_time(store: &mut Store<State>) {
    store.set_epoch_deadline(LOOK_EVERY);
    store.epoch_deadline_callback(|mut store| {
        store.data_mut().look_at_time()?;
        // Wasmtime's own way to yield wakes itself at once, and the runtime's timers and
        // sockets would wait for many rounds of that.
        let others = Box::pin(tokio::task::yield_now());
        Ok(UpdateDeadline::YieldCustom(LOOK_EVERY, others))
    });
}

/// Polls an invocation until there is something to send.
fn poll_answer(
    running: &mut InvocationTask,
    cx: &mut Context<'_>,
) -> Poll<Result<Answer, Failure>> {
    let (polled, started) = running.poll(cx);
    if let Some(started) = started {
        return Poll::Ready(Ok(Answer::StartedResponse(started, polled)));
    }
    polled.map(|ended| match ended? {
        Outcome::Replied(reply) => Ok(Answer::Whole(reply)),
        Outcome::Streamed => Err(Failure::InvalidReply(
            "it said that it had streamed one, and had not".into(),
        )),
    })
}

/// Takes the reply out of the store.
fn finish(store: &mut Store<State>, reply: handler::Reply) -> Result<Outcome, Failure> {
    let mut response = match reply {
        handler::Reply::Response(response) => response,
        handler::Reply::Streamed => return Ok(Outcome::Streamed),
    };
    let limit = store.data().call.function.headers;
    let headers = response.take_headers(limit);
    let headers = headers.map_err(|invalid| Failure::InvalidReply(invalid.to_string()))?;
    let body = match response.body {
        // It may never be read. That of a request's response has a client, which has to take it.
        Data::Value(bytes) if store.data().call.call_chain.depth > 0 => {
            let held = store.data().call.function.bodies.hold(bytes);
            Body::from(held.map_err(|held_bodies::Full| Failure::Overloaded)?)
        }
        Data::Value(bytes) => Body::from(bytes),
        Data::Buffer(buffer) => {
            let buffer = store.data_mut().table.delete(buffer);
            buffer
                .map_err(|error| Failure::Host(error.into()))?
                .into_body()
        }
    };
    let head = Head::new(response.status, headers, limit)
        .map_err(|invalid| Failure::InvalidReply(invalid.0))?;
    Ok(Outcome::Replied(Reply { head, body }))
}
