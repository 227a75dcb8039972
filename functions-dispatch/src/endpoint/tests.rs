use functions_bytes::task::join_all;

use super::*;
use crate::messages::{CallResult, ErrorMessage};
use crate::wire::{Field, Reader, message};
use crate::{Any, Call, Failure, Marshal, Status, Unmarshal, call, marshal, unmarshal};

/// What an endpoint answered: its status, and what is in the directive.
#[derive(Debug, Default)]
struct Answer {
    status: i32,
    output: Option<Any>,
    error: Option<ErrorMessage>,
    /// Correlation ids and functions.
    calls: Vec<(u64, String)>,
    inputs: Vec<Any>,
    results: (u64, u64),
    state: Option<Any>,
}

fn fields(bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut reader = Reader::new(bytes);
    std::iter::from_fn(|| reader.next().unwrap()).collect()
}

fn answer(bytes: &[u8]) -> Answer {
    let mut answer = Answer::default();
    for field in fields(bytes) {
        match field {
            (1, Field::Number(status)) => answer.status = status as i32,
            (2, Field::Bytes(exit)) => {
                let Some((1, Field::Bytes(result))) = fields(exit).first().copied() else {
                    panic!("no result");
                };
                let result = CallResult::decode(result).unwrap();
                (answer.output, answer.error) = (result.output, result.error);
            }
            (3, Field::Bytes(poll)) => read_poll(&mut answer, poll),
            other => panic!("{other:?}"),
        }
    }
    answer
}

fn read_poll(answer: &mut Answer, poll: &[u8]) {
    for field in fields(poll) {
        match field {
            (2, Field::Bytes(call)) => {
                let (mut id, mut name) = (0, String::new());
                for field in fields(call) {
                    match field {
                        (1, Field::Number(number)) => id = number,
                        (3, Field::Bytes(text)) => name = crate::wire::text(text).unwrap(),
                        (4, Field::Bytes(input)) => answer.inputs.push(Any::decode(input).unwrap()),
                        _ => {}
                    }
                }
                answer.calls.push((id, name));
            }
            (4, Field::Number(most)) => answer.results.1 = most,
            (5, Field::Number(least)) => answer.results.0 = least,
            (6, Field::Bytes(state)) => answer.state = Some(Any::decode(state).unwrap()),
            _ => {}
        }
    }
}

fn request(body: Vec<u8>) -> http::Request<Vec<u8>> {
    http::Request::post(run::PATH)
        .header("content-type", "application/proto")
        .body(body)
        .unwrap()
}

fn run(endpoint: &Endpoint, function: &str, input: &impl Marshal) -> Answer {
    let input = marshal(input).unwrap();
    let body = message(|writer| {
        writer.text(1, function);
        writer.message(2, |inner| input.encode(inner));
    });
    let response = endpoint.handle(&request(body));
    assert_eq!(
        response.status(),
        200,
        "{:?}",
        String::from_utf8_lossy(response.body())
    );
    answer(response.body())
}

fn resume(
    endpoint: &Endpoint,
    function: &str,
    state: &Any,
    results: &[(u64, Result<i64, &str>)],
    error: Option<&str>,
) -> Answer {
    let body = message(|writer| {
        writer.text(1, function);
        writer.message(3, |poll| {
            for (id, result) in results {
                let result = CallResult {
                    correlation_id: *id,
                    output: result.ok().map(|number| marshal(&number).unwrap()),
                    error: result.err().map(failed),
                };
                poll.message(2, |inner| result.encode(inner));
            }
            if let Some(error) = error {
                poll.message(3, |inner| failed(error).encode(inner));
            }
            poll.message(4, |inner| state.encode(inner));
        });
    });
    answer(endpoint.handle(&request(body)).body())
}

fn failed(message: &str) -> ErrorMessage {
    ErrorMessage {
        kind: "E".into(),
        message: message.into(),
    }
}

fn output<T: Unmarshal>(answer: &Answer) -> T {
    assert_eq!(answer.status, 1, "{answer:?}");
    unmarshal(answer.output.as_ref().unwrap()).unwrap()
}

fn double(number: i64) -> i64 {
    number * 2
}

async fn hello(name: String) -> String {
    format!("Hello, {name}!")
}

fn parse(text: String) -> Result<i64, std::num::ParseIntError> {
    text.parse()
}

async fn refuse((): ()) -> Result<(), Failure> {
    Err(Failure::new(Status::Throttled, "later"))
}

