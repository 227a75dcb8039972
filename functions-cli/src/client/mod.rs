//! A client of a host's management API.

mod error;
mod progress;

use std::io::Read;
use std::net::IpAddr;
use std::time::Duration;

use clap::Args;
use serde_json::Value;
use ureq::http::{Request, Response, Uri};
use ureq::unversioned::multipart::{Form, Part};
use ureq::{Agent, Body, Proxy, RequestBuilder};

pub(crate) use self::error::ClientError;
use self::progress::Progress;

const DEFAULT_HOST: &str = "http://127.0.0.1:8081";

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How many members of a collection are asked for at once.
const PAGE: usize = 500;

/// The longest answer that is read whole, in bytes.
const MAX_ANSWER: u64 = 64 << 20;

/// The content type of settings that are merged into the current ones (RFC 7396).
const MERGE_PATCH: &str = "application/merge-patch+json";

/// Which host to talk to, and as whom.
#[derive(Args)]
pub(crate) struct Connection {
    /// The host's management API, as `functions serve --admin-listen` announces it.
    #[arg(long, value_name = "URL", env = "FUNCTIONS_HOST", default_value = DEFAULT_HOST, global = true)]
    host: String,

    /// The token. `functions token create` makes one.
    #[arg(
        long,
        value_name = "TOKEN",
        env = "FUNCTIONS_TOKEN",
        hide_env_values = true,
        global = true
    )]
    token: Option<String>,
}

/// A connection to one host.
pub(crate) struct Client {
    agent: Agent,
    base: String,
    token: Option<String>,
}

/// The path of a function's resources; names need no escapes, and others are refused by the host.
pub(crate) fn function_path(name: &str) -> String {
    format!("/v1/functions/{}", encoded(name))
}

/// One segment of a path or one value of a query.
pub(crate) fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

impl Connection {
    pub(crate) fn new(host: &str, token: Option<&str>) -> Self {
        Self {
            host: host.to_owned(),
            token: token.map(str::to_owned),
        }
    }

    pub(crate) fn open(&self) -> Result<Client, ClientError> {
        let base = match self.host.split_once("://") {
            Some((scheme, rest)) => format!("{scheme}://{}", rest.trim_end_matches('/')),
            None => format!("http://{}", self.host.trim_end_matches('/')),
        };
        let uri: Uri = base.parse().map_err(|_| self.invalid())?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        let Some(name) = uri.host().filter(|_| is_http) else {
            return Err(self.invalid());
        };
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .user_agent(concat!("functions/", env!("CARGO_PKG_VERSION")));
        if !is_local(name) {
            config = config.proxy(Proxy::try_from_env());
        }
        Ok(Client {
            agent: Agent::new_with_config(config.build()),
            base,
            token: self.token.clone(),
        })
    }

    fn invalid(&self) -> ClientError {
        ClientError::InvalidHost(self.host.clone())
    }
}

