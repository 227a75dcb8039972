//! An axum application as a function: router, extractors, state and responses are unchanged.
//!
//! Each request runs in its own instance, with its own state. A todo that a request adds is gone after
//! that request. Store lasting data in a database.
//!
//! ```sh
//! curl http://127.0.0.1:8080/NAME/todos
//! curl http://127.0.0.1:8080/NAME/todos -d '{"text":"write docs"}' -H content-type:application/json
//! curl http://127.0.0.1:8080/NAME/todos/0
//! curl -i http://127.0.0.1:8080/NAME/todos/9
//! ```

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use functions_guest_web::{Tower, invoke};

#[derive(Clone, serde::Deserialize, serde::Serialize)]
struct Todo {
    text: String,
}

type Todos = Arc<Mutex<Vec<Todo>>>;

invoke!(app);
fn app() -> Tower<Router> {
    let text = "read the examples".to_owned();
    let todos = Todos::new(Mutex::new(vec![Todo { text }]));
    let router = Router::new()
        .route("/todos", get(list).post(add))
        .route("/todos/{id}", get(show));
    Tower(router.with_state(todos))
}

async fn list(State(todos): State<Todos>) -> Json<Vec<Todo>> {
    Json(todos.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

async fn show(State(todos): State<Todos>, Path(id): Path<usize>) -> Result<Json<Todo>, StatusCode> {
    let todos = todos.lock().unwrap_or_else(PoisonError::into_inner);
    let todo = todos.get(id).ok_or(StatusCode::NOT_FOUND)?;
    Ok(Json(todo.clone()))
}

async fn add(State(todos): State<Todos>, Json(todo): Json<Todo>) -> (StatusCode, Json<Vec<Todo>>) {
    let mut todos = todos.lock().unwrap_or_else(PoisonError::into_inner);
    todos.push(todo);
    (StatusCode::CREATED, Json(todos.clone()))
}

#[cfg(test)]
mod tests {
    use functions_guest_web::testing::TestRequest;

    use super::*;

    /// The router answers as on a server, but each request starts with the same state.
    #[test]
    fn answers_each_request_afresh() {
        let one = r#"[{"text":"read the examples"}]"#;
        let two = r#"[{"text":"read the examples"},{"text":"x"}]"#;
        let request = TestRequest::post("/todos").header("content-type", "application/json");
        let added = request.body(r#"{"text":"x"}"#).call(app);
        assert_eq!((added.status(), added.text()), (201, two));
        assert_eq!(TestRequest::get("/todos").call(app).text(), one);
        assert_eq!(TestRequest::get("/todos/1").call(app).status(), 404);
    }
}
