//! What is streamed, for the test that is running on this thread.

use std::cell::RefCell;

use crate::stream::StreamError;

/// A response that was streamed.
#[derive(Debug, Default)]
pub(crate) struct Streamed {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) finished: bool,
}

thread_local! {
    static CAPTURED: RefCell<Vec<Option<Streamed>>> = const { RefCell::new(Vec::new()) };
}

/// Runs something, and returns what it streamed.
pub(crate) fn captured<T>(run: impl FnOnce() -> T) -> (T, Option<Streamed>) {
    CAPTURED.with_borrow_mut(|all| all.push(None));
    let result = run();
    (result, CAPTURED.with_borrow_mut(Vec::pop).flatten())
}

/// The client's end, which takes everything.
#[derive(Debug)]
pub(crate) struct Writer(());

pub(crate) fn start(status: u16, headers: &[(String, Vec<u8>)]) -> Result<Writer, StreamError> {
    CAPTURED.with_borrow_mut(|all| match all.last_mut() {
        Some(Some(_)) => Err(StreamError::Started),
        Some(place) => {
            let headers = super::host::checked(status, headers).map_err(StreamError::Invalid)?;
            *place = Some(Streamed {
                status,
                headers,
                ..Streamed::default()
            });
            Ok(Writer(()))
        }
        None => Err(StreamError::Other("there is no request to answer".into())),
    })
}

fn current<T>(look: impl FnOnce(&mut Streamed) -> T) -> Result<T, StreamError> {
    CAPTURED.with_borrow_mut(|all| match all.last_mut() {
        Some(Some(streamed)) => Ok(look(streamed)),
        _ => Err(StreamError::Closed),
    })
}

impl Writer {
    pub(crate) fn write(&self, chunk: &[u8]) -> Result<(), StreamError> {
        current(|streamed| streamed.body.extend_from_slice(chunk))
    }

    #[expect(clippy::unused_async, reason = "the host's waits")]
    pub(crate) async fn write_async(&mut self, chunk: &[u8]) -> Result<(), StreamError> {
        self.write(chunk)
    }

    pub(crate) fn finish(self) -> Result<(), StreamError> {
        current(|streamed| streamed.finished = true)
    }
}
