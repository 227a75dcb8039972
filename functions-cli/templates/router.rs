//! A small API in one function, with a handler for each path and method.
//!
//! An unknown path is 404, an unsupported method is 405, and invalid input is 400. Each error is a
//! problem document that says why.
//!
//! ```sh
//! curl http://127.0.0.1:8080/NAME/users
//! curl 'http://127.0.0.1:8080/NAME/users?name=gr&limit=1'
//! curl http://127.0.0.1:8080/NAME/users/1
//! curl http://127.0.0.1:8080/NAME/users -d '{"name":"Mary"}'
//! curl http://127.0.0.1:8080/NAME/users/one
//! curl -i -X DELETE http://127.0.0.1:8080/NAME/users
//! ```

use functions_guest_web::routing::get;
use functions_guest_web::{Json, Path, Query, Router, invoke};
use http::StatusCode;

const USERS: [&str; 3] = ["Ada", "Grace", "Margaret"];

#[derive(serde::Deserialize, serde::Serialize)]
struct User {
    name: String,
}

#[derive(serde::Deserialize)]
struct Search {
    #[serde(default)]
    name: String,
    limit: Option<usize>,
}

invoke!(app);
fn app() -> Router {
    Router::new()
        .route("/users", get(list).post(create))
        .route("/users/{id}", get(show))
}

fn list(Query(search): Query<Search>) -> Json<Vec<&'static str>> {
    let wanted = search.name.to_lowercase();
    let found = USERS
        .into_iter()
        .filter(|name| name.to_lowercase().contains(&wanted));
    Json(found.take(search.limit.unwrap_or(USERS.len())).collect())
}

fn show(Path(id): Path<usize>) -> Option<Json<User>> {
    let name = USERS.get(id)?.to_string();
    Some(Json(User { name }))
}

/// Returns the user; a real function stores it in a database, because a function keeps no state.
fn create(Json(user): Json<User>) -> (StatusCode, Json<User>) {
    (StatusCode::CREATED, Json(user))
}

#[cfg(test)]
mod tests {
    use functions_guest_web::testing::TestRequest;

    use super::*;

    /// Each route answers, and the router answers all other requests.
    #[test]
    fn answers_by_path_and_method() {
        let text = |path| TestRequest::get(path).call(app).text().to_owned();
        assert_eq!(text("/users?name=gr&limit=1"), r#"["Grace"]"#);
        assert_eq!(text("/users/1"), r#"{"name":"Grace"}"#);
        assert_eq!(TestRequest::get("/users/9").call(app).status(), 404);
        assert_eq!(TestRequest::get("/users/one").call(app).status(), 400);
        let created = TestRequest::post("/users")
            .body(r#"{"name":"Mary"}"#)
            .call(app);
        assert_eq!(
            (created.status(), created.text()),
            (201, r#"{"name":"Mary"}"#)
        );
        let refused = TestRequest::delete("/users").call(app);
        assert_eq!(refused.status(), 405);
        assert_eq!(refused.header("allow"), Some("GET, HEAD, OPTIONS, POST"));
    }

    /// No two routes conflict.
    #[test]
    fn routes_are_sound() {
        app().check().unwrap();
    }
}
