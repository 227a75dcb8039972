//! Sends a request and receives the head of its response.

use bytes::Bytes;
use hyper::body::Incoming;
use tokio::time::timeout_at;

use super::client::HttpClient;
use super::config::OutboundPermit;
use super::error::{self, Error};
use super::outgoing::Outgoing;
use super::response_body::ResponseBody;
use super::retry::{Retries, Retry};
use crate::message::body::Body;
use crate::message::headers::{MAX_HEADERS, listed, without_hop_by_hop};
use crate::message::in_flight::InFlight;
use crate::message::transfer_codings::check_codings;

/// A response, whose body may still be arriving.
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Body,
}

/// Sends a request once it has a permit, and waits for the response's head until the deadline.
///
/// The request counts as in flight until the last byte of the response.
pub(crate) async fn exchange(
    outbound: &HttpClient,
    request: Outgoing,
    one: InFlight,
) -> Result<Received, Error> {
    let mut received = match request.deadline {
        None => follow(outbound, request).await,
        Some(deadline) => timeout_at(deadline, follow(outbound, request))
            .await
            .unwrap_or(Err(Error::Timeout)),
    }?;
    received.body = received.body.counted(one);
    Ok(received)
}

async fn follow(outbound: &HttpClient, mut request: Outgoing) -> Result<Received, Error> {
    let permit = outbound.acquire().await?;
    let mut left = request.redirects;
    loop {
        #[cfg(feature = "testing")]
        if let Some(response) = outbound.fake(&mut request).await? {
            match is_redirected(&mut request, &response, &mut left)? {
                true => continue,
                false => return received(response, &request, permit),
            }
        }
        let response = send(outbound, &mut request).await?;
        if !is_redirected(&mut request, &response, &mut left)? {
            return received(response, &request, permit);
        }
    }
}

/// Whether the request goes on to the location of its response.
pub(super) fn is_redirected<B>(
    request: &mut Outgoing,
    response: &http::Response<B>,
    left: &mut u32,
) -> Result<bool, Error> {
    if request.redirects == 0 {
        return Ok(false);
    }
    match request.follow(response.status(), response.headers()) {
        None => Ok(false),
        Some(next) if *left == 0 => Err(Error::TooManyRedirects(next.into())),
        Some(_) => {
            *left -= 1;
            Ok(true)
        }
    }
}

/// Sends a request. Sends it again if the server certainly did not process it, or if it is idempotent
/// and its connection had ended.
pub(super) async fn send(
    outbound: &HttpClient,
    request: &mut Outgoing,
) -> Result<http::Response<Incoming>, Error> {
    let mut retries = Retries::default();
    let mut result = outbound.request(request.next()?).await;
    loop {
        let failed = match result {
            Ok(response) => return Ok(response),
            Err(failed) => failed,
        };
        result = match retries.next(request, &failed) {
            None => return Err(failed.into()),
            Some(Retry::After(pause)) => {
                tokio::time::sleep(pause).await;
                outbound.request(request.next()?).await
            }
            Some(Retry::OnNewConnection) => {
                outbound.request_on_new_connection(request.next()?).await
            }
        };
    }
}

fn received<B>(
    response: http::Response<B>,
    request: &Outgoing,
    permit: OutboundPermit,
) -> Result<Received, Error>
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (mut head, body) = response.into_parts();
    // Of the informational statuses, only 101 gets here.
    if head.status.is_informational() {
        let status = head.status.as_u16();
        return Err(Error::Protocol(format!(
            "the server answered with status {status} without being asked to"
        )));
    }
    if head.headers.len() > MAX_HEADERS {
        return Err(Error::Protocol(error::long_head()));
    }
    check_codings(&head.headers)
        .map_err(|codings| Error::Protocol(format!("the response's {codings}")))?;
    // The length in a response to HEAD is that of a body which is not sent.
    let is_whole = request.is_head() || http_body::Body::is_end_stream(&body);
    if let Some(limit) = request.response_limit
        && !is_whole
        && http_body::Body::size_hint(&body).lower() > limit
    {
        return Err(Error::TooLarge(limit));
    }
    without_hop_by_hop(&mut head.headers);
    let body = if is_whole {
        Body::empty()
    } else {
        Body::new(ResponseBody::new(
            body,
            request.response_limit,
            request.body_deadline,
            permit,
        ))
    };
    Ok(Received {
        status: head.status.as_u16(),
        headers: listed(&head.headers),
        body,
    })
}
