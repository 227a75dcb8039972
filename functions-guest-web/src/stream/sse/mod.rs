//! Server-sent events: `text/event-stream`, as the HTML standard has it.

use std::fmt;
use std::time::Duration;

use super::{ResponseWriter, StreamError};
use crate::response::{IntoResponse, WebResponse};
use crate::{WebError, WebResult};

/// One event of a stream.
///
/// ```
/// use functions_guest_web::Event;
///
/// let event = Event::data("one\ntwo").with_name("tick").with_id("7");
/// assert_eq!(event.to_string(), "event: tick\nid: 7\ndata: one\ndata: two\n\n");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Event {
    /// The fields, each with its line end.
    lines: String,
    data: Option<String>,
    invalid: bool,
}

impl Event {
    /// An event with this data, of any number of lines.
    pub fn data(data: impl Into<String>) -> Self {
        Self {
            data: Some(data.into()),
            ..Self::default()
        }
    }

    /// An event whose data is JSON.
    ///
    /// # Errors
    ///
    /// When the value has no form in JSON.
    #[cfg(feature = "json")]
    pub fn json<T>(value: T) -> Result<Self, functions_bytes::encoding::EncodeError>
    where
        functions_bytes::encoding::Json<T>:
            functions_bytes::encoding::Encode<Error = functions_bytes::encoding::EncodeError>,
    {
        use functions_bytes::encoding::{Encode as _, EncodeError, Json};
        let body = Json(value).encode()?.into_bytes();
        let body = body.map_err(|error| EncodeError::new("JSON", error))?;
        Ok(Self::data(String::from_utf8_lossy(&body)))
    }

    /// A comment, which clients skip: it keeps a quiet connection from being closed.
    pub fn comment(text: &str) -> Self {
        let mut event = Self::default();
        for line in lines(text) {
            event.line("", line);
        }
        event
    }

    /// The event's name, which picks the client's listener; `message` without one.
    pub fn with_name(self, name: &str) -> Self {
        self.field("event: ", name)
    }

    /// The event's id, which a client that connects anew sends as `last-event-id`.
    pub fn with_id(mut self, id: &str) -> Self {
        self.invalid |= id.contains('\0');
        self.field("id: ", id)
    }

    /// How long the client is to wait before it connects anew.
    pub fn with_retry(self, time: Duration) -> Self {
        self.field("retry: ", &time.as_millis().to_string())
    }

    /// A field of one line.
    fn field(mut self, name: &str, value: &str) -> Self {
        self.invalid |= value.contains(['\n', '\r']);
        self.line(name, value);
        self
    }

    fn line(&mut self, name: &str, value: &str) {
        let name = if name.is_empty() { ": " } else { name };
        self.lines.push_str(name);
        self.lines.push_str(value);
        self.lines.push('\n');
    }
}

/// Lines as the standard has them: they end with a line feed, a carriage return, or both.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some((line, after)) = text.split_once(['\n', '\r']) else {
            rest = None;
            return Some(text);
        };
        let is_both = text.as_bytes().get(line.len()) == Some(&b'\r');
        rest = Some(
            after
                .strip_prefix('\n')
                .filter(|_| is_both)
                .unwrap_or(after),
        );
        Some(line)
    })
}

/// The event as it is sent.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines)?;
        for line in self.data.iter().flat_map(|data| lines(data)) {
            writeln!(f, "data: {line}")?;
        }
        f.write_str("\n")
    }
}

/// A stream of events, made by an iterator.
///
/// ```
/// use functions_guest_web::{Event, Sse, invoke};
///
/// invoke!(countdown);
/// fn countdown() -> Sse<impl Iterator<Item = Event>> {
///     Sse((0..3).rev().map(|number| Event::data(number.to_string())))
/// }
/// ```
///
/// For events that come with time, [`WebResponse::events`] and [`WebResponse::events_async`].
#[derive(Debug)]
#[must_use]
pub struct Sse<I>(pub I);

/// Sent when the handler has returned, so that a tuple may add a status and headers to it.
impl<I: IntoIterator<Item = Event> + 'static> IntoResponse for Sse<I> {
    fn into_response(self) -> WebResponse {
        WebResponse::sent_by(|response| {
            let sent = response.events(|events| {
                for event in self.0 {
                    events.send(event)?;
                }
                Ok(())
            });
            sent.into_response()
        })
    }
}

/// Sends events while the client reads them; see [`WebResponse::events`].
#[derive(Debug)]
pub struct EventWriter<'a> {
    writer: &'a mut ResponseWriter,
}

impl EventWriter<'_> {
    /// Sends an event, waiting while the client has not taken enough of those before.
    ///
    /// # Errors
    ///
    /// [`StreamError::Closed`] when the client went away; [`StreamError::Invalid`] when the event's
    /// name or id has a line end in it.
    pub fn send(&mut self, event: Event) -> Result<(), StreamError> {
        self.writer.send(bytes(event)?)
    }

    /// As [`send`](EventWriter::send), but lets other futures run while it waits.
    ///
    /// # Errors
    ///
    /// As [`send`](EventWriter::send).
    pub async fn send_async(&mut self, event: Event) -> Result<(), StreamError> {
        self.writer.send_async(bytes(event)?).await
    }
}

fn bytes(event: Event) -> Result<String, StreamError> {
    if event.invalid {
        return Err(StreamError::Invalid(
            "an event's name or id with a line end in it".into(),
        ));
    }
    Ok(event.to_string())
}

impl WebResponse {
    /// Streams events, each as soon as it is sent. The status and headers go out at once.
    ///
    /// ```
    /// use functions_guest_web::testing::TestRequest;
    /// use functions_guest_web::{Event, WebResponse, WebResult};
    ///
    /// fn ticks() -> WebResult<WebResponse> {
    ///     WebResponse::new().events(|events| {
    ///         events.send(Event::data("tick").with_id("1"))?;
    ///         events.send(Event::comment("still here"))?;
    ///         Ok(())
    ///     })
    /// }
    /// let response = TestRequest::get("/").call(ticks);
    /// assert_eq!(response.header("content-type"), Some("text/event-stream"));
    /// assert_eq!(response.text(), "id: 1\ndata: tick\n\n: still here\n\n");
    /// ```
    ///
    /// # Errors
    ///
    /// As [`stream`](WebResponse::stream).
    pub fn events(
        self,
        send: impl FnOnce(&mut EventWriter<'_>) -> Result<(), WebError>,
    ) -> WebResult<Self> {
        self.for_events().stream(|writer| {
            writer.start()?;
            send(&mut EventWriter { writer })
        })
    }

    /// As [`events`](WebResponse::events), with an `async` closure: other futures run while it
    /// waits.
    ///
    /// # Errors
    ///
    /// As [`stream`](WebResponse::stream).
    pub async fn events_async(
        self,
        send: impl AsyncFnOnce(&mut EventWriter<'_>) -> Result<(), WebError>,
    ) -> WebResult<Self> {
        let sending = self.for_events().stream_async(async |writer| {
            writer.start()?;
            send(&mut EventWriter { writer }).await
        });
        sending.await
    }

    fn for_events(self) -> Self {
        let response = self.with_default_content_type("text/event-stream");
        if response.has("cache-control") {
            response
        } else {
            response.header("cache-control", "no-cache")
        }
    }
}

#[cfg(test)]
mod tests;
