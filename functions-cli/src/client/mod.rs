//! A client of a host's management API.

mod connection;
mod error;
mod progress;
mod upload;

use std::io::Read;

use serde_json::Value;
use ureq::http::{Request, Response};
use ureq::{Agent, Body, RequestBuilder};

pub(crate) use self::connection::Connection;
pub(crate) use self::error::ClientError;
pub(crate) use self::upload::{Deployment, Upload};

/// How many members of a collection are asked for at once.
const PAGE: usize = 500;

/// The longest answer that is read whole, in bytes.
const MAX_ANSWER: u64 = 64 << 20;

/// The content type of settings that are merged into the current ones (RFC 7396).
const MERGE_PATCH: &str = "application/merge-patch+json";

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

fn read(body: &mut Body) -> Result<String, ureq::Error> {
    body.with_config().limit(MAX_ANSWER).read_to_string()
}
