//! A clock as server-sent events: one tick every `ms` milliseconds, `count` of them.
//!
//! ```sh
//! curl -N 'http://127.0.0.1:8080/events?ms=500&count=5'
//! ```
#![forbid(unsafe_code)]

use std::time::Duration;

use functions_guest_web::{Event, WebEnvironment, WebResponse, WebResult, invoke, task};

invoke!(clock);
async fn clock(env: WebEnvironment) -> WebResult<WebResponse> {
    let number = |name| {
        env.query_parameters()
            .get(name)
            .and_then(|value| value.parse().ok())
    };
    let every = Duration::from_millis(number("ms").unwrap_or(1000));
    let count = number("count").unwrap_or(10);
    // A client that reconnects sends the id of the last event that it saw.
    let seen = env
        .headers()
        .get("last-event-id")
        .and_then(|id| id.parse().ok())
        .unwrap_or(0);

    let response = WebResponse::new();
    let ticking = response.events_async(async |events| {
        for tick in seen + 1..=seen + count {
            task::sleep(every).await;
            let event = Event::data(format!("tick {tick}")).with_name("tick");
            events.send_async(event.with_id(&tick.to_string())).await?;
        }
        Ok(())
    });
    ticking.await
}

#[cfg(test)]
mod tests {
    use functions_guest_web::testing::TestRequest;

    use super::*;

    /// Ticks are in order, and continue after the last one that the client saw.
    #[test]
    fn ticks() {
        let request = TestRequest::get("/?ms=0&count=2").header("last-event-id", "4");
        let response = request.call(clock);
        assert_eq!(response.header("content-type"), Some("text/event-stream"));
        assert_eq!(
            response.text(),
            "event: tick\nid: 5\ndata: tick 5\n\nevent: tick\nid: 6\ndata: tick 6\n\n"
        );
    }
}
