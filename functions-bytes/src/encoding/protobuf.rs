use std::convert::Infallible;

use prost::Message;

use super::wrapper::{Text, wrapper};
use super::{DecodeError, Encode};
use crate::Data;

/// A message of Protocol Buffers (`application/protobuf`).
///
/// `T` is a message that `prost` generated or derived, of the version that this crate depends on:
/// 0.14. A new one of those is a breaking change of this feature, and of nothing else.
///
/// ```
/// use functions_bytes::encoding::{Encode, Decode, Protobuf};
///
/// #[derive(Clone, PartialEq, prost::Message)]
/// struct Greeting {
///     #[prost(string, tag = "1")]
///     name: String,
/// }
///
/// let body = Protobuf(Greeting { name: "Ada".into() }).encode()?;
/// let Protobuf(greeting) = Protobuf::<Greeting>::decode(body)?;
/// assert_eq!(greeting.name, "Ada");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Decoding fails when the body is longer than [`Protobuf::LIMIT`], or is not such a message. Encoding
/// never fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct Protobuf<T>(pub T);

wrapper!(Protobuf, Message + Default);

impl<T: Message + Default> Protobuf<T> {
    fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        T::decode(bytes).map(Self).map_err(|error| {
            let detail = detail(&error.to_string());
            DecodeError::new("Protocol Buffers message", detail, Text(error))
        })
    }
}

/// What prost says, `... message: Item.price: Order.items: invalid varint`, with the path and
/// without the names of types: `invalid varint at items.price`.
fn detail(message: &str) -> String {
    const START: &str = "failed to decode Protobuf message: ";
    let mut rest = message.strip_prefix(START).unwrap_or(message);
    let mut path = String::new();
    while let Some((step, after)) = rest.split_once(": ")
        && let Some((_, field)) = step.split_once('.')
        && !step.contains(' ')
    {
        let separator = if path.is_empty() { "" } else { "." };
        path = format!("{field}{separator}{path}");
        rest = after;
    }
    let at = if path.is_empty() { "" } else { " at " };
    format!("{rest}{at}{path}")
}

impl<T: Message> Encode for Protobuf<T> {
    type Error = Infallible;

    fn content_type(&self) -> Option<&'static str> {
        Some("application/protobuf")
    }

    fn encode(self) -> Result<Data, Infallible> {
        Ok(Data::from(self.0.encode_to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::encoding::Decode;

    #[derive(Clone, PartialEq, Message)]
    struct Order {
        #[prost(string, tag = "1")]
        name: String,
        #[prost(message, repeated, tag = "2")]
        items: Vec<Item>,
        #[prost(double, tag = "3")]
        price: f64,
        #[prost(message, optional, boxed, tag = "4")]
        next: Option<Box<Order>>,
    }

    #[derive(Clone, PartialEq, Message)]
    struct Item {
        #[prost(sint64, optional, tag = "1")]
        count: Option<i64>,
        #[prost(bytes = "vec", tag = "2")]
        bytes: Vec<u8>,
    }

    fn order() -> impl Strategy<Value = Order> {
        let item = (any::<Option<i64>>(), any::<Vec<u8>>());
        let items = proptest::collection::vec(item, 0..4);
        (any::<String>(), items, -1e300..1e300_f64).prop_map(|(name, items, price)| Order {
            name,
            items: items
                .into_iter()
                .map(|(count, bytes)| Item { count, bytes })
                .collect(),
            price,
            next: None,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        /// What is encoded is decoded as it was.
        #[test]
        fn round_trip(order in order()) {
            let body = Protobuf(order.clone()).encode().unwrap();
            prop_assert_eq!(Protobuf::<Order>::decode(body).unwrap().0, order);
        }

        /// Any bytes are a message or an error, never a panic.
        #[test]
        fn any_bytes(bytes: Vec<u8>, order in order(), place: prop::sample::Index, byte: u8) {
            let _ = Protobuf::<Order>::decode(Data::from(bytes));
            let mut body = Protobuf(order).encode().unwrap().into_bytes().unwrap();
            if !body.is_empty() {
                let place = place.index(body.len());
                body[place] = byte;
            }
            let _ = Protobuf::<Order>::decode(Data::from(body));
        }
    }

    /// What is wrong, and in which field, reaches the one who sent the body, without names of types.
    #[test]
    fn detail_says_what_and_where() {
        let detail = |body: &[u8]| {
            Protobuf::<Order>::decode(Data::from(body))
                .unwrap_err()
                .detail()
        };
        assert_eq!(
            detail(b"\x12\x03\x08\xff\xff"),
            "invalid varint at items.count"
        );
        assert_eq!(
            detail(b"\x0a\x01\xff"),
            "invalid string value: data is not UTF-8 encoded at name"
        );
        assert_eq!(
            detail(b"\x08\x01"),
            "invalid wire type: Varint (expected LengthDelimited) at name"
        );
    }

    /// Nesting that would exhaust the stack is refused.
    #[test]
    fn depth() {
        let mut body = Vec::new();
        for _ in 0..200 {
            let mut outer = vec![0x22];
            prost::encode_length_delimiter(body.len(), &mut outer).unwrap();
            outer.extend(body);
            body = outer;
        }
        let error = Protobuf::<Order>::decode(Data::from(body)).unwrap_err();
        assert!(
            error
                .detail()
                .starts_with("recursion limit reached at next.next")
        );
    }
}