/// Whether no proxy can be meant for this host.
fn is_local(name: &str) -> bool {
    let address = name.trim_matches(['[', ']']).parse::<IpAddr>();
    name == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

impl Client {
    pub(crate) fn get(&self, path: &str) -> Result<Value, ClientError> {
        self.json(path, self.with_token(self.agent.get(self.url(path))).call())
    }

    /// All members `list` of a collection, page by page. `cursor` is the parameter that the next page
    /// begins with.
    pub(crate) fn all(
        &self,
        path: &str,
        list: &str,
        cursor: &str,
    ) -> Result<Vec<Value>, ClientError> {
        self.all_where(path, &[], list, cursor)
    }

    /// As [`all`](Self::all), of those that the parameters select that are given.
    pub(crate) fn all_where(
        &self,
        path: &str,
        parameters: &[(&str, &Option<String>)],
        list: &str,
        cursor: &str,
    ) -> Result<Vec<Value>, ClientError> {
        let mut all = Vec::new();
        let mark = if path.contains('?') { '&' } else { '?' };
        let mut first = format!("{path}{mark}limit={PAGE}");
        for (name, value) in parameters {
            let Some(value) = value else { continue };
            first.push_str(&format!("&{name}={}", encoded(value)));
        }
        let mut next = first.clone();
        loop {
            let mut page = self.get(&next)?;
            if let Some(Value::Array(more)) = page.get_mut(list).map(Value::take) {
                all.extend(more);
            }
            let after = match page.get("next") {
                None | Some(Value::Null) => return Ok(all),
                Some(Value::String(name)) => encoded(name),
                Some(number) => number.to_string(),
            };
            next = format!("{first}&{cursor}={after}");
        }
    }

    /// A response that is read as it arrives.
    pub(crate) fn stream(&self, path: &str) -> Result<impl Read + use<>, ClientError> {
        let response = self.with_token(self.agent.get(self.url(path))).call();
        let response = self.checked(path, response)?;
        Ok(response.into_body().into_reader())
    }

    pub(crate) fn delete(&self, path: &str) -> Result<(), ClientError> {
        let response = self.with_token(self.agent.delete(self.url(path))).call();
        self.checked(path, response).map(drop)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, ClientError> {
        self.json(
            path,
            self.with_token(self.agent.post(self.url(path)))
                .send_json(body),
        )
    }

    /// Sends a request that runs once, however often it is sent with one key.
    pub(crate) fn post_with_key(
        &self,
        path: &str,
        body: &Value,
        key: Option<&str>,
    ) -> Result<Value, ClientError> {
        let mut request = self.with_token(self.agent.post(self.url(path)));
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        self.json(path, request.send_json(body))
    }

    /// Uploads a component whose workers are called by name.
    pub(crate) fn upload(&self, path: &str, upload: &Upload<'_>) -> Result<Value, ClientError> {
        let mut progress = Progress::new(upload.name, upload.component);
        let mut form = Form::new();
        for (name, text) in upload.texts {
            form = form.part(name, Part::text(text));
        }
        let component = Part::reader(&mut progress).file_name("component.wasm");
        let form = form.part("component", part(component, "application/wasm")?);
        let request = self.with_token(self.agent.post(self.url(path)));
        self.json(path, request.send(form))
    }

    /// Merges into what is there (RFC 7396).
    pub(crate) fn patch(&self, path: &str, body: &Value) -> Result<Value, ClientError> {
        let request = self.with_token(self.agent.patch(self.url(path)));
        self.json(
            path,
            request
                .content_type(MERGE_PATCH)
                .send(body.to_string().as_str()),
        )
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Result<Value, ClientError> {
        self.json(
            path,
            self.with_token(self.agent.put(self.url(path)))
                .send_json(body),
        )
    }

    /// Sends a request to a function that the host serves, and not to its management API.
    pub(crate) fn invoke(
        &self,
        request: Request<Option<Vec<u8>>>,
    ) -> Result<Response<Body>, ClientError> {
        let (head, body) = request.into_parts();
        let sent = match body {
            Some(body) => self.agent.run(Request::from_parts(head, body)),
            None => self.agent.run(Request::from_parts(head, ())),
        };
        sent.map_err(|error| self.unreachable(error))
    }

    /// Deploys a component, and merges settings into the current ones in the same step.
    pub(crate) fn deploy(&self, deployment: &Deployment<'_>) -> Result<Value, ClientError> {
        let path = function_path(deployment.name);
        let mut request = self.with_token(self.agent.put(self.url(&path)));
        if let Some(version) = deployment.if_version {
            request = request.header("if-match", format!("\"{version}\""));
        }
        let mut upload = Progress::new(deployment.name, deployment.component);
        let Some(settings) = deployment.settings else {
            let size = deployment.component.len();
            let request = request
                .content_type("application/wasm")
                .header("content-length", size.to_string());
            return self.json(
                &path,
                request.send(ureq::SendBody::from_reader(&mut upload)),
            );
        };
        let settings = settings.to_string();
        let form = Form::new()
            .part("settings", part(Part::text(&settings), MERGE_PATCH)?)
            .part(
                "component",
                part(
                    Part::reader(&mut upload).file_name("function.wasm"),
                    "application/wasm",
                )?,
            );
        self.json(&path, request.send(form))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn with_token<T>(&self, request: RequestBuilder<T>) -> RequestBuilder<T> {
        match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    fn json(
        &self,
        path: &str,
        response: Result<Response<Body>, ureq::Error>,
    ) -> Result<Value, ClientError> {
        let mut body = self.checked(path, response)?.into_body();
        let text = read(&mut body).map_err(|error| self.unreachable(error))?;
        serde_json::from_str(&text).map_err(|_| ClientError::NotAHost(self.base.clone()))
    }

    fn checked(
        &self,
        path: &str,
        response: Result<Response<Body>, ureq::Error>,
    ) -> Result<Response<Body>, ClientError> {
        let mut response = response.map_err(|error| self.unreachable(error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let text = read(response.body_mut()).unwrap_or_default();
        Err(ClientError::refused(&self.base, path, status, &text))
    }

    fn unreachable(&self, source: ureq::Error) -> ClientError {
        ClientError::Unreachable {
            base: self.base.clone(),
            source,
        }
    }
}

/// What to deploy.
pub(crate) struct Deployment<'a> {
    pub(crate) name: &'a str,
    pub(crate) component: &'a [u8],
    /// A merge patch of the function's settings.
    pub(crate) settings: Option<&'a Value>,
    /// The version that has to be current.
    pub(crate) if_version: Option<u64>,
}

/// A component to upload.
pub(crate) struct Upload<'a> {
    pub(crate) name: &'a str,
    pub(crate) component: &'a [u8],
    /// The form's other parts.
    pub(crate) texts: &'a [(&'static str, String)],
}

fn part<'a>(part: Part<'a>, content_type: &str) -> Result<Part<'a>, ClientError> {
    part.mime_str(content_type).map_err(ClientError::Bug)
}

fn read(body: &mut Body) -> Result<String, ureq::Error> {
    body.with_config().limit(MAX_ANSWER).read_to_string()
}
