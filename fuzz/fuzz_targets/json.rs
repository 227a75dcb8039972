//! JSON is accepted or refused as serde_json does, and decodes to the same value.
#![no_main]

use std::collections::BTreeMap;
use std::fmt::Debug;

use functions_bytes::Data;
use functions_bytes::encoding::{Decode as _, Json};
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "compared through `Debug`")]
struct Order {
    id: u32,
    customer: Option<String>,
    lines: Vec<Line>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
#[allow(dead_code, reason = "compared through `Debug`")]
enum Line {
    Item { price: f64, count: i64 },
    Note { text: String },
}

fuzz_target!(|text: &[u8]| {
    compare::<Value>(text);
    compare::<Order>(text);
    compare::<Vec<Line>>(text);
    compare::<BTreeMap<i16, (char, Option<f32>)>>(text);
});

fn compare<T: DeserializeOwned + Debug>(text: &[u8]) {
    let ours = Json::<T>::decode(Data::from(text.to_vec()));
    let theirs = serde_json::from_slice::<T>(text);
    match (ours, theirs) {
        (Ok(Json(ours)), Ok(theirs)) => assert_eq!(format!("{ours:?}"), format!("{theirs:?}")),
        (Err(_), Err(_)) => {}
        (ours, theirs) => panic!("{ours:?}; {theirs:?}"),
    }
}