async fn total(numbers: Vec<i64>) -> Result<i64, Failure> {
    let calls = numbers
        .iter()
        .map(|number| Ok::<_, Failure>(call::<i64>(Call::local("double", marshal(number)?)?)));
    let doubled = join_all(calls.collect::<Result<Vec<_>, _>>()?).await;
    let mut sum = 0;
    for one in doubled {
        sum += one?;
    }
    let last: i64 = call(Call::new("http://elsewhere", "last", marshal(&sum)?)?).await?;
    Ok(last)
}

/// Quadruples numbers side by side, each with two calls in sequence.
async fn quadruple_all(numbers: Vec<i64>) -> Result<Vec<i64>, Failure> {
    let quadruple = async |number: i64| -> Result<i64, Error> {
        let doubled: i64 = call(Call::local("double", marshal(&number)?)?).await?;
        call(Call::local("double", marshal(&doubled)?)?).await
    };
    let quadrupled = join_all(numbers.into_iter().map(quadruple)).await;
    Ok(quadrupled.into_iter().collect::<Result<_, _>>()?)
}

fn endpoint() -> Endpoint {
    Endpoint::new()
        .function("double", double)
        .function("hello", hello)
        .function("parse", parse)
        .function("refuse", refuse)
        .function("total", total)
        .function("quadruple_all", quadruple_all)
}

/// A function of every shape runs, and its failure has the status that it says.
#[test]
fn functions_of_every_shape_run() {
    let endpoint = endpoint();
    assert_eq!(output::<i64>(&run(&endpoint, "double", &21)), 42);
    assert_eq!(
        output::<String>(&run(&endpoint, "hello", &"Ada".to_owned())),
        "Hello, Ada!"
    );
    assert_eq!(output::<i64>(&run(&endpoint, "parse", &"7".to_owned())), 7);
    let answer = run(&endpoint, "parse", &"x".to_owned());
    let error = answer.error.unwrap();
    assert_eq!((answer.status, error.kind.as_str()), (7, "ParseIntError"));
    assert_eq!(error.message, "invalid digit found in string");
    let answer = run(&endpoint, "refuse", &());
    assert_eq!(
        (answer.status, answer.error.unwrap().message.as_str()),
        (3, "later")
    );
    let answer = run(&endpoint, "double", &"x".to_owned());
    assert_eq!(answer.status, Status::InvalidArgument.number());
}

/// A join is one poll, the results answer it in any order, and calls are made once.
#[test]
fn join_is_one_poll() {
    let endpoint = endpoint();
    let first = run(&endpoint, "total", &vec![1_i64, 2, 3]);
    let named = |id| (id, "double".to_owned());
    assert_eq!(first.calls, [named(0), named(1), named(2)]);
    assert_eq!((first.status, first.results), (1, (3, 3)));

    // Results that are missing are waited for, and those that come twice or are unknown are nothing.
    let state = first.state.unwrap();
    let results = [(2, Ok(6)), (0, Ok(2)), (2, Ok(100)), (77, Ok(9))];
    let part = resume(&endpoint, "total", &state, &results, None);
    assert_eq!((part.calls.len(), part.results), (0, (1, 1)));

    let second = resume(
        &endpoint,
        "total",
        &part.state.unwrap(),
        &[(1, Ok(4))],
        None,
    );
    assert_eq!(second.calls, [(3, "last".to_owned())]);
    let last = resume(
        &endpoint,
        "total",
        &second.state.unwrap(),
        &[(3, Ok(12))],
        None,
    );
    assert_eq!(output::<i64>(&last), 12);
}

/// Sequences of calls that run side by side end, in whichever order and in however many resumes the results
/// come; no call is made twice.
#[test]
fn sequences_side_by_side_end() {
    let endpoint = endpoint();
    for at_once in [1, 2, 3] {
        let mut answer = run(&endpoint, "quadruple_all", &vec![1_i64, 2, 3]);
        let mut waiting = Vec::new();
        let mut made = 0;
        while let Some(state) = answer.state.take() {
            for ((number, _), input) in answer.calls.iter().zip(&answer.inputs) {
                assert_eq!(*number, made, "calls are numbered in order, each once");
                made += 1;
                waiting.push((*number, Ok(double(unmarshal(input).unwrap()))));
            }
            // The last ones come first.
            let results = waiting.split_off(waiting.len().saturating_sub(at_once));
            assert!(!results.is_empty(), "nothing is awaited");
            answer = resume(&endpoint, "quadruple_all", &state, &results, None);
        }
        assert_eq!(output::<Vec<i64>>(&answer), [4, 8, 12]);
        assert_eq!(made, 6);
    }
}

