use std::pin::pin;
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use wasmtime::{Store, UpdateDeadline};

use super::failure::OutOfCpuTime;
use super::meter::{self, Metered};
use super::{Engine, Failure, Function};
use crate::interfaces::bindings::exports::functions::web::handler;
use crate::interfaces::bindings::functions::bytes::bytes::Data;
use crate::interfaces::body::Body;
use crate::interfaces::environment::Call;
use crate::interfaces::headers::{is_hop_by_hop, named_by_connection};
use crate::interfaces::{Buffer, MAX_HANDLES, State};

/// Epochs between two looks at a running function.
const LOOK_EVERY: u64 = 1;

/// What a function answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

impl Engine {
    /// When an invocation that begins now has to be over.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        Instant::now().checked_add(self.limits.timeout)
    }

    /// Answers one request in an instance of its own, which is gone afterwards, whatever happened.
    pub(crate) async fn invoke(
        &self,
        function: &Function,
        call: Call,
        body: Body,
    ) -> Result<Reply, Failure> {
        let deadline = call.deadline;
        let invocation = async {
            let _permit = self
                .permits
                .acquire()
                .await
                .map_err(|_full| Failure::Overloaded)?;
            self.run(function, call, body).await
        };
        // The clock runs while the function waits for the host, where no epoch can reach it.
        match deadline {
            None => invocation.await,
            Some(deadline) => tokio::time::timeout_at(deadline.into(), invocation)
                .await
                .unwrap_or(Err(Failure::Timeout)),
        }
    }

    async fn run(&self, function: &Function, call: Call, body: Body) -> Result<Reply, Failure> {
        let mut store = self.store(call);
        let request = store
            .data_mut()
            .table
            .push(Buffer::new(body))
            .map_err(|error| Failure::Host(error.into()))?;

        let called = {
            let call = pin!(async {
                let instance = function.instance.instantiate_async(&mut store).await?;
                instance
                    .functions_web_handler()
                    .call_invoke(&mut store, request)
                    .await
            });
            Metered::new(call).await
        };
        let reply = called.map_err(|error| {
            let memory = &store.data().memory;
            Failure::of_call(error, memory.exceeded())
        })?;
        finish(&mut store, reply)
    }

    /// What one invocation lives in, with its bounds.
    pub(super) fn store(&self, call: Call) -> Store<State> {
        let mut store = Store::new(&self.wasmtime, State::new(call, self.limits.memory));
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(self.limits.memory);
        store.set_max_component_handles(MAX_HANDLES);
        self.bound_cpu_time(&mut store);
        store
    }

    fn bound_cpu_time(&self, store: &mut Store<State>) {
        let limit = self.limits.cpu_time;
        store.set_epoch_deadline(LOOK_EVERY);
        store.epoch_deadline_callback(move |_| {
            if meter::used() > limit {
                return Err(OutOfCpuTime.into());
            }
            // Wasmtime's own way to yield wakes itself at once, and the runtime's timers and
            // sockets would wait for many rounds of that.
            let others = Box::pin(tokio::task::yield_now());
            Ok(UpdateDeadline::YieldCustom(LOOK_EVERY, others))
        });
    }
}

/// Takes the reply out of the store.
fn finish(store: &mut Store<State>, reply: handler::Reply) -> Result<Reply, Failure> {
    let handler::Reply::Response(response) = reply else {
        return Err(Failure::InvalidReply(
            "it said that it had streamed one, and had not".into(),
        ));
    };
    let body = match response.body {
        Data::Value(bytes) => Body::from(bytes),
        Data::Buffer(buffer) => {
            let buffer = store.data_mut().table.delete(buffer);
            buffer
                .map_err(|error| Failure::Host(error.into()))?
                .into_body()
        }
    };
    let status = StatusCode::from_u16(response.status)
        .ok()
        .filter(|status| (200..=599).contains(&status.as_u16()))
        .ok_or_else(|| Failure::InvalidReply(format!("status {}", response.status)))?;
    Ok(Reply {
        status,
        headers: headers(response.headers)?,
        body,
    })
}

/// The headers of a response, less those that are the host's to set.
fn headers(list: Vec<(String, Vec<u8>)>) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::with_capacity(list.len());
    for (name, value) in list {
        let invalid = |what: &str| Failure::InvalidReply(format!("header {name:?} has {what}"));
        let header = HeaderName::try_from(name.as_str())
            .map_err(|_| invalid("a name that HTTP does not allow"))?;
        let value = HeaderValue::from_maybe_shared(Bytes::from(value))
            .map_err(|_| invalid("a value that HTTP does not allow"))?;
        headers
            .try_append(header, value)
            .map_err(|_| Failure::InvalidReply("too many headers".into()))?;
    }
    let unwanted: Vec<_> = headers
        .keys()
        .filter(|name| {
            **name == header::CONTENT_LENGTH
                || is_hop_by_hop(name)
                || named_by_connection(&headers, name)
        })
        .cloned()
        .collect();
    for name in unwanted {
        headers.remove(name);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(headers: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
        headers
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect()
    }

    /// Repeated headers stay, in order; framing and hop-by-hop headers are the host's.
    #[test]
    fn host_owns_framing() {
        let headers = headers(list(&[
            ("Set-Cookie", "a=1"),
            ("set-cookie", "b=2"),
            ("Content-Length", "7"),
            ("connection", "close, x-secret"),
            ("x-secret", "1"),
            ("transfer-encoding", "chunked"),
        ]))
        .unwrap();
        let all: Vec<_> = headers
            .iter()
            .map(|(_, value)| value.to_str().unwrap())
            .collect();
        assert_eq!(all, ["a=1", "b=2"]);
    }

    /// What HTTP does not allow is a failure that names the header, never a header dropped.
    #[test]
    fn invalid_headers_are_failures() {
        for (name, value) in [("a b", "x"), ("", "x"), ("x", "a\r\nb: c"), ("x", "\0")] {
            let failure = headers(list(&[(name, value)])).unwrap_err();
            assert!(
                failure.to_string().contains(&format!("{name:?}")),
                "{failure}"
            );
        }
    }
}
