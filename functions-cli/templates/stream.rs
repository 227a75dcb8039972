//! A table of any length, streamed as it is generated: `rows` lines of comma-separated values.
//!
//! The function waits for a client that reads slowly. Neither function nor host holds more than a few
//! chunks.
//!
//! ```sh
//! curl 'http://127.0.0.1:8080/NAME?rows=1000000' | tail -1
//! ```

use std::io::{BufWriter, Write as _};

use functions_guest_web::{WebEnvironment, WebResponse, WebResult, invoke};

/// The length of a chunk. Each chunk is a host call.
const CHUNK: usize = 64 * 1024;

invoke!(table);
fn table(env: WebEnvironment) -> WebResult<WebResponse> {
    let rows: u64 = env.query_parameters().get("rows").unwrap_or("10").parse()?;
    WebResponse::new()
        .header("content-type", "text/csv; charset=utf-8")
        .stream(|writer| {
            let mut writer = BufWriter::with_capacity(CHUNK, writer);
            writeln!(writer, "number,square")?;
            for number in 1..=rows {
                writeln!(writer, "{number},{}", u128::from(number).pow(2))?;
            }
            Ok(writer.flush()?)
        })
}

#[cfg(test)]
mod tests {
    use functions_guest_web::testing::TestRequest;

    use super::*;

    /// The rows are complete and in order, below the header.
    #[test]
    fn rows() {
        let response = TestRequest::get("/?rows=3").call(table);
        assert_eq!(response.text(), "number,square\n1,1\n2,4\n3,9\n");
        assert_eq!(
            response.header("content-type"),
            Some("text/csv; charset=utf-8")
        );
    }

    /// An invalid number is an error before the response starts.
    #[test]
    fn bad_numbers_fail() {
        assert_eq!(TestRequest::get("/?rows=many").call(table).status(), 500);
    }
}
