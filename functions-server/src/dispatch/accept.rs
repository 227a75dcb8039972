//! Checks calls before they are stored.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use host_harness::Fetcher;
use prost::Message as _;

use super::capacity::Capacity;
use super::endpoint::{Bases, Endpoint};
use super::proto::Call;
use super::rejection::{CallRejection, RejectionKind};
use crate::store::Time;
use crate::store::calls::NewCall;

/// What calls are checked against.
pub(super) struct Rules<'a> {
    pub(super) bases: &'a Bases,
    /// How long a call may take that does not say so.
    pub(super) expiration: Duration,
    pub(super) fetcher: &'a Fetcher,
    /// The functions of this host that may be called.
    pub(super) functions: &'a AllowedFunctions,
    pub(super) capacity: &'a Arc<Capacity>,
}

/// The functions of this host that a call and those below it may call: those of the token that dispatched it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AllowedFunctions(Option<Vec<String>>);

impl AllowedFunctions {
    /// `None`: all.
    pub(crate) fn of(names: Option<Vec<&str>>) -> Self {
        Self(names.map(|names| names.into_iter().map(str::to_owned).collect()))
    }

    /// What [`stored`](Self::stored) gave. A text that cannot be read allows none.
    pub(super) fn read(stored: Option<&str>) -> Self {
        Self(stored.map(|names| serde_json::from_str(names).unwrap_or_default()))
    }

    fn stored(&self) -> Option<Arc<str>> {
        let names = self.0.as_ref()?;
        Some(serde_json::json!(names).to_string().into())
    }

    fn allow(&self, function: &str) -> bool {
        let allowed = |names: &Vec<String>| names.iter().any(|name| name == function);
        self.0.as_ref().is_none_or(allowed)
    }
}

impl Rules<'_> {
    /// Parses an endpoint that may be called.
    pub(super) fn endpoint(&self, text: &str) -> Result<Endpoint, CallRejection> {
        let endpoint = Endpoint::parse(text, self.bases)
            .map_err(|why| CallRejection::new(RejectionKind::InvalidArgument, why))?;
        let denied = |message| CallRejection::new(RejectionKind::PermissionDenied, message);
        match &endpoint {
            Endpoint::Function { name, .. } if !self.functions.allow(name) => Err(denied(format!(
                "endpoint: the token is not for the function {name:?}: use one that is, such as `functions \
                 token create NAME --scope dispatch --function {name}` makes"
            ))),
            Endpoint::Function { .. } => Ok(endpoint),
            Endpoint::Server { url } => match self.fetcher.check(url) {
                Ok(()) => Ok(endpoint),
                Err(why) => Err(denied(format!("endpoint: {why}"))),
            },
        }
    }
}

/// Checks calls, and gives each an id. `default` is the endpoint of calls without one.
pub(super) fn checked(
    calls: Vec<Call>,
    default: Option<&str>,
    rules: &Rules<'_>,
    now: Time,
) -> Result<Vec<NewCall>, CallRejection> {
    let ids = new_ids(calls.len(), now).map_err(|error| {
        CallRejection::new(RejectionKind::Unavailable, format!("no ids: {error}"))
    })?;
    let mut batch = Batch {
        rules,
        endpoints: HashSet::new(),
        functions: rules.functions.stored(),
    };
    let mut checked = Vec::with_capacity(calls.len());
    for (at, (call, id)) in calls.into_iter().zip(ids).enumerate() {
        let call =
            check(call, id, default, &mut batch, now).map_err(|rejection| CallRejection {
                message: format!("calls[{at}].{}", rejection.message),
                ..rejection
            })?;
        checked.push(call);
    }
    Ok(checked)
}

/// What the calls of a batch share.
struct Batch<'a> {
    rules: &'a Rules<'a>,
    /// Those that may be called. Most calls have the same, which is checked once.
    endpoints: HashSet<Arc<str>>,
    functions: Option<Arc<str>>,
}

impl Batch<'_> {
    /// An endpoint that may be called, of which there is one text for all calls.
    fn endpoint(&mut self, text: &str) -> Result<Arc<str>, CallRejection> {
        if let Some(known) = self.endpoints.get(text) {
            return Ok(known.clone());
        }
        self.rules.endpoint(text)?;
        let endpoint: Arc<str> = text.into();
        self.endpoints.insert(endpoint.clone());
        Ok(endpoint)
    }
}

fn check(
    call: Call,
    id: String,
    default: Option<&str>,
    batch: &mut Batch<'_>,
    now: Time,
) -> Result<NewCall, CallRejection> {
    let invalid = |message: String| CallRejection::new(RejectionKind::InvalidArgument, message);
    let endpoint = match (call.endpoint.as_str(), default) {
        ("", None) => return Err(invalid("endpoint: value is required".to_owned())),
        ("", Some(default)) => default,
        (given, _) => given,
    };
    check_function(&call.function).map_err(invalid)?;
    let endpoint = batch.endpoint(endpoint)?;
    let expiration = match call.expiration {
        None => batch.rules.expiration,
        Some(given) => Duration::try_from(given)
            .map_err(|_| invalid("expiration: expected a duration of 0 or more".to_owned()))?,
    };
    Ok(NewCall {
        id,
        correlation: call.correlation_id,
        endpoint,
        function: call.function,
        version: call.version,
        input: call.input.map(|input| input.encode_to_vec()),
        expires: now.after(expiration),
        functions: batch.functions.clone(),
    })
}

/// The longest name of a function, in bytes.
const MAX_FUNCTION: usize = 1024;

pub(super) fn check_function(name: &str) -> Result<(), String> {
    let mut bytes = name.bytes();
    let begins = bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_');
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_<>.".contains(&byte);
    if name.len() > MAX_FUNCTION {
        return Err(format!("function: longer than {MAX_FUNCTION} bytes"));
    }
    match begins && bytes.all(is_part) {
        true => Ok(()),
        false if name.is_empty() => Err("function: value is required".to_owned()),
        false => Err(
            "function: expected letters, digits and any of \"_<>.\", not beginning with a digit"
                .to_owned(),
        ),
    }
}

/// Ids that nobody can guess, in order. They begin with the time, so that neighbours in time are neighbours in
/// the index.
fn new_ids(count: usize, now: Time) -> Result<Vec<String>, getrandom::Error> {
    let mut random = vec![[0; 10]; count];
    getrandom::fill(random.as_flattened_mut())?;
    random.sort_unstable();
    let time = u128::try_from(now.0).unwrap_or_default() << 80;
    let id = |random: [u8; 10]| {
        let mut low = [0; 16];
        for (to, from) in low.iter_mut().skip(6).zip(random) {
            *to = from;
        }
        format!("{:032x}", time | u128::from_be_bytes(low))
    };
    Ok(random.into_iter().map(id).collect())
}
