//! The request, from options that are those of curl.

use std::io::{self, Read as _};
use std::str::FromStr;
use std::{fs, path::Path};

use anyhow::Context as _;
use clap::Args;
use host_harness::Body;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HOST, USER_AGENT};
use http::uri::InvalidUri;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};

use crate::value::argument::InvalidArgument;

/// The address that the request claims to have been sent to.
const AUTHORITY: &str = "127.0.0.1:8080";

/// What `functions serve` would get from curl.
#[derive(Args)]
pub(super) struct RequestOptions {
    /// The method. Defaults to GET, or POST with --data.
    #[arg(long = "request", short = 'X', value_name = "METHOD")]
    method: Option<Method>,

    /// A header; an empty value removes a default one. Can be repeated.
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE")]
    headers: Vec<Header>,

    /// The body: text, @FILE, or @- for standard input. Its content type is that of a form unless --header
    /// gives another, as with curl. It is sent unchanged.
    #[arg(long, short, value_name = "DATA")]
    data: Option<String>,

    /// The path below the function, with the query.
    #[arg(long, value_name = "PATH", default_value = "")]
    path: String,
}

#[derive(Clone)]
struct Header(HeaderName, HeaderValue);

impl FromStr for Header {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text
            .split_once(':')
            .ok_or("expected NAME: VALUE, such as accept: application/json")?;
        let name = HeaderName::from_str(name.trim())
            .map_err(|_| format!("invalid header name {name:?}"))?;
        let value = HeaderValue::from_str(value.trim())
            .map_err(|_| format!("invalid value of header {name}"))?;
        Ok(Self(name, value))
    }
}

impl RequestOptions {
    /// The request to the function `name`.
    pub(super) fn request(&self, name: &str) -> anyhow::Result<Request<Body>> {
        let mut request = self.request_to(&format!("/{name}"))?;
        let host = HeaderValue::from_static(AUTHORITY);
        request.headers_mut().entry(HOST).or_insert(host);
        Ok(request.map(|body| body.map_or_else(Body::empty, Body::from)))
    }

    /// The request to the function with this URL.
    pub(super) fn request_to(&self, url: &str) -> anyhow::Result<Request<Option<Vec<u8>>>> {
        let body = self.data.as_deref().map(read).transpose()?;
        let mut request = Request::new(None);
        *request.uri_mut() = self.uri(url)?;
        *request.method_mut() = match (&self.method, &body) {
            (Some(method), _) => method.clone(),
            (None, Some(_)) => Method::POST,
            (None, None) => Method::GET,
        };
        *request.headers_mut() = self.headers(body.as_ref().map(Vec::len));
        *request.body_mut() = body;
        Ok(request)
    }

    fn uri(&self, url: &str) -> anyhow::Result<Uri> {
        let slash = match self.path.as_bytes() {
            [] | [b'/' | b'?', ..] => "",
            _ => "/",
        };
        let target = format!("{url}{slash}{}", self.path);
        target.parse().map_err(|error: InvalidUri| {
            let text = format!(
                "invalid --path {:?}: other characters than those of URLs are written as %XX, such as %20 for a space",
                self.path
            );
            InvalidArgument::because(text, error).into()
        })
    }

    fn headers(&self, length: Option<usize>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let agent = concat!("functions/", env!("CARGO_PKG_VERSION"));
        headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        if let Some(length) = length {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            headers.insert(CONTENT_TYPE, form);
        }
        for Header(name, _) in &self.headers {
            headers.remove(name);
        }
        for Header(name, value) in &self.headers {
            if !value.is_empty() {
                headers.append(name, value.clone());
            }
        }
        headers
    }
}

/// The body that `--data` names.
fn read(data: &str) -> anyhow::Result<Vec<u8>> {
    match data.strip_prefix('@') {
        None => Ok(data.as_bytes().to_owned()),
        Some("-") => {
            let mut bytes = Vec::new();
            let read = io::stdin().read_to_end(&mut bytes);
            read.context("cannot read standard input")?;
            Ok(bytes)
        }
        Some(file) => {
            let read = fs::read(Path::new(file));
            read.map_err(|error| {
                let text = format!("cannot read {file:?} for --data; a body that starts with @ is --data @- from standard input");
                InvalidArgument::because(text, error).into()
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        options: RequestOptions,
    }

    fn request(arguments: &[&str]) -> Request<Body> {
        let arguments = ["invoke"].iter().chain(arguments);
        Command::parse_from(arguments).options.request("f").unwrap()
    }

    /// Without options, the request is as curl's.
    #[test]
    fn plain_request_is_as_curls() {
        let request = request(&[]);
        assert_eq!(request.method(), Method::GET);
        assert_eq!(request.uri(), "/f");
        assert_eq!(request.headers()["accept"], "*/*");
        assert!(request.headers().contains_key("host"));
        assert!(!request.headers().contains_key("content-type"));
    }

    /// Data makes it a POST of a form, unless options say otherwise.
    #[test]
    fn data_makes_a_post() {
        let posted = request(&["-d", "a=1"]);
        assert_eq!(posted.method(), Method::POST);
        assert_eq!(posted.headers()["content-length"], "3");
        assert_eq!(
            posted.headers()["content-type"],
            "application/x-www-form-urlencoded"
        );
        let put = request(&[
            "-X",
            "PUT",
            "-d",
            "{}",
            "-H",
            "Content-Type: application/json",
        ]);
        assert_eq!(put.method(), Method::PUT);
        assert_eq!(put.headers()["content-type"], "application/json");
    }

    /// Paths may start with a slash, a query, or neither; headers repeat, and an empty one removes.
    #[test]
    fn paths_and_headers_are_sent() {
        for (path, target) in [
            ("/a?b=c", "/f/a?b=c"),
            ("?b=c", "/f?b=c"),
            ("a/b", "/f/a/b"),
        ] {
            assert_eq!(request(&["--path", path]).uri(), target);
        }
        let request = request(&["-H", "x-a: 1", "-H", "X-A:2", "-H", "accept:"]);
        let all: Vec<_> = request.headers().get_all("x-a").iter().collect();
        assert_eq!(all, ["1", "2"]);
        assert!(!request.headers().contains_key("accept"));
    }
}
