//! `functions:web/output`: a function's output and log records.

use std::sync::{MutexGuard, PoisonError};

use wasmtime::StoreContextMut;
use wasmtime::component::{HasSelf, Linker, WasmList};

use super::bindings::functions::web::output::{Host, Level, Stream, add_to_linker};
use super::bounded::{FirstPairs, TextPrefix};
use super::{Interface, State};
use crate::telemetry::{InvocationLog, LogLevel, OutputStream};

impl State {
    /// The log of this invocation.
    pub(super) fn invocation_log(&mut self) -> MutexGuard<'_, InvocationLog> {
        let log = self.log.of(&self.call);
        log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the host may log `bytes` about the end of this invocation. They count as a record of the
    /// function.
    pub(crate) fn admits_log(&self, bytes: usize) -> bool {
        match &self.log.0 {
            Some(log) => {
                let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
                log.admit(bytes)
            }
            None => {
                let output = &self.call.function.output;
                output.max_records > 0 && bytes <= output.max_bytes
            }
        }
    }
}

/// How many bytes are written between two checks of the time.
const MAX_PIECE: usize = 64 * 1024;

/// `functions:web/output@1.0.0`.
pub(super) const INTERFACE: Interface = Interface {
    name: "functions:web/output@1.0.0",
    link,
};

fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    link_bounded(linker)
}

/// Replaces the generated functions, which would copy all parameters first.
fn link_bounded(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut output = linker.instance("functions:web/output@1.0.0")?;
    output.func_wrap_async(
        "write",
        |mut store: StoreContextMut<'_, State>, (to, bytes): (Stream, WasmList<u8>)| {
            Box::new(async move {
                let mut from = 0;
                loop {
                    store.data_mut().check_time().await?;
                    let left = bytes.as_le_slice(&store).get(from..).unwrap_or_default();
                    let Some(piece) = left.chunks(MAX_PIECE).next() else {
                        return Ok(());
                    };
                    from += piece.len();
                    let piece = piece.to_vec();
                    store.data_mut().write(to, piece)?;
                }
            })
        },
    )?;
    output.func_wrap_async(
        "log",
        |mut store: StoreContextMut<'_, State>,
         (level, target, message, fields): (Level, TextPrefix, TextPrefix, FirstPairs)| {
            Box::new(async move {
                let state = store.data_mut();
                state.check_time().await?;
                let fields = fields.0.into_iter();
                let fields = fields.map(|(key, value)| (key.0, value.0));
                state.log(level, target.0, message.0, fields.collect())
            })
        },
    )
}

impl Host for State {
    fn write(&mut self, to: Stream, bytes: Vec<u8>) -> wasmtime::Result<()> {
        let stream = match to {
            Stream::Stdout => OutputStream::Stdout,
            Stream::Stderr => OutputStream::Stderr,
        };
        self.invocation_log().print(stream, &bytes);
        Ok(())
    }

    fn least_level(&mut self) -> wasmtime::Result<Option<Level>> {
        let min = self.call.function.output.min_level;
        Ok(min.map(|min| match min {
            LogLevel::Trace => Level::Trace,
            LogLevel::Debug => Level::Debug,
            LogLevel::Info => Level::Info,
            LogLevel::Warn => Level::Warn,
            LogLevel::Error => Level::Error,
        }))
    }

    fn log(
        &mut self,
        level: Level,
        target: String,
        message: String,
        fields: Vec<(String, String)>,
    ) -> wasmtime::Result<()> {
        let level = match level {
            Level::Trace => LogLevel::Trace,
            Level::Debug => LogLevel::Debug,
            Level::Info => LogLevel::Info,
            Level::Warn => LogLevel::Warn,
            Level::Error => LogLevel::Error,
        };
        let min = self.call.function.output.min_level;
        if min.is_none_or(|min| level < min) {
            return Ok(());
        }
        self.invocation_log().log(level, target, message, fields);
        Ok(())
    }
}
