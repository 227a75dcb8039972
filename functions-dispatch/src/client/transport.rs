//! Sends a request: the host does, or natively a thread.

use std::time::Duration;

use functions_http::Request;

use crate::Error;

const PATH: &str = "/dispatch.sdk.v1.DispatchService/Dispatch";

/// How long a scheduler may take to accept calls.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The longest answer that is read, in bytes.
const MAX_ANSWER: u64 = 16 << 20;

type Answer = Result<(u16, Vec<u8>), Error>;

fn headers(key: &str) -> [(&'static str, String); 4] {
    [
        ("authorization", format!("Bearer {key}")),
        ("content-type", "application/proto".to_owned()),
        ("connect-protocol-version", "1".to_owned()),
        ("connect-timeout-ms", TIMEOUT.as_millis().to_string()),
    ]
}

fn request(url: &str, key: &str, body: Vec<u8>) -> Request {
    let mut request = Request::post(format!("{url}{PATH}")).with_body(body);
    for (name, value) in headers(key) {
        request = request.header(name, value);
    }
    request.timeout(TIMEOUT).response_limit(MAX_ANSWER)
}

#[cfg(target_family = "wasm")]
mod host {
    use std::pin::Pin;

    use super::{Answer, request};

    /// An answer in flight.
    pub(crate) type Posted = Pin<Box<dyn Future<Output = Answer>>>;

    pub(crate) fn post(url: &str, key: &str, body: Vec<u8>) -> Posted {
        let sent = request(url, key, body).send();
        Box::pin(async {
            let response = sent.await?;
            Ok((response.status, response.into_bytes_async().await?))
        })
    }
}

#[cfg(target_family = "wasm")]
pub(super) use host::{Posted, post};

#[cfg(not(target_family = "wasm"))]
pub(super) use native::{Posted, post};

#[cfg(not(target_family = "wasm"))]
mod native {
    use std::pin::Pin;
    use std::sync::{Arc, Mutex, PoisonError};
    use std::task::{Context, Poll, Waker};

    use super::{Answer, request};
    use crate::Error;

    /// An answer in flight, without an asynchronous runtime.
    #[derive(Debug)]
    pub(crate) struct Posted(Arc<Mutex<Slot>>);

    #[derive(Debug, Default)]
    struct Slot {
        answer: Option<Answer>,
        waker: Option<Waker>,
    }

    impl Posted {
        fn new() -> (Self, impl FnOnce(Answer) + Send + 'static) {
            let slot = Arc::new(Mutex::new(Slot::default()));
            let filled = Arc::clone(&slot);
            let fill = move |answer| {
                let mut slot = filled.lock().unwrap_or_else(PoisonError::into_inner);
                slot.answer = Some(answer);
                if let Some(waker) = slot.waker.take() {
                    waker.wake();
                }
            };
            (Self(slot), fill)
        }
    }

    impl Future for Posted {
        type Output = Answer;

        fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
            let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match slot.answer.take() {
                Some(answer) => Poll::Ready(answer),
                None => {
                    slot.waker = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        }
    }

    /// A test's stand-in for a server answers first; then the request is sent by a thread of its own.
    pub(crate) fn post(url: &str, key: &str, body: Vec<u8>) -> Posted {
        let (posted, fill) = Posted::new();
        match stand_in(url, key, &body) {
            Err(Error::Http(functions_http::Error::NoHost)) => send(url, key, body, fill),
            answer => fill(answer),
        }
        posted
    }

    fn stand_in(url: &str, key: &str, body: &[u8]) -> Answer {
        let response = request(url, key, body.to_vec()).wait()?;
        Ok((response.status, response.into_bytes()?))
    }

    #[cfg(not(feature = "client"))]
    fn send(_: &str, _: &str, _: Vec<u8>, fill: impl FnOnce(Answer) + Send + 'static) {
        fill(Err(Error::Http(functions_http::Error::NoHost)));
    }

    #[cfg(feature = "client")]
    fn send(url: &str, key: &str, body: Vec<u8>, fill: impl FnOnce(Answer) + Send + 'static) {
        let url = format!("{url}{}", super::PATH);
        let headers = super::headers(key);
        std::thread::spawn(move || fill(exchange(&url, headers, &body)));
    }

    #[cfg(feature = "client")]
    fn exchange(url: &str, headers: [(&'static str, String); 4], body: &[u8]) -> Answer {
        use functions_http::Error as HttpError;

        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(super::TIMEOUT));
        let agent = ureq::Agent::new_with_config(config.build());
        let mut request = agent.post(url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let failed = |error: ureq::Error| {
            Error::Http(match error {
                ureq::Error::Timeout(_) => HttpError::Timeout,
                ureq::Error::HostNotFound => HttpError::Dns(error.to_string()),
                ureq::Error::Io(_) | ureq::Error::ConnectionFailed => {
                    HttpError::Connect(error.to_string())
                }
                other => HttpError::Other(other.to_string()),
            })
        };
        let mut response = request.send(body).map_err(failed)?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(super::MAX_ANSWER);
        Ok((status, body.read_to_vec().map_err(failed)?))
    }
}
