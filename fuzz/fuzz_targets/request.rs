//! A router and its extractors answer any path and query with 200, 400 or 404.
#![no_main]

use std::collections::BTreeMap;

use functions_guest_web::routing::get;
use functions_guest_web::testing::TestRequest;
use functions_guest_web::{Path, Query, Router};
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "shown through `Debug`")]
struct Filter {
    page: Option<u16>,
    #[serde(default)]
    tag: Vec<String>,
    exact: Option<bool>,
}

fn app() -> Router {
    Router::new()
        .route(
            "/users/{id}",
            get(|Path(id): Path<u64>, Query(filter): Query<Filter>| format!("{id} {filter:?}")),
        )
        .route(
            "/files/{*rest}",
            get(
                |Path(rest): Path<String>, Query(all): Query<BTreeMap<String, String>>| {
                    format!("{rest} {all:?}")
                },
            ),
        )
        .nest(
            "/v{major}",
            Router::new().route(
                "/img-{a}/{b}",
                get(|Path(parts): Path<(i8, char, String)>| format!("{parts:?}")),
            ),
        )
}

fuzz_target!(|target: &str| {
    // The host refuses an invalid target, so that it does not reach a function.
    if !target.starts_with('/')
        || !target
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'#')
    {
        return;
    }
    let status = TestRequest::get(target).call(app).status();
    assert!(matches!(status, 200 | 400 | 404), "{target} {status}");
});
