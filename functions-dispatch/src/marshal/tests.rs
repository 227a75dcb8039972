use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;

use super::*;

fn round_trip<T: Marshal + Unmarshal + PartialEq + Debug>(value: T, type_name: &str) {
    let any = marshal(&value).unwrap();
    assert_eq!(
        any.type_url,
        format!("type.googleapis.com/google.protobuf.{type_name}")
    );
    assert_eq!(unmarshal::<T>(&any).unwrap(), value);
}

/// Each value has the type that the other SDKs give it, and is read again.
#[test]
fn values_have_the_types_of_other_sdks() {
    round_trip((), "Empty");
    for value in [true, false] {
        round_trip(value, "BoolValue");
    }
    for value in [0, 23, -1, i64::MIN, i64::MAX] {
        round_trip(value, "Int64Value");
    }
    round_trip(i8::MIN, "Int64Value");
    round_trip(u64::MAX, "UInt64Value");
    round_trip(7_u8, "UInt64Value");
    for value in [0.0, -0.5, f64::MAX, f64::INFINITY] {
        round_trip(value, "DoubleValue");
    }
    round_trip(0.1_f32, "DoubleValue");
    round_trip(String::from("héllo"), "StringValue");
    round_trip(String::new(), "StringValue");
    round_trip(vec![0_u8, 255], "BytesValue");
    round_trip(Vec::<u8>::new(), "BytesValue");
    round_trip(Duration::new(90, 5), "Duration");
    for time in [
        UNIX_EPOCH,
        UNIX_EPOCH + Duration::new(1, 2),
        UNIX_EPOCH - Duration::new(1, 2),
    ] {
        round_trip(time, "Timestamp");
    }
    round_trip(vec![1_i64, -2, 1 << 53], "Value");
    round_trip(vec![String::from("a")], "Value");
    round_trip(vec![vec![true], vec![]], "Value");
    round_trip(BTreeMap::from([("a".to_owned(), 0.5)]), "Value");
    round_trip(Value::Null, "Value");
    round_trip(Vec::<i32>::new(), "Value");
}

/// The bytes are those that dispatch-py sends for 23.
#[test]
fn bytes_are_those_of_other_sdks() {
    assert_eq!(marshal(&23).unwrap().value, [0x08, 0x17]);
}

/// A number that does not fit, or not without a loss, is an error, and so is another type.
#[test]
fn reading_is_strict() {
    let of = |number: i64| marshal(&number).unwrap();
    assert!(unmarshal::<i8>(&of(127)).is_ok());
    assert!(matches!(
        unmarshal::<i8>(&of(128)),
        Err(Error::OutOfRange(_))
    ));
    assert!(matches!(
        unmarshal::<u64>(&of(1)),
        Err(Error::WrongType { .. })
    ));
    let unsigned = marshal(&1_u64).unwrap();
    assert!(matches!(
        unmarshal::<i64>(&unsigned),
        Err(Error::WrongType { .. })
    ));
    assert!(matches!(
        unmarshal::<String>(&of(1)),
        Err(Error::WrongType { .. })
    ));
    let long = marshal(&1e300).unwrap();
    assert!(matches!(unmarshal::<f32>(&long), Err(Error::OutOfRange(_))));
    let half = marshal(&vec![0.5]).unwrap();
    assert!(matches!(
        unmarshal::<Vec<i32>>(&half),
        Err(Error::OutOfRange(_))
    ));
    let negative = marshal(&vec![-1]).unwrap();
    assert!(matches!(
        unmarshal::<Vec<u32>>(&negative),
        Err(Error::OutOfRange(_))
    ));
    for number in [(1_i64 << 53) + 1, 1 << 60, i64::MIN, i64::MAX] {
        assert!(matches!(marshal(&vec![number]), Err(Error::OutOfRange(_))));
    }
    assert!(marshal(&vec![vec![0_u8]]).is_err());
    assert!(matches!(
        unmarshal::<()>(&Any::default()),
        Err(Error::WrongType { .. })
    ));
}

/// A struct of serde is a `Value`, and its integers stay integers.
#[cfg(feature = "json")]
#[test]
fn json_is_a_value() {
    use functions_bytes::encoding::Json;

    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Order {
        number: u32,
        price: f64,
        lines: Vec<Option<String>>,
    }

    let order = || Order {
        number: 7,
        price: 1.5,
        lines: vec![Some("a".into()), None],
    };
    let any = marshal(&Json(order())).unwrap();
    assert_eq!(any.type_name(), "google.protobuf.Value");
    assert_eq!(unmarshal::<Json<Order>>(&any).unwrap().0, order());
    assert!(marshal(&Json(u64::MAX)).is_err());
}

/// A message of prost is itself.
#[cfg(feature = "prost")]
#[test]
fn messages_are_themselves() {
    use functions_bytes::encoding::Protobuf;

    #[derive(Clone, PartialEq, ::prost::Message)]
    struct Order {
        #[prost(string, tag = "1")]
        name: String,
    }
    impl ::prost::Name for Order {
        const NAME: &'static str = "Order";
        const PACKAGE: &'static str = "shop.v1";
    }
    let order = Order { name: "a".into() };
    let any = marshal(&Protobuf(order.clone())).unwrap();
    assert_eq!(any.type_url, "type.googleapis.com/shop.v1.Order");
    assert_eq!(unmarshal::<Protobuf<Order>>(&any).unwrap().0, order);
    assert!(unmarshal::<Protobuf<Order>>(&marshal(&1).unwrap()).is_err());
}

/// A value that is nested too deeply is an error, and does not overflow the stack.
#[test]
fn deep_values_are_refused() {
    let mut value = Value::Null;
    for _ in 0..200 {
        value = Value::List(vec![value]);
    }
    assert!(unmarshal::<Value>(&value.marshal().unwrap()).is_err());
}

proptest! {
    /// Arbitrary bytes under every known type are a value or an error, and never a panic.
    #[test]
    fn arbitrary_bytes_never_panic(at in 0..11_usize, value: Vec<u8>) {
        let name = [
            "Empty", "BoolValue", "Int64Value", "UInt64Value", "DoubleValue", "StringValue", "BytesValue",
            "Duration", "Timestamp", "Value", "Int32Value",
        ][at];
        let any = Any::known(&format!("google.protobuf.{name}"), value);
        let _ = (unmarshal::<i8>(&any), unmarshal::<u8>(&any), unmarshal::<f32>(&any));
        let _ = (unmarshal::<String>(&any), unmarshal::<bool>(&any), unmarshal::<()>(&any));
        let _ = (unmarshal::<Duration>(&any), unmarshal::<SystemTime>(&any));
        let _ = (unmarshal::<Vec<u8>>(&any), unmarshal::<Vec<i32>>(&any));
    }
}
