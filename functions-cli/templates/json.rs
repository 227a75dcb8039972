//! Takes JSON, checks it, and answers with JSON, or with an error that tells what to mend.
//!
//! ```sh
//! curl http://127.0.0.1:8080/NAME -d '{"numbers":[1,2,6]}'
//! ```

use functions_guest_web::{Json, Rejection, invoke};
use http::StatusCode;

#[derive(serde::Deserialize)]
struct Sample {
    numbers: Vec<f64>,
}

#[derive(serde::Serialize)]
struct Summary {
    count: usize,
    mean: f64,
    max: f64,
}

invoke!(summarize);
fn summarize(Json(sample): Json<Sample>) -> Result<Json<Summary>, Rejection> {
    let count = sample.numbers.len();
    let Some(max) = sample.numbers.iter().copied().reduce(f64::max) else {
        return Err(Rejection::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "`numbers` is empty",
        ));
    };
    let mean = sample.numbers.iter().sum::<f64>() / count as f64;
    Ok(Json(Summary { count, mean, max }))
}

#[cfg(test)]
mod tests {
    use functions_guest_web::testing::TestRequest;

    use super::*;

    #[test]
    fn summarizes() {
        let request = TestRequest::post("/").body(r#"{"numbers":[1,2,6]}"#);
        let response = request.call(summarize);
        assert_eq!(response.text(), r#"{"count":3,"mean":3.0,"max":6.0}"#);
    }

    #[test]
    fn needs_a_number() {
        let request = TestRequest::post("/").body(r#"{"numbers":[]}"#);
        assert_eq!(request.call(summarize).status(), 422);
    }
}
