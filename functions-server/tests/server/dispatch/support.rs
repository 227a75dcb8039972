//! Endpoints of the tests' own, and a client of a scheduler.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use functions_server::{DispatchOptions, ServerOptions};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message as _;
use prost_types::Any;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::support::{Answer, Client, Running, builder};

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct DispatchRequest {
    #[prost(message, repeated, tag = "1")]
    pub(crate) calls: Vec<Call>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct DispatchResponse {
    #[prost(string, repeated, tag = "1")]
    pub(crate) ids: Vec<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Call {
    #[prost(uint64, tag = "1")]
    pub(crate) correlation_id: u64,
    #[prost(string, tag = "2")]
    pub(crate) endpoint: String,
    #[prost(string, tag = "3")]
    pub(crate) function: String,
    #[prost(message, optional, tag = "4")]
    pub(crate) input: Option<Any>,
    #[prost(message, optional, tag = "5")]
    pub(crate) expiration: Option<prost_types::Duration>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct CallResult {
    #[prost(uint64, tag = "1")]
    pub(crate) correlation_id: u64,
    #[prost(message, optional, tag = "2")]
    pub(crate) output: Option<Any>,
    #[prost(message, optional, tag = "3")]
    pub(crate) error: Option<Error>,
    #[prost(string, tag = "4")]
    pub(crate) dispatch_id: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Error {
    #[prost(string, tag = "1")]
    pub(crate) kind: String,
    #[prost(string, tag = "2")]
    pub(crate) message: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Exit {
    #[prost(message, optional, tag = "1")]
    pub(crate) result: Option<CallResult>,
    #[prost(message, optional, tag = "2")]
    pub(crate) tail_call: Option<Call>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Poll {
    #[prost(message, repeated, tag = "2")]
    pub(crate) calls: Vec<Call>,
    #[prost(message, optional, tag = "3")]
    pub(crate) max_wait: Option<prost_types::Duration>,
    #[prost(int32, tag = "4")]
    pub(crate) max_results: i32,
    #[prost(int32, tag = "5")]
    pub(crate) min_results: i32,
    #[prost(message, optional, tag = "6")]
    pub(crate) state: Option<Any>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PollResult {
    #[prost(message, repeated, tag = "2")]
    pub(crate) results: Vec<CallResult>,
    #[prost(message, optional, tag = "3")]
    pub(crate) error: Option<Error>,
    #[prost(message, optional, tag = "4")]
    pub(crate) state: Option<Any>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Run {
    #[prost(string, tag = "1")]
    pub(crate) function: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) input: Option<Any>,
    #[prost(message, optional, tag = "3")]
    pub(crate) poll: Option<PollResult>,
    #[prost(string, tag = "4")]
    pub(crate) id: String,
    #[prost(string, tag = "5")]
    pub(crate) parent: String,
    #[prost(string, tag = "6")]
    pub(crate) root: String,
    #[prost(message, optional, tag = "7")]
    pub(crate) created: Option<prost_types::Timestamp>,
    #[prost(message, optional, tag = "8")]
    pub(crate) expires: Option<prost_types::Timestamp>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct RunResponse {
    #[prost(int32, tag = "1")]
    pub(crate) status: i32,
    #[prost(message, optional, tag = "2")]
    pub(crate) exit: Option<Exit>,
    #[prost(message, optional, tag = "3")]
    pub(crate) poll: Option<Poll>,
}

/// A response that exits with a status and a text.
pub(crate) fn exit(status: i32, output: &str) -> RunResponse {
    let result = CallResult {
        output: Some(any(output)),
        ..CallResult::default()
    };
    RunResponse {
        status,
        exit: Some(Exit {
            result: Some(result),
            tail_call: None,
        }),
        poll: None,
    }
}

/// A response that polls with calls of functions of the same endpoint.
pub(crate) fn poll(functions: &[&str], min_results: i32, state: &str) -> RunResponse {
    let calls = functions.iter().enumerate().map(|(at, function)| Call {
        correlation_id: 100 + at as u64,
        function: (*function).to_owned(),
        input: Some(any(function)),
        ..Call::default()
    });
    RunResponse {
        status: 1,
        exit: None,
        poll: Some(Poll {
            calls: calls.collect(),
            min_results,
            max_results: 1000,
            state: Some(any(state)),
            max_wait: None,
        }),
    }
}

/// A text with a type that nobody knows.
pub(crate) fn any(text: &str) -> Any {
    Any {
        type_url: "example.com/test.Text".to_owned(),
        value: text.as_bytes().to_vec(),
    }
}

pub(crate) fn text(any: Option<&Any>) -> String {
    any.map(|any| String::from_utf8(any.value.clone()).unwrap())
        .unwrap_or_default()
}

/// A run that an endpoint was asked for, and when.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) at: Instant,
    pub(crate) run: Run,
    pub(crate) headers: http::HeaderMap,
}

/// An endpoint of a test's own.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Endpoint {
    /// An endpoint that answers each run, of which it is told the number among those of the same call.
    pub(crate) async fn answering(
        answer: impl Fn(&Run, usize) -> RunResponse + Send + Sync + 'static,
    ) -> Self {
        Self::raw(move |run, number| {
            let body = answer(run, number).encode_to_vec();
            Some(
                Response::builder()
                    .header("content-type", "application/proto")
                    .body(body)
                    .unwrap(),
            )
        })
        .await
    }

    /// An endpoint that answers each run with a response of HTTP, or never.
    pub(crate) async fn raw(
        answer: impl Fn(&Run, usize) -> Option<Response<Vec<u8>>> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
        };
        let (seen, answer) = (endpoint.seen.clone(), Arc::new(answer));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (seen, answer) = (seen.clone(), answer.clone());
                let service =
                    hyper::service::service_fn(move |request: Request<hyper::body::Incoming>| {
                        let (seen, answer) = (seen.clone(), answer.clone());
                        async move {
                            let (head, body) = request.into_parts();
                            assert_eq!(head.uri.path(), "/dispatch.sdk.v1.FunctionService/Run");
                            assert!(head.headers.contains_key("content-length"));
                            let body = body.collect().await?.to_bytes();
                            let run = Run::decode(body).unwrap();
                            let number = {
                                let mut seen = seen.lock().unwrap();
                                let at = Instant::now();
                                let headers = head.headers;
                                seen.push(Seen {
                                    at,
                                    run: run.clone(),
                                    headers,
                                });
                                seen.iter().filter(|seen| seen.run.id == run.id).count()
                            };
                            match answer(&run, number) {
                                Some(response) => Ok::<_, hyper::Error>(
                                    response.map(|body| Full::new(bytes::Bytes::from(body))),
                                ),
                                None => std::future::pending().await,
                            }
                        }
                    });
                let served = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                tokio::spawn(async move {
                    let _: Result<_, _> = served
                        .serve_connection(TokioIo::new(stream), service)
                        .await
                        .map_err(|_: Box<dyn std::error::Error + Send + Sync>| ());
                });
            }
        });
        endpoint
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Forgets the runs that it was asked for, and returns how many they were.
    pub(crate) fn forget(&self) -> usize {
        std::mem::take(&mut *self.seen.lock().unwrap()).len()
    }

    pub(crate) fn call(&self, function: &str) -> Call {
        call(&self.url(), function)
    }
}

pub(crate) fn call(endpoint: &str, function: &str) -> Call {
    Call {
        endpoint: endpoint.to_owned(),
        function: function.to_owned(),
        input: Some(any(function)),
        ..Call::default()
    }
}

/// A server that runs calls.
pub(crate) struct Scheduler {
    pub(crate) running: Running,
    pub(crate) api: Client,
    pub(crate) admin: Client,
    stop: oneshot::Sender<()>,
    stopped: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Scheduler {
    pub(crate) async fn start() -> Self {
        Self::with(ServerOptions::default(), DispatchOptions::default()).await
    }

    pub(crate) async fn with(options: ServerOptions, dispatch: DispatchOptions) -> Self {
        let running = Running::with(builder().allow_host("127.0.0.1"), options).await;
        let admin = json!({"name": "root", "scopes": ["admin"]});
        let token = running.management().post("/v1/tokens", admin).await.ok(201);
        let token = token["token"].as_str().unwrap().to_owned();
        Self::of(running, &token, dispatch).await
    }

    /// A scheduler of a server that has a token.
    pub(crate) async fn of(running: Running, token: &str, dispatch: DispatchOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let dispatch = dispatch.functions_url(running.functions().base());
        let (stop, stopping) = oneshot::channel::<()>();
        let server = running.server.clone();
        let stopped = tokio::spawn(async move {
            let stopping = async {
                let _ = stopping.await;
            };
            server.serve_dispatch(listener, dispatch, stopping).await
        });
        Self {
            api: Client::new(format!("http://{address}")).token(token),
            admin: running.management().token(token),
            running,
            stop,
            stopped,
        }
    }

    pub(crate) async fn send(&self, calls: Vec<Call>) -> Answer {
        send(&self.api, calls).await
    }

    pub(crate) async fn dispatch(&self, calls: Vec<Call>) -> Vec<String> {
        ids(self.send(calls).await)
    }

    pub(crate) async fn show(&self, id: &str) -> Value {
        self.admin
            .get(&format!("/v1/dispatch/calls/{id}"))
            .await
            .ok(200)
    }

    /// Waits until a call is in a state.
    pub(crate) async fn wait(&self, id: &str, state: &str) -> Value {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let call = self.show(id).await;
            if call["state"] == state {
                return call;
            }
            assert!(Instant::now() < deadline, "not {state}: {call}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        self.stopped.await.unwrap().unwrap();
        self.running.stop().await;
    }
}

pub(crate) async fn send(api: &Client, calls: Vec<Call>) -> Answer {
    let body = DispatchRequest { calls }.encode_to_vec();
    let path = "/dispatch.sdk.v1.DispatchService/Dispatch";
    api.send(http::Method::POST, path, "application/proto", body)
        .await
}

pub(crate) fn ids(answer: Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    DispatchResponse::decode(answer.body).unwrap().ids
}
