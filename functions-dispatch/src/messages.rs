//! The messages of `dispatch.sdk.v1`, with the numbers of the published proto.

use std::time::Duration;

use crate::wire::{Field, Reader, Writer, message, text};
use crate::{Any, Error, Status};

/// `Call`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CallMessage {
    pub(crate) correlation_id: u64,
    pub(crate) endpoint: String,
    pub(crate) function: String,
    pub(crate) input: Option<Any>,
    pub(crate) expiration: Option<Duration>,
    pub(crate) version: String,
}

impl CallMessage {
    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.number(1, self.correlation_id);
        writer.text(2, &self.endpoint);
        writer.text(3, &self.function);
        if let Some(input) = &self.input {
            writer.message(4, |inner| input.encode(inner));
        }
        if let Some(expiration) = self.expiration {
            writer.message(5, |inner| duration(inner, expiration));
        }
        writer.text(6, &self.version);
    }
}

/// Writes `google.protobuf.Duration`, whose seconds are signed: a longer duration is the longest.
pub(crate) fn duration(writer: &mut Writer, duration: Duration) {
    writer.number(1, duration.as_secs().min(i64::MAX as u64));
    writer.number(2, u64::from(duration.subsec_nanos()));
}

/// `Error`, without the members that only Python uses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ErrorMessage {
    pub(crate) kind: String,
    pub(crate) message: String,
}

impl ErrorMessage {
    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.text(1, &self.kind);
        writer.text(2, &self.message);
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut error = Self::default();
        let mut reader = Reader::new(bytes);
        while let Some((number, field)) = reader.next()? {
            match (number, field) {
                (1, Field::Bytes(kind)) => error.kind = text(kind)?,
                (2, Field::Bytes(message)) => error.message = text(message)?,
                _ => {}
            }
        }
        Ok(error)
    }
}

/// `CallResult`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CallResult {
    pub(crate) correlation_id: u64,
    pub(crate) output: Option<Any>,
    pub(crate) error: Option<ErrorMessage>,
}

impl CallResult {
    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.number(1, self.correlation_id);
        if let Some(output) = &self.output {
            writer.message(2, |inner| output.encode(inner));
        }
        if let Some(error) = &self.error {
            writer.message(3, |inner| error.encode(inner));
        }
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut result = Self::default();
        let mut reader = Reader::new(bytes);
        while let Some((number, field)) = reader.next()? {
            match (number, field) {
                (1, Field::Number(id)) => result.correlation_id = id,
                (2, Field::Bytes(output)) => result.output = Some(Any::decode(output)?),
                (3, Field::Bytes(error)) => result.error = Some(ErrorMessage::decode(error)?),
                _ => {}
            }
        }
        Ok(result)
    }
}

/// `RunRequest`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct RunRequest {
    pub(crate) function: String,
    pub(crate) directive: Directive,
}

/// What a function runs with.
#[derive(Debug, Default, PartialEq)]
pub(crate) enum Directive {
    #[default]
    None,
    Input(Any),
    Resume(PollResult),
}

/// `PollResult`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct PollResult {
    pub(crate) state: Option<Any>,
    pub(crate) results: Vec<CallResult>,
    pub(crate) error: Option<ErrorMessage>,
}

impl RunRequest {
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut request = Self::default();
        let mut reader = Reader::new(bytes);
        while let Some((number, field)) = reader.next()? {
            match (number, field) {
                (1, Field::Bytes(function)) => request.function = text(function)?,
                (2, Field::Bytes(input)) => {
                    request.directive = Directive::Input(Any::decode(input)?);
                }
                (3, Field::Bytes(poll)) => {
                    request.directive = Directive::Resume(PollResult::decode(poll)?);
                }
                _ => {}
            }
        }
        Ok(request)
    }
}

impl PollResult {
    fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut poll = Self::default();
        let mut reader = Reader::new(bytes);
        while let Some((number, field)) = reader.next()? {
            match (number, field) {
                (2, Field::Bytes(result)) => poll.results.push(CallResult::decode(result)?),
                (3, Field::Bytes(error)) => poll.error = Some(ErrorMessage::decode(error)?),
                (4, Field::Bytes(state)) => poll.state = Some(Any::decode(state)?),
                _ => {}
            }
        }
        Ok(poll)
    }
}

/// `RunResponse`.
#[derive(Debug)]
pub(crate) enum RunResponse {
    Exit(Status, CallResult),
    Poll {
        state: Any,
        calls: Vec<CallMessage>,
        /// How many results are waited for, and taken at once.
        results: usize,
    },
}

/// How long a poll waits; it is asked again afterwards.
const MAX_WAIT: Duration = Duration::from_secs(300);

impl RunResponse {
    pub(crate) fn encode(&self) -> Vec<u8> {
        message(|writer| match self {
            Self::Exit(status, result) => {
                writer.number(1, status.number() as u64);
                writer.message(2, |exit| exit.message(1, |inner| result.encode(inner)));
            }
            Self::Poll {
                state,
                calls,
                results,
            } => {
                writer.number(1, Status::Ok.number() as u64);
                writer.message(3, |poll| {
                    for call in calls {
                        poll.message(2, |inner| call.encode(inner));
                    }
                    poll.message(3, |wait| duration(wait, MAX_WAIT));
                    poll.number(4, *results as u64);
                    poll.number(5, *results as u64);
                    poll.message(6, |inner| state.encode(inner));
                });
            }
        })
    }
}
