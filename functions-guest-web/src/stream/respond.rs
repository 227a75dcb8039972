use super::ResponseWriter;
use crate::logging::{Level, record};
use crate::{WebError, WebResponse};

impl WebResponse {
    /// Streams the body: the client gets what `write` sends while it still runs.
    ///
    /// The response's status and headers go out with the first chunk: set them before. A tuple around the
    /// response comes too late, and the log says so. An error before that chunk is the
    /// function's answer, as any error is. After it, the connection is cut, so that nobody takes the
    /// part for the whole, and the error goes to the log.
    ///
    /// ```
    /// use functions_guest_web::testing::TestRequest;
    /// use functions_guest_web::{WebResponse, WebResult};
    ///
    /// fn numbers() -> WebResult<WebResponse> {
    ///     WebResponse::new().header("content-type", "text/csv").stream(|writer| {
    ///         for number in 0..3 {
    ///             writer.send(format!("{number}\n"))?;
    ///         }
    ///         Ok(())
    ///     })
    /// }
    /// assert_eq!(TestRequest::get("/").call(numbers).text(), "0\n1\n2\n");
    /// ```
    ///
    /// # Errors
    ///
    /// What `write` returned before the first chunk, or an invalid status or header of this
    /// response.
    pub fn stream(
        self,
        write: impl FnOnce(&mut ResponseWriter) -> Result<(), WebError>,
    ) -> Result<Self, WebError> {
        let mut writer = self.into_writer()?;
        let written = write(&mut writer);
        end(writer, written)
    }

    /// As [`stream`](WebResponse::stream), with an `async` closure: other futures run while it
    /// waits for the client.
    ///
    /// ```
    /// use functions_guest_web::{WebResponse, WebResult};
    /// use functions_guest_web::testing::TestRequest;
    ///
    /// async fn numbers() -> WebResult<WebResponse> {
    ///     WebResponse::new()
    ///         .stream_async(async |writer| {
    ///             writer.send_async("1\n").await?;
    ///             Ok(())
    ///         })
    ///         .await
    /// }
    /// assert_eq!(TestRequest::get("/").call(numbers).text(), "1\n");
    /// ```
    ///
    /// # Errors
    ///
    /// As [`stream`](WebResponse::stream).
    pub async fn stream_async(
        self,
        write: impl AsyncFnOnce(&mut ResponseWriter) -> Result<(), WebError>,
    ) -> Result<Self, WebError> {
        let mut writer = self.into_writer()?;
        let written = write(&mut writer).await;
        end(writer, written)
    }

    fn into_writer(self) -> Result<ResponseWriter, WebError> {
        let (status, headers) = self.into_head()?;
        Ok(ResponseWriter::new(status, headers))
    }
}

fn end(writer: ResponseWriter, written: Result<(), WebError>) -> Result<WebResponse, WebError> {
    match written {
        Ok(()) => writer.finish()?,
        Err(error) if !writer.has_started() => return Err(error),
        // The writer is dropped unfinished, and the connection is cut.
        Err(error) => {
            let message = format!("the response was cut off: {error}");
            record(Level::Error, "functions_guest_web", &message, &[]);
        }
    }
    Ok(WebResponse::streamed())
}

#[cfg(test)]
mod tests {
    use crate::testing::TestRequest;
    use crate::{WebError, WebResponse, WebResult};

    fn failing(chunks: usize) -> WebResult<WebResponse> {
        WebResponse::new().with_status(201).stream(|writer| {
            for _ in 0..chunks {
                writer.send("chunk")?;
            }
            Err(WebError::internal("disk full"))
        })
    }

    /// An error before the first chunk is a whole answer; after it, the response has no end.
    #[test]
    fn errors_cut_what_has_begun() {
        let response = TestRequest::get("/").call(|| failing(0));
        assert_eq!((response.status(), response.is_complete()), (500, true));
        let response = TestRequest::get("/").call(|| failing(2));
        assert_eq!((response.status(), response.is_complete()), (201, false));
        assert_eq!(response.text(), "chunkchunk");
        assert_eq!(
            response.logged()[0].message,
            "the response was cut off: disk full"
        );
    }

    /// A stream of nothing is an empty response with its status and headers.
    #[test]
    fn nothing_is_a_response_too() {
        let response =
            TestRequest::get("/").call(|| WebResponse::new().header("x", "y").stream(|_| Ok(())));
        assert_eq!((response.status(), response.header("x")), (200, Some("y")));
        assert!(response.is_complete() && response.bytes().is_empty());
    }

    /// A body that comes too late is an error, in the log. The host cuts the response that was begun,
    /// because the handler returned another.
    #[test]
    fn sent_is_sent() {
        let response = TestRequest::get("/").call(|| {
            let response = WebResponse::new().stream(|writer| Ok(writer.send("first")?))?;
            response.with_body("second")
        });
        assert_eq!((response.text(), response.is_complete()), ("first", false));
        let logged = &response.logged()[0].message;
        assert!(logged.contains("sent before"), "{logged}");
    }

    /// The writer is a `std::io::Write`.
    #[test]
    fn writes_like_a_file() {
        use std::io::Write as _;
        let response = TestRequest::get("/")
            .call(|| WebResponse::new().stream(|writer| Ok(write!(writer, "{}-{}", 1, 2)?)));
        assert_eq!(response.text(), "1-2");
    }
}
