//! Commands: components that run once, with arguments and files, instead of answering requests.
//!
//! A command sees the files that its bundle has, read-only, and a folder `/tmp` of its own. Neither is a folder of
//! this system.

mod bundle;
mod error;
mod file_system;
mod output;
mod path;
mod program;
mod read_only;
mod temporary;
mod temporary_file;

pub use bundle::{CommandBundle, InvalidPath};
pub(crate) use error::FileError;
pub(crate) use file_system::{FileSystem, Node, OpenOptions, TMP};
pub(crate) use output::{CapturedOutput, OutputTooLong};
pub(crate) use program::{InvalidProgram, Program};
pub(crate) use read_only::ReadOnlyFile;
pub(crate) use temporary_file::TemporaryFile;

/// The file that a command finds its parameters in, which [`PARAMS_FILE`] names.
pub(crate) const PARAMS_PATH: &str = "/tmp/params.json";

/// The variable that names the file with the parameters.
pub(crate) const PARAMS_FILE: &str = "PARAMS_FILE";

/// The file that a command may write its result to, which [`RESULT_FILE`] names.
pub(crate) const RESULT_PATH: &str = "/tmp/result.json";

/// The variable that names the file for the result.
pub(crate) const RESULT_FILE: &str = "RESULT_FILE";

/// The longest result and the longest parameters, in bytes.
pub(crate) const MAX_TEXT: usize = 8 << 20;
