use super::*;
use crate::testing::{TestRequest, TestResponse};
use crate::{Path, Request, WebEnvironment, WebResponse};

fn app() -> Router {
    Router::new()
        .route("/", get(|| "root"))
        .route("/users", get(|| "list").post(|name: String| name))
        .route("/users/{id}", get(|Path(id): Path<u64>| format!("{id}")))
        .route("/users/me", get(async || "me"))
        .route("/files/{*rest}", any(|Path(rest): Path<String>| rest))
        .nest("/api", api())
        .fallback(|env: WebEnvironment| format!("lost: {}", env.path()))
}

fn api() -> Router {
    Router::new()
        .route("/", get(|| "api"))
        .route(
            "/v{version}",
            put(|Path(version): Path<u8>| version.to_string()),
        )
        .fallback(|| "lost in the api")
}

fn text(method: &str, path: &str) -> String {
    TestRequest::new(method, path)
        .body("body")
        .call(app)
        .text()
        .to_owned()
}

fn status(response: &TestResponse) -> (u16, Option<&str>) {
    (response.status(), response.header("allow"))
}

/// Each path and method reaches its handler, sync or async; fixed text wins over parameters.
#[test]
fn requests_reach_their_handlers() {
    for (method, path, wanted) in [
        ("GET", "/", "root"),
        ("GET", "/?x=/users", "root"),
        ("GET", "/users", "list"),
        ("POST", "/users", "body"),
        ("GET", "/users/7", "7"),
        ("GET", "/users/me", "me"),
        ("PURGE", "/files/a/b", "a/b"),
        ("GET", "/api", "api"),
        ("PUT", "/api/v2", "2"),
    ] {
        assert_eq!(text(method, path), wanted, "{method} {path}");
    }
}

/// One handler may have a route with a parameter and one without.
#[test]
fn optional_parameters_may_be_missing() {
    fn page(page: Option<Path<u8>>) -> String {
        format!("{:?}", page.map(|Path(page)| page))
    }
    fn lists(all: Option<Path<Vec<u8>>>, nothing: Option<Path<()>>) -> String {
        format!("{:?} {}", all.map(|Path(all)| all), nothing.is_some())
    }
    fn app() -> Router {
        Router::new()
            .route("/blog", get(page))
            .route("/blog/{page}", get(page))
            .route("/lists", get(lists))
            .nest("/{language}", Router::new().route("/", get(page)))
    }
    for (path, wanted) in [
        ("/blog", "None"),
        ("/blog/7", "Some(7)"),
        ("/lists", "Some([]) true"),
        ("/7", "Some(7)"),
    ] {
        assert_eq!(TestRequest::get(path).call(app).text(), wanted, "{path}");
    }
    assert_eq!(TestRequest::get("/blog/x").call(app).status(), 400);
}

/// A path is another with a slash at its end, or with nothing where a parameter is; the innermost
/// fallback answers.
#[test]
fn fallbacks_answer_the_rest() {
    for path in ["/users/", "/files/", "/apis", "//", "/users/7/x"] {
        assert_eq!(text("GET", path), format!("lost: {path}"));
    }
    for path in ["/api/", "/api/x", "/api/v2/x", "/api//"] {
        assert_eq!(text("GET", path), "lost in the api");
    }
    let response = TestRequest::get("/x").call(Router::new);
    assert_eq!(response.status(), 404);
    assert_eq!(
        response.header("content-type"),
        Some("application/problem+json")
    );
}

/// A fallback below a prefix with parameters answers there only.
#[test]
fn fallbacks_below_parameters() {
    let app = || Router::new().nest("/teams/{team}", api());
    let response = TestRequest::get("/teams/red/x").call(app);
    assert_eq!(response.text(), "lost in the api");
    for path in ["/teams", "/teams/", "/teams//x", "/x"] {
        assert_eq!(TestRequest::get(path).call(app).status(), 404, "{path}");
    }
    let app = || Router::new().nest("/v{major}", api());
    assert_eq!(
        TestRequest::get("/v2/x").call(app).text(),
        "lost in the api"
    );
    for path in ["/v/x", "/w2/x", "/2/x"] {
        assert_eq!(TestRequest::get(path).call(app).status(), 404, "{path}");
    }
}

