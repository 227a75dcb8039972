//! W3C Trace Context: what a function sends belongs to the trace of the request that it answers.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::Invocation;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The lengths of a trace's id and of a span's, in hexadecimal digits.
const TRACE_ID: usize = 32;
const SPAN_ID: usize = 16;

/// Puts the trace of an invocation's request into a request of its own, as its child, unless the
/// function has put one there.
pub(crate) fn propagate(call: &Invocation, headers: &mut HeaderMap) {
    let from = &call.request.headers;
    // Most requests belong to none.
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

/// Of several no one is to be believed.
fn one(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(TRACEPARENT).iter();
    let first = all.next()?;
    if all.next().is_some() {
        return None;
    }
    first.to_str().ok()
}

/// What there is to pass on of a `traceparent`.
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
            // Of a later version, more may follow, and of its flags only this one is known to mean
            // the same.
            _ if rest.is_empty() || rest.starts_with('-') => flags & 1,
            _ => return None,
        };
        Some(Self { trace_id, flags })
    }

    fn child(&self, span: u64) -> String {
        format!("00-{}-{span:016x}-{:02x}", self.trace_id, self.flags)
    }
}

/// So many lower-case hexadecimal digits, and what follows them.
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

    /// What is passed on of a valid one: its trace, and its flags as far as they are known.
    #[test]
    fn valid_are_understood() {
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

    /// What is malformed, or names nothing, is none.
    #[test]
    fn invalid_are_ignored() {
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

    /// Two of them are none.
    #[test]
    fn several_are_none() {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::try_from(format!("00-{TRACE}-{SPAN}-01")).unwrap();
        headers.append(TRACEPARENT, value.clone());
        assert!(one(&headers).is_some());
        headers.append(TRACEPARENT, value);
        assert!(one(&headers).is_none());
    }
}