/// The failure of a call, or of all calls of a poll, is an error of the handler.
#[test]
fn failed_calls_are_errors() {
    let endpoint = endpoint();
    let state = run(&endpoint, "total", &vec![1_i64]).state.unwrap();
    for answer in [
        resume(&endpoint, "total", &state, &[(0, Err("broken"))], None),
        resume(&endpoint, "total", &state, &[], Some("broken")),
    ] {
        assert_eq!(answer.status, Status::PermanentError.number());
        assert_eq!(answer.error.unwrap().message, "E: broken");
    }
}

/// State of other code is refused as such, so that the function runs from its start.
#[test]
fn other_code_is_incompatible() {
    let endpoint = endpoint();
    let state = run(&endpoint, "total", &vec![1_i64]).state.unwrap();
    let changed = Endpoint::new().function("total", async |numbers: Vec<i64>| {
        call::<i64>(Call::local("triple", marshal(&numbers)?)?)
            .await
            .map_err(Failure::from)
    });
    let foreign = Any::known("google.protobuf.BytesValue", vec![1]);
    let damaged = Any {
        value: vec![0xff],
        ..state.clone()
    };
    for (endpoint, state) in [
        (&changed, &state),
        (&endpoint, &foreign),
        (&endpoint, &damaged),
    ] {
        let answer = resume(endpoint, "total", state, &[(0, Ok(2))], None);
        assert_eq!(answer.status, Status::IncompatibleState.number());
    }
}

/// Requests that run no function have the status and code of Connect.
#[test]
fn other_requests_are_refused() {
    let endpoint = endpoint();
    let post = || http::Request::post(run::PATH).header("content-type", "application/proto");
    let named = |name: &str| message(|writer| writer.text(1, name));
    for (request, status, code) in [
        (
            http::Request::get(run::PATH).body(vec![]),
            405,
            "unimplemented",
        ),
        (
            http::Request::post("/other").body(vec![]),
            404,
            "unimplemented",
        ),
        (post().body(vec![]), 400, "invalid_argument"),
        (post().body(vec![0xff; 3]), 400, "invalid_argument"),
        (post().body(named("nobody\"\n")), 404, "not_found"),
        (post().body(named("double")), 400, "invalid_argument"),
        (
            post().header("connect-protocol-version", "2").body(vec![]),
            400,
            "invalid_argument",
        ),
        (
            post().body(vec![0; run::MAX_REQUEST + 1]),
            400,
            "invalid_argument",
        ),
        (
            http::Request::post(run::PATH)
                .header("content-type", "application/json")
                .body(vec![]),
            415,
            "invalid_argument",
        ),
    ] {
        let response = endpoint.handle(&request.unwrap());
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["content-type"], "application/json");
        let body = std::str::from_utf8(response.body()).unwrap();
        assert!(
            body.starts_with(&format!(r#"{{"code":"{code}","message":""#)),
            "{body}"
        );
        #[cfg(feature = "json")]
        assert!(
            serde_json::from_str::<serde_json::Value>(body).is_ok(),
            "{body}"
        );
    }
}

/// A web function that returns an endpoint answers as it does.
#[cfg(feature = "web")]
#[test]
fn endpoint_is_a_web_function() {
    use functions_guest_web::testing::TestRequest;

    let input = marshal(&4).unwrap();
    let body = message(|writer| {
        writer.text(1, "double");
        writer.message(2, |inner| input.encode(inner));
    });
    let response = TestRequest::post(run::PATH)
        .header("content-type", "application/proto")
        .body(body)
        .call(endpoint);
    assert_eq!(
        (response.status(), response.header("content-type")),
        (200, Some("application/proto"))
    );
    assert_eq!(output::<i64>(&answer(response.bytes())), 8);
    assert_eq!(TestRequest::get("/").call(endpoint).status(), 404);
}

/// A call outside of a handler is an error, and so is one of a function that the endpoint does not have.
#[test]
fn calls_elsewhere_are_errors() {
    let outside =
        functions_bytes::task::block_on(call::<i64>(Call::local("f", Any::default()).unwrap()));
    assert!(matches!(outside, Err(Error::InvalidCall(_))));
    let endpoint = endpoint().url("http://example.com/base");
    assert!(matches!(
        endpoint.get("other").build_call(&1),
        Err(Error::NotRegistered(_))
    ));
    let built = endpoint.get("double").build_call(&1).unwrap();
    assert_eq!(built.endpoint(), Some("http://example.com/base"));
}
