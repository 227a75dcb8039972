use std::collections::BTreeMap;
use std::fmt::Debug;

use super::*;
use crate::parameters::Fault;

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Named {
    name: String,
    id: u64,
    page: Option<u8>,
}

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Id(u64);

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Nothing;

#[derive(Debug, PartialEq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Big,
}

#[derive(Debug, serde::Deserialize)]
struct Flat<T> {
    #[serde(flatten)]
    inner: Inner<T>,
}

#[derive(Debug, serde::Deserialize)]
struct Inner<T> {
    id: T,
}

fn parameters(all: &[(&str, &str)]) -> Vec<(String, String)> {
    let all = all.iter();
    all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn decoded<T: DeserializeOwned + Debug>(all: &[(&str, &str)]) -> T {
    decode(&parameters(all)).unwrap()
}

fn refused<T: DeserializeOwned + Debug>(all: &[(&str, &str)]) -> (Fault, String) {
    let error = decode::<T>(&parameters(all)).unwrap_err();
    (error.fault(), error.detail("path"))
}

/// One value is itself, several are in their order or by their names.
#[test]
fn shapes() {
    let one = [("id", "7")];
    assert_eq!(decoded::<u64>(&one), 7);
    assert_eq!(decoded::<Id>(&one), Id(7));
    assert_eq!(decoded::<(u64,)>(&one), (7,));
    assert_eq!(decoded::<String>(&one), "7");
    assert_eq!(decoded::<Option<u64>>(&one), Some(7));
    assert_eq!(decoded::<Kind>(&[("kind", "big")]), Kind::Big);
    let two = [("id", "7"), ("name", "Ada")];
    assert_eq!(decoded::<(u64, String)>(&two), (7, "Ada".into()));
    assert_eq!(decoded::<Vec<String>>(&two), ["7", "Ada"]);
    let pairs = decoded::<Vec<(String, String)>>(&two);
    assert_eq!(
        pairs,
        [("id".into(), "7".into()), ("name".into(), "Ada".into())]
    );
    let named = decoded::<Named>(&two);
    assert_eq!(
        (named.id, named.name.as_str(), named.page),
        (7, "Ada", None)
    );
    let map = decoded::<BTreeMap<String, String>>(&two);
    assert_eq!((map["id"].as_str(), map["name"].as_str()), ("7", "Ada"));
}

/// A unit takes nothing of the parameters, and as one of several leaves its own out, as in axum.
#[test]
fn units() {
    let two = [("id", "7"), ("name", "Ada")];
    decoded::<()>(&two);
    decoded::<()>(&[]);
    assert_eq!(decoded::<Nothing>(&two), Nothing);
    assert_eq!(decoded::<Nothing>(&two[..1]), Nothing);
    assert_eq!(decoded::<(u64, ())>(&two), (7, ()));
    assert_eq!(decoded::<(Nothing, String)>(&two), (Nothing, "Ada".into()));
    let map = decoded::<BTreeMap<String, ()>>(&two);
    assert_eq!(map.len(), 2);
    assert_eq!(decoded::<Vec<(String, Nothing)>>(&two).len(), 2);
}

/// A wrong value is the sender's fault, and named, in every shape.
#[test]
fn wrong_values() {
    let wanted = "the path parameter `id` is not a whole number: `x`".to_owned();
    let wanted = (Fault::Value, wanted);
    let two = [("id", "x"), ("name", "Ada")];
    assert_eq!(refused::<u64>(&two[..1]), wanted);
    assert_eq!(refused::<Id>(&two[..1]), wanted);
    assert_eq!(refused::<(u64, String)>(&two), wanted);
    assert_eq!(refused::<Named>(&two), wanted);
    assert_eq!(refused::<BTreeMap<String, u8>>(&two), wanted);
    let (fault, detail) = refused::<Kind>(&[("kind", "small")]);
    assert_eq!(fault, Fault::Value);
    assert_eq!(
        detail,
        "the path parameter `kind` is not one of `big`: `small`"
    );
}

/// What the route does not have is its author's fault.
#[test]
fn wrong_routes() {
    let one = [("id", "7")];
    let (fault, detail) = refused::<(u64, u64)>(&one);
    assert_eq!(fault, Fault::Program);
    assert_eq!(detail, "the path has 1 parameters, and 2 are taken");
    assert_eq!(refused::<u64>(&[]).0, Fault::Program);
    assert_eq!(refused::<Vec<Vec<u8>>>(&one).0, Fault::Program);
    for (fault, detail) in [
        refused::<Flat<u64>>(&one),
        refused::<Flat<u128>>(&one),
        refused::<Flat<f32>>(&one),
        refused::<Flat<bool>>(&[("id", "true")]),
        refused::<Flat<Vec<u8>>>(&one),
        refused::<Flat<(u8, u8)>>(&one),
        refused::<Flat<std::num::NonZeroU8>>(&one),
    ] {
        assert_eq!(fault, Fault::Program, "{detail}");
    }
    assert_eq!(decoded::<Flat<String>>(&one).inner.id, "7");
    let (fault, detail) = refused::<Named>(&one);
    assert_eq!(
        (fault, detail.as_str()),
        (Fault::Name, "the path parameter `name` is missing")
    );
}

/// Whatever a value is, it comes out as it was, and numbers as the standard library reads them.
#[test]
fn any_value_comes_out() {
    for text in [
        "", "7", "-7", "+7", "007", "1.5", "NaN", "1e400", "é", "a/b", "256", "true",
    ] {
        let one = [("x", text)];
        assert_eq!(decoded::<String>(&one), text);
        let number = decode::<u8>(&parameters(&one)).ok();
        assert_eq!(number, text.parse().ok(), "{text}");
        let number = decode::<f64>(&parameters(&one)).ok().map(f64::to_bits);
        assert_eq!(number, text.parse().ok().map(f64::to_bits), "{text}");
    }
}