/// What a path has no handler for is 405, and says what it has, sorted.
#[test]
fn methods_that_are_not_there() {
    let response = TestRequest::delete("/users").call(app);
    assert_eq!(status(&response), (405, Some("GET, HEAD, OPTIONS, POST")));
    assert_eq!(
        response.text(),
        r#"{"title":"Method Not Allowed","status":405,"detail":"method DELETE not allowed: this path has GET, HEAD, OPTIONS, POST"}"#
    );
    let response = TestRequest::new("HEAD", "/api/v2").call(app);
    assert_eq!(status(&response), (405, Some("OPTIONS, PUT")));
}

/// HEAD is GET without its body, and OPTIONS tells the methods, unless they have handlers.
#[test]
fn head_and_options() {
    let response = TestRequest::new("HEAD", "/users").call(app);
    assert_eq!((response.status(), response.text()), (200, ""));
    assert_eq!(
        response.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    let response = TestRequest::new("OPTIONS", "/users").call(app);
    assert_eq!(status(&response), (204, Some("GET, HEAD, OPTIONS, POST")));
    let own = || {
        let answer = |name| WebResponse::new().header("x", name);
        let methods = get(move || answer("get")).head(move || answer("head"));
        Router::new().route(
            "/",
            methods
                .options(move || answer("options"))
                .any(move || answer("any")),
        )
    };
    for (method, wanted) in [
        ("GET", "get"),
        ("HEAD", "head"),
        ("OPTIONS", "options"),
        ("PUT", "any"),
    ] {
        let response = TestRequest::new(method, "/").call(own);
        assert_eq!(response.header("x"), Some(wanted));
    }
}

/// Parameters are decoded each on its own, and one that is not text is refused.
#[test]
fn parameters_are_decoded() {
    assert_eq!(text("GET", "/files/a%2Fb/%C3%A9+"), "a/b/é+");
    let response = TestRequest::get("/files/%ff").call(app);
    assert_eq!(response.status(), 400);
    assert!(
        response
            .text()
            .contains("the path parameter `rest` is not UTF-8")
    );
    let response = TestRequest::get("/users/x").call(app);
    assert_eq!(response.status(), 400);
    assert!(
        response
            .text()
            .contains("the path parameter `id` is not a whole number: `x`")
    );
}

/// Extractors of one's own see the parameters, too.
#[test]
fn requests_have_the_parameters() {
    struct First(String);
    impl crate::FromRequest for First {
        fn from_request(request: &mut Request) -> Result<Self, crate::Rejection> {
            Ok(Self(format!("{:?}", request.path_parameters())))
        }
    }
    let app = || Router::new().route("/{a}/{b}", get(|First(all): First| all));
    let response = TestRequest::get("/1/2").call(app);
    assert_eq!(response.text(), r#"[("a", "1"), ("b", "2")]"#);
    assert_eq!(
        TestRequest::get("/").call(|First(all): First| all).text(),
        "[]"
    );
}

/// A `Path` where no request can have one is a 500, and the log says why.
#[test]
fn path_outside_of_a_route() {
    let response = TestRequest::get("/7").call(|Path(id): Path<u64>| id.to_string());
    assert_eq!(response.status(), 500);
    assert!(!response.text().contains("Path"));
    assert_eq!(
        response.logged()[0].message,
        "`Path` cannot be used here: the handler is not behind a `Router`'s route"
    );
    let app = || Router::new().route("/{id}", get(|_: Path<(u64, u64)>| ()));
    let response = TestRequest::get("/7").call(app);
    assert_eq!(response.status(), 500);
    assert_eq!(
        response.logged()[0].message,
        "`Path` does not fit the route of its handler: the path has 1 parameters, and 2 are taken"
    );
}

/// A router that is wrong fails any test that calls it, and `check` names the route.
#[test]
fn wrong_routes_are_told() {
    let with = |path: &'static str| app().route(path, get(|| ()));
    let twice = get(|| ()).put(|| ()).get(|| ());
    let any_twice = any(|| ()).any(|| ());
    for (router, wanted) in [
        (
            with("/users/{name}"),
            "`/users/{name}` conflicts with `/users/{id}`",
        ),
        (with("/users"), "`/users` has two handlers for GET"),
        (
            with("/x/:id"),
            "`/x/:id` has the segment `:id`: write `{id}`",
        ),
        (
            with("/x/*rest"),
            "`/x/*rest` has the segment `*rest`: write `{*rest}`",
        ),
        (
            app().merge(Router::new().fallback(|| ())),
            "`/` has a fallback in each of the routers that are merged",
        ),
        (
            with("/{*a}/b"),
            "`/{*a}/b` has text after `{*`, which matches the rest of the path",
        ),
        (
            with("/x/{a}{b}"),
            "`/x/{a}{b}` has two parameters in one segment",
        ),
        (
            with("/x/{"),
            "`/x/{` has a parameter without a name, or an unmatched brace",
        ),
        (with(""), "`` does not start with `/`"),
        (app().route("/x", twice), "`/x` has two handlers for GET"),
        (
            app().route("/x", any_twice),
            "`/x` has two handlers for any method",
        ),
        (
            app().nest("/x/", api()),
            "`/x/` is not a prefix: expected a path that starts with `/`, does not end with `/`, and has no `{*`",
        ),
        (app().nest("/x", with("y")), "`y` does not start with `/`"),
    ] {
        let wanted = format!("the route {wanted}");
        assert_eq!(router.check().unwrap_err().to_string(), wanted);
        let call = std::panic::AssertUnwindSafe(|| TestRequest::get("/").call(|| router));
        let panic = std::panic::catch_unwind(call).unwrap_err();
        assert_eq!(
            panic.downcast_ref::<String>().unwrap(),
            &format!("the router cannot answer: {wanted}")
        );
    }
    assert_eq!(app().check(), Ok(()));
}

/// Routes for one path are one route, whether they are added one by one, merged or nested.
#[test]
fn routes_of_one_path_are_one() {
    let app = || {
        Router::new()
            .route("/a", get(|| "get"))
            .route("/a", post(|| "post"))
            .merge(Router::new().route("/a", put(|| "put")))
            .nest("/a", Router::new().route("/", any(|| "any")))
    };
    for (method, wanted) in [
        ("GET", "get"),
        ("POST", "post"),
        ("PUT", "put"),
        ("PURGE", "any"),
    ] {
        assert_eq!(TestRequest::new(method, "/a").call(app).text(), wanted);
    }
}

/// A router may be made by an `async fn`.
#[test]
fn async_functions_make_routers() {
    async fn later() -> Router {
        crate::task::sleep(std::time::Duration::from_millis(1)).await;
        app()
    }
    assert_eq!(TestRequest::get("/users/7").call(later).text(), "7");
    assert_eq!(
        TestRequest::post("/users").body("x").call(later).text(),
        "x"
    );
}

/// What a router needs may fail: each request is answered with the error, and the router answers otherwise.
#[test]
fn routers_may_fail() {
    use crate::{HandleErrors, WebError, WebResult};

    fn router(works: bool) -> WebResult<Router> {
        if !works {
            return Err(WebError::internal("no configuration"));
        }
        Ok(Router::new().route("/", get(|| "root").post(async |body: String| body)))
    }
    for (works, status, text) in [(true, 200, "root"), (false, 500, "the function failed")] {
        for response in [
            TestRequest::get("/").call(move || router(works)),
            TestRequest::get("/").call(async move || router(works)),
            TestRequest::get("/").call(move || Router::new().fallback(move || router(works))),
        ] {
            assert_eq!(response.status(), status);
            assert!(response.text().contains(text), "{response:?}");
        }
    }
    let posted = TestRequest::post("/").body("x").call(|| router(true));
    assert_eq!(posted.text(), "x");
    let own = || Err::<Router, _>((http::StatusCode::CONFLICT, "short"));
    assert_eq!(TestRequest::get("/").call(own).text(), "short");
    let shaped = || HandleErrors::new(|| router(false), |error| (error.status(), "sorry"));
    assert_eq!(TestRequest::get("/").call(shaped).text(), "sorry");
}
