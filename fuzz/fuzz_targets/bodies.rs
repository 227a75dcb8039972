//! The encodings accept or refuse any body.
#![no_main]

use std::collections::BTreeMap;

use functions_bytes::Data;
use functions_bytes::encoding::{Cbor, Decode as _, Form, MsgPack};
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "it is decoded, and no more")]
struct Signup {
    name: String,
    age: Option<u8>,
    #[serde(default)]
    interests: Vec<String>,
}

fuzz_target!(|body: &[u8]| {
    let body = || Data::from(body.to_vec());
    let _ = Form::<Signup>::decode(body());
    let _ = Cbor::<Signup>::decode(body());
    let _ = Cbor::<BTreeMap<String, Vec<f64>>>::decode(body());
    let _ = MsgPack::<Signup>::decode(body());
    let _ = MsgPack::<BTreeMap<String, Vec<f64>>>::decode(body());
});
