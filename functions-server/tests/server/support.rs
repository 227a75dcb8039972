//! A running server, and clients of it.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use functions_server::{ManagementOptions, SecretsKey, Server, ServerOptions, ServerledgeOptions};
use host_harness::{Builder, Harness};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::sync::{oneshot, watch};

/// A host that has room for many in one process, and shares its compiled functions with other tests.
pub(crate) fn builder() -> Builder {
    Harness::builder()
        .cache(Path::new(env!("CARGO_TARGET_TMPDIR")).join("functions"))
        .concurrency(16, 1000)
        .depth(1)
        .output_sink(|_| {})
}

pub(crate) fn key() -> SecretsKey {
    SecretsKey::from_hex(&"5a".repeat(32)).unwrap()
}

/// A running server. Dropping it stops it without waiting.
pub(crate) struct Running {
    pub(crate) server: Server,
    functions: host_harness::Server,
    management: SocketAddr,
    stop: oneshot::Sender<()>,
    /// Closed when this stops: ends what serves other APIs.
    others: watch::Sender<()>,
    stopped: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// A server with a temporary store.
    pub(crate) async fn start() -> Self {
        Self::with(builder(), ServerOptions::default()).await
    }

    /// A server on a folder.
    pub(crate) async fn on(folder: &Path) -> Self {
        let options = ServerOptions::default().data_dir(folder).secrets_key(key());
        Self::with(builder(), options).await
    }

    pub(crate) async fn with(builder: Builder, options: ServerOptions) -> Self {
        let running = Self::without_queue(builder, options).await;
        running.server.run_queue();
        running
    }

    /// A server that accepts invocations, and runs none of them.
    pub(crate) async fn without_queue(builder: Builder, options: ServerOptions) -> Self {
        let server = Server::open(builder, options).unwrap();
        let functions = server.harness().serve("127.0.0.1:0").await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let management = listener.local_addr().unwrap();
        let (stop, stopping) = oneshot::channel::<()>();
        let options = ManagementOptions::default()
            .public_url(format!("http://{}", functions.address()))
            .admin_host("admin.example.com");
        let serving = server.clone();
        let stopped = tokio::spawn(async move {
            let shutdown = async {
                let _ = stopping.await;
            };
            serving.serve_management(listener, options, shutdown).await
        });
        Self {
            server,
            functions,
            management,
            stop,
            others: watch::Sender::new(()),
            stopped,
        }
    }

    /// A client of the management API, without a token.
    pub(crate) fn management(&self) -> Client {
        Client::new(format!("http://{}", self.management))
    }

    /// A client of the functions.
    pub(crate) fn functions(&self) -> Client {
        Client::new(format!("http://{}", self.functions.address()))
    }

    /// A client of Serverledge's API, which is served from now on.
    pub(crate) async fn serverledge(&self, options: ServerledgeOptions) -> Client {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (server, stopping) = (self.server.clone(), self.stopping());
        tokio::spawn(async move { server.serve_serverledge(listener, options, stopping).await });
        Client::new(format!("http://{address}"))
    }

    /// Ends when the server is stopped.
    pub(crate) fn stopping(&self) -> impl Future<Output = ()> + use<> {
        let mut others = self.others.subscribe();
        async move {
            // Nothing is ever sent.
            let _ = others.changed().await;
        }
    }

    /// Stops the server, and releases its folder.
    pub(crate) async fn stop(self) {
        drop(self.others);
        let _ = self.stop.send(());
        self.stopped.await.unwrap().unwrap();
        self.functions.shutdown(Duration::from_secs(10)).await;
        let closing = tokio::time::timeout(Duration::from_secs(30), self.server.close());
        closing.await.unwrap();
    }
}

/// Sends requests.
#[derive(Clone)]
pub(crate) struct Client {
    http: hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>,
    base: String,
    headers: HeaderMap,
}

impl Client {
    pub(crate) fn new(base: String) -> Self {
        Self {
            http: hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http(),
            base,
            headers: HeaderMap::new(),
        }
    }

    /// Where the server is, as a URL without a path.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// This client with a token.
    pub(crate) fn token(&self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// This client with a header.
    pub(crate) fn header(&self, name: &'static str, value: &str) -> Self {
        let mut with = self.clone();
        with.headers.insert(name, value.parse().unwrap());
        with
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "", Bytes::new()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, "", Bytes::new()).await
    }

    pub(crate) async fn post(&self, path: &str, json: Value) -> Answer {
        self.send(Method::POST, path, "application/json", json.to_string())
            .await
    }

    pub(crate) async fn put(&self, path: &str, json: Value) -> Answer {
        self.send(Method::PUT, path, "application/json", json.to_string())
            .await
    }

    pub(crate) async fn patch(&self, path: &str, json: Value) -> Answer {
        self.send(
            Method::PATCH,
            path,
            "application/merge-patch+json",
            json.to_string(),
        )
        .await
    }

    /// Deploys the component of a file.
    pub(crate) async fn deploy(&self, name: &str, file: &str) -> Answer {
        self.deploy_bytes(name, std::fs::read(file).unwrap()).await
    }

    pub(crate) async fn deploy_bytes(&self, name: &str, component: impl Into<Bytes>) -> Answer {
        let path = format!("/v1/functions/{name}");
        self.send(Method::PUT, &path, "application/wasm", component)
            .await
    }

    /// Deploys a component with settings, as a form. `media` is the type of the settings.
    pub(crate) async fn deploy_form(
        &self,
        name: &str,
        file: &str,
        media: &str,
        settings: &str,
    ) -> Answer {
        let mut form = Vec::new();
        form.extend(
            b"--xyz\r\ncontent-disposition: form-data; name=\"component\"; filename=\"f.wasm\"\r\n",
        );
        form.extend(b"content-type: application/wasm\r\n\r\n");
        form.extend(std::fs::read(file).unwrap());
        form.extend(b"\r\n--xyz\r\ncontent-disposition: form-data; name=\"settings\"\r\n");
        form.extend(format!("content-type: {media}\r\n\r\n{settings}\r\n--xyz--\r\n").into_bytes());
        let path = format!("/v1/functions/{name}");
        self.send(
            Method::PUT,
            &path,
            "multipart/form-data; boundary=xyz",
            form,
        )
        .await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        media: &str,
        body: impl Into<Bytes>,
    ) -> Answer {
        self.try_send(method, path, media, body).await.unwrap()
    }

    /// The body of a response that does not end.
    pub(crate) async fn stream(&self, path: &str) -> hyper::body::Incoming {
        let request = Request::get(format!("{}{path}", self.base)).body(Full::default());
        let response = self.http.request(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        response.into_body()
    }

    pub(crate) async fn try_send(
        &self,
        method: Method,
        path: &str,
        media: &str,
        body: impl Into<Bytes>,
    ) -> Result<Answer, hyper_util::client::legacy::Error> {
        let uri = format!("{}{path}", self.base);
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if !media.is_empty() {
            request = request.header("content-type", media);
        }
        let response = self
            .http
            .request(request.body(Full::new(body.into())).unwrap())
            .await?;
        let (parts, body) = response.into_parts();
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        })
    }
}

/// A whole response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body, after a check of the status.
    #[track_caller]
    pub(crate) fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.body.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }

    /// The problem's detail, after checks of its form and status.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert!(problem["title"].is_string(), "{problem}");
        problem["detail"].as_str().unwrap().to_owned()
    }
}
