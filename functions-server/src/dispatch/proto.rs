//! The messages of `dispatch.sdk.v1`, with the names and numbers of the published proto. Errors name them.

use prost_types::{Any, Duration, Timestamp};

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct DispatchRequest {
    #[prost(message, repeated, tag = "1")]
    pub(crate) calls: Vec<Call>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct DispatchResponse {
    #[prost(string, repeated, tag = "1")]
    pub(crate) dispatch_ids: Vec<String>,
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
    pub(crate) expiration: Option<Duration>,
    #[prost(string, tag = "6")]
    pub(crate) version: String,
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
    pub(crate) r#type: String,
    #[prost(string, tag = "2")]
    pub(crate) message: String,
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) value: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    pub(crate) traceback: Vec<u8>,
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
    #[prost(oneof = "PollState", tags = "1, 6")]
    pub(crate) state: Option<PollState>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) calls: Vec<Call>,
    #[prost(message, optional, tag = "3")]
    pub(crate) max_wait: Option<Duration>,
    #[prost(int32, tag = "4")]
    pub(crate) max_results: i32,
    #[prost(int32, tag = "5")]
    pub(crate) min_results: i32,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum PollState {
    #[prost(bytes, tag = "1")]
    Bytes(Vec<u8>),
    #[prost(message, tag = "6")]
    Typed(Any),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PollResult {
    #[prost(oneof = "PollResultState", tags = "1, 4")]
    pub(crate) state: Option<PollResultState>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) results: Vec<CallResult>,
    #[prost(message, optional, tag = "3")]
    pub(crate) error: Option<Error>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum PollResultState {
    #[prost(bytes, tag = "1")]
    Bytes(Vec<u8>),
    #[prost(message, tag = "4")]
    Typed(Any),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct RunRequest {
    #[prost(string, tag = "1")]
    pub(crate) function: String,
    #[prost(oneof = "RunDirective", tags = "2, 3")]
    pub(crate) directive: Option<RunDirective>,
    #[prost(string, tag = "4")]
    pub(crate) dispatch_id: String,
    #[prost(string, tag = "5")]
    pub(crate) parent_dispatch_id: String,
    #[prost(string, tag = "6")]
    pub(crate) root_dispatch_id: String,
    #[prost(message, optional, tag = "7")]
    pub(crate) creation_time: Option<Timestamp>,
    #[prost(message, optional, tag = "8")]
    pub(crate) expiration_time: Option<Timestamp>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum RunDirective {
    #[prost(message, tag = "2")]
    Input(Any),
    #[prost(message, tag = "3")]
    PollResult(PollResult),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct RunResponse {
    #[prost(int32, tag = "1")]
    pub(crate) status: i32,
    #[prost(oneof = "Directive", tags = "2, 3")]
    pub(crate) directive: Option<Directive>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time is in memory, and briefly"
)]
pub(crate) enum Directive {
    #[prost(message, tag = "2")]
    Exit(Exit),
    #[prost(message, tag = "3")]
    Poll(Poll),
}
