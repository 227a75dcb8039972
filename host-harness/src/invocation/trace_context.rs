//! W3C Trace Context: a function's requests belong to the trace of the request that it answers.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::Invocation;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The lengths of a trace's id and of a span's, in hexadecimal digits.
const TRACE_ID: usize = 32;
const SPAN_ID: usize = 16;

/// Adds the trace of an invocation's request to a request of its own, as its child. A trace that the
/// function has set stays.
pub(crate) fn propagate(call: &Invocation, headers: &mut HeaderMap) {
    let from = &call.request.headers;
    // Most requests have no trace.
    if !from.contains_key(TRACEPARENT) || headers.contains_key(TRACEPARENT) {
        return;
    }
    let Some(parent) = one(from).and_then(Traceparent::parse) else {
        return;
    };
    let Ok(child) = HeaderValue::try_from(parent.child(call.id.short())) else {
        return;
    };
    headers.insert(TRACEPARENT, child);
    if !headers.contains_key(TRACESTATE) {
        for state in from.get_all(TRACESTATE) {
            headers.append(TRACESTATE, state.clone());
        }
    }
}

/// The value of `traceparent`; `None` if there are several, of which none can be trusted.
fn one(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(TRACEPARENT).iter();
    let first = all.next()?;
    if all.next().is_some() {
        return None;
    }
    first.to_str().ok()
}

/// The parts of a `traceparent` that are passed on.
#[derive(Debug, PartialEq, Eq)]
struct Traceparent<'a> {
    trace_id: &'a str,
    flags: u8,
}

impl<'a> Traceparent<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (version, rest) = field(text, 2)?;
        let (trace_id, rest) = field(rest.strip_prefix('-')?, TRACE_ID)?;
        let (span_id, rest) = field(rest.strip_prefix('-')?, SPAN_ID)?;
        let (flags, rest) = field(rest.strip_prefix('-')?, 2)?;
        let is_zero = |id: &str| id.bytes().all(|digit| digit == b'0');
        if is_zero(trace_id) || is_zero(span_id) {
            return None;
        }
        let flags = u8::from_str_radix(flags, 16).ok()?;
        let flags = match version {
            "ff" => return None,
            "00" if rest.is_empty() => flags,
            "00" => return None,
            // A later version may have more fields; of its flags only the lowest is known to keep its
            // meaning.
            _ if rest.is_empty() || rest.starts_with('-') => flags & 1,
            _ => return None,
        };
        Some(Self { trace_id, flags })
    }

    fn child(&self, span: u64) -> String {
        format!("00-{}-{span:016x}-{:02x}", self.trace_id, self.flags)
    }
}

/// Splits off a field of `digits` lower-case hexadecimal digits.
fn field(text: &str, digits: usize) -> Option<(&str, &str)> {
    let (field, rest) = text.split_at_checked(digits)?;
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    field.bytes().all(is_hex).then_some((field, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    /// A valid `traceparent` is passed on: its trace, and the flags that are known.
    #[test]
    fn valid_traceparents_are_parsed() {
        for (text, flags) in [
            (format!("00-{TRACE}-{SPAN}-01"), 1),
            (format!("00-{TRACE}-{SPAN}-00"), 0),
            (format!("01-{TRACE}-{SPAN}-03"), 1),
            (format!("cc-{TRACE}-{SPAN}-00-what-the-future-brings"), 0),
        ] {
            let parent = Traceparent::parse(&text).unwrap();
            assert_eq!((parent.trace_id, parent.flags), (TRACE, flags), "{text}");
        }
        let parent = Traceparent {
            trace_id: TRACE,
            flags: 1,
        };
        assert_eq!(
            parent.child(0xab),
            format!("00-{TRACE}-00000000000000ab-01")
        );
    }

    /// A malformed or all-zero `traceparent` is ignored.
    #[test]
    fn invalid_traceparents_are_ignored() {
        let zeros = "0".repeat(TRACE_ID);
        for text in [
            "",
            "00",
            &format!("ff-{TRACE}-{SPAN}-01"),
            &format!("00-{zeros}-{SPAN}-01"),
            &format!("00-{TRACE}-0000000000000000-01"),
            &format!("00-{TRACE}-{SPAN}-01-more"),
            &format!("00-{TRACE}-{SPAN}-1"),
            &format!("00-{TRACE}-{SPAN}-0g"),
            &format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            &format!("00-{TRACE}x-{SPAN}-01"),
            &format!("00_{TRACE}_{SPAN}_01"),
            &format!("cc-{TRACE}-{SPAN}-00.future"),
            &format!("0é-{TRACE}-{SPAN}-01"),
        ] {
            assert_eq!(Traceparent::parse(text), None, "{text:?}");
        }
    }

    /// Two `traceparent` headers are ignored.
    #[test]
    fn repeated_traceparents_are_ignored() {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::try_from(format!("00-{TRACE}-{SPAN}-01")).unwrap();
        headers.append(TRACEPARENT, value.clone());
        assert!(one(&headers).is_some());
        headers.append(TRACEPARENT, value);
        assert!(one(&headers).is_none());
    }
}
