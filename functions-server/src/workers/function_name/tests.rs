use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> FunctionName {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn named(site: Option<&str>, function: FunctionKind) -> FunctionName {
    FunctionName {
        site: site.map(str::to_owned),
        function,
    }
}

fn indexed(resource: &str, parameters: &[&str], then: ResourceOperation) -> FunctionKind {
    FunctionKind::Indexed {
        resource: resource.to_owned(),
        parameters: parameters.iter().map(|&text| text.to_owned()).collect(),
        then,
    }
}

/// Every form of the grammar is understood.
#[test]
fn names_are_parsed() {
    let plain = |name: &str| FunctionKind::Plain(name.to_owned());
    let (resource, method) = (String::from("counter"), String::from("inc-by"));
    for (text, site, function) in [
        ("run-example", None, plain("run-example")),
        (
            "golem:it/api.{add-item}",
            Some("golem:it/api"),
            plain("add-item"),
        ),
        (
            "wasi:cli/run@0.2.0.{run}",
            Some("wasi:cli/run@0.2.0"),
            plain("run"),
        ),
        (
            "a:b/c@1.0.0-rc.1+x.{f}",
            Some("a:b/c@1.0.0-rc.1+x"),
            plain("f"),
        ),
        ("api.{f}", Some("api"), plain("f")),
        // As the public page writes functions of the world.
        ("golem:component.{dump}", None, plain("dump")),
        (
            "n:p/i.{counter.new}",
            Some("n:p/i"),
            FunctionKind::Constructor {
                resource: resource.clone(),
            },
        ),
        (
            "n:p/i.{[constructor]counter}",
            Some("n:p/i"),
            FunctionKind::Constructor {
                resource: resource.clone(),
            },
        ),
        (
            "n:p/i.{counter.drop}",
            Some("n:p/i"),
            FunctionKind::Drop {
                resource: resource.clone(),
            },
        ),
        (
            "n:p/i.{[drop]counter}",
            Some("n:p/i"),
            FunctionKind::Drop {
                resource: resource.clone(),
            },
        ),
        (
            "n:p/i.{counter.inc-by}",
            Some("n:p/i"),
            FunctionKind::Method {
                resource: resource.clone(),
                method: method.clone(),
            },
        ),
        (
            "n:p/i.{[method]counter.inc-by}",
            Some("n:p/i"),
            FunctionKind::Method {
                resource: resource.clone(),
                method: method.clone(),
            },
        ),
        (
            "n:p/i.{[static]counter.inc-by}",
            Some("n:p/i"),
            FunctionKind::Static { resource, method },
        ),
        (
            r#"n:p/i.{counter("c1").inc-by}"#,
            Some("n:p/i"),
            indexed(
                "counter",
                &["\"c1\""],
                ResourceOperation::Method("inc-by".into()),
            ),
        ),
        (
            "n:p/i.{counter().new}",
            Some("n:p/i"),
            indexed("counter", &[], ResourceOperation::New),
        ),
        (
            r#"n:p/i.{r(some("a"), {x: 1, y: [2, 3]}).drop}"#,
            Some("n:p/i"),
            indexed(
                "r",
                &[r#"some("a")"#, "{x: 1, y: [2, 3]}"],
                ResourceOperation::Drop,
            ),
        ),
        (
            "n:p/i.{[static]r(1, 2).m}",
            Some("n:p/i"),
            indexed("r", &["1", "2"], ResourceOperation::Method("m".into())),
        ),
    ] {
        assert_eq!(parse(text), named(site, function), "{text}");
    }
}

/// Commas and brackets in texts and characters split nothing.
#[test]
fn texts_in_parameters_are_whole() {
    for parameter in [
        r#""a,b""#,
        r#""a)""#,
        r#""\"),(""#,
        "','",
        r"'\''",
        r#"["]", "{"]"#,
    ] {
        let name = parse(&format!("n:p/i.{{r({parameter}, 1).m}}"));
        let expected = indexed(
            "r",
            &[parameter, "1"],
            ResourceOperation::Method("m".into()),
        );
        assert_eq!(name.function, expected, "{parameter}");
    }
}

/// An invalid name is refused with the reason.
#[test]
fn other_texts_are_refused() {
    for text in [
        "",
        " f",
        "f ",
        "n:p/i.f",
        "n:p/i.{}",
        "n:p/i.{f",
        "n:p/i.{f}}",
        "n:p/i.{f g}",
        "n:p/i.{a.b.c}",
        "n:p/i.{r(1.m}",
        "n:p/i.{r(1)}",
        "n:p/i.{r(1).}",
        "n:p/i.{r(1]).m}",
        "n:p/i.{r(\"a).m}",
        "n:p/i.{(1).m}",
        "n:p/i.{[other]r.m}",
        "n:p/i.{[method]r}",
        "n:p/i@.{f}",
        "n:p/i@x.{f}",
        "n:p@1.0.0.{f}",
        "n:/i.{f}",
        ":p/i.{f}",
        "a/b.{f}",
    ] {
        let error = text.parse::<FunctionName>().unwrap_err().to_string();
        assert!(
            error.starts_with("Invalid function name: "),
            "{text}: {error}"
        );
    }
    assert!("x".repeat(MAX_LENGTH).parse::<FunctionName>().is_ok());
    assert!("x".repeat(MAX_LENGTH + 1).parse::<FunctionName>().is_err());
}

proptest! {
    /// No text makes the parser panic.
    #[test]
    fn any_text_is_parsed_or_refused(text in r#"[a-z:/@.{}()\[\]",'\\ 0-9é-]{0,60}"#) {
        let _ = text.parse::<FunctionName>();
    }

    /// Parameters of any text come back whole.
    #[test]
    fn any_texts_come_back(texts in proptest::collection::vec(".{0,20}", 0..4)) {
        let parameters: Vec<_> = texts.iter().map(|text| serde_json::to_string(text).unwrap()).collect();
        let name = parse(&format!("n:p/i.{{r({}).m}}", parameters.join(",")));
        let parameters: Vec<_> = parameters.iter().map(|text| &**text).collect();
        prop_assert_eq!(name.function, indexed("r", &parameters, ResourceOperation::Method("m".into())));
    }
}
