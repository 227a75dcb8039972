//! Types that can be a header's name or value.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};

/// A header's name: text, or an [`http::HeaderName`]. Whether HTTP allows it is checked when it is set.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the name of a header",
    label = "not a name",
    note = "give a `&str`, a `String` or an `http::HeaderName`, such as `http::header::CONTENT_TYPE`"
)]
pub trait IntoHeaderName {
    /// The name.
    fn into_name(self) -> String;
}

/// A header's value: text, bytes, a number, or an [`http::HeaderValue`]. Whether HTTP allows it is
/// checked when it is set.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the value of a header",
    label = "not a value",
    note = "give a `&str`, a `String`, bytes, a number or an `http::HeaderValue`"
)]
pub trait IntoHeaderValue {
    /// The value.
    fn into_value(self) -> Vec<u8>;
}

macro_rules! names {
    ($($type:ty: $name:ident => $into:expr,)*) => {$(
        impl IntoHeaderName for $type {
            fn into_name(self) -> String {
                let $name = self;
                $into
            }
        }
    )*};
}

names! {
    &str: name => name.to_owned(),
    &&str: name => (*name).to_owned(),
    String: name => name,
    &String: name => name.clone(),
    Box<str>: name => name.into_string(),
    Cow<'_, str>: name => name.into_owned(),
    HeaderName: name => name.as_str().to_owned(),
    &HeaderName: name => name.as_str().to_owned(),
}

macro_rules! values {
    ($($type:ty: $value:ident => $into:expr,)*) => {$(
        impl IntoHeaderValue for $type {
            fn into_value(self) -> Vec<u8> {
                let $value = self;
                $into
            }
        }
    )*};
}

values! {
    &str: value => value.as_bytes().to_vec(),
    &&str: value => value.as_bytes().to_vec(),
    String: value => value.into_bytes(),
    &String: value => value.as_bytes().to_vec(),
    Box<str>: value => value.into_string().into_bytes(),
    Cow<'_, str>: value => value.into_owned().into_bytes(),
    &[u8]: value => value.to_vec(),
    Vec<u8>: value => value,
    &Vec<u8>: value => value.clone(),
    Box<[u8]>: value => value.into_vec(),
    Cow<'_, [u8]>: value => value.into_owned(),
    Bytes: value => value.to_vec(),
    HeaderName: value => value.as_str().as_bytes().to_vec(),
    HeaderValue: value => value.as_bytes().to_vec(),
    &HeaderValue: value => value.as_bytes().to_vec(),
    i16: value => value.to_string().into_bytes(),
    i32: value => value.to_string().into_bytes(),
    i64: value => value.to_string().into_bytes(),
    isize: value => value.to_string().into_bytes(),
    u16: value => value.to_string().into_bytes(),
    u32: value => value.to_string().into_bytes(),
    u64: value => value.to_string().into_bytes(),
    usize: value => value.to_string().into_bytes(),
}

impl<const COUNT: usize> IntoHeaderValue for [u8; COUNT] {
    fn into_value(self) -> Vec<u8> {
        self.to_vec()
    }
}

impl<const COUNT: usize> IntoHeaderValue for &[u8; COUNT] {
    fn into_value(self) -> Vec<u8> {
        self.to_vec()
    }
}
