//! Whether the address is free that functions are served at.

use std::env;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;

use super::finding::Finding;
use crate::project::Manifest;
use crate::serve::DEFAULT_LISTEN;

pub(super) fn check(folder: &Path) -> Finding {
    let given = env::var("FUNCTIONS_LISTEN").ok();
    let given = given.filter(|address| !address.is_empty());
    let address = given.or_else(|| of_manifest(folder));
    let address = address.unwrap_or_else(|| DEFAULT_LISTEN.to_owned());
    let full = match address.parse::<u16>() {
        Ok(port) => format!("127.0.0.1:{port}"),
        Err(_) => address,
    };
    match TcpListener::bind(&full) {
        Ok(_) => Finding::ok("address", format!("{full} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Finding::warning(
            "address",
            format!(
                "{full} is in use: end what listens there, or give `--listen 127.0.0.1:0`, which takes a free port"
            ),
        ),
        Err(error) => Finding::warning(
            "address",
            format!("{full} cannot be listened on: {error}; give another to --listen"),
        ),
    }
}

/// The address of `[dev]`.
fn of_manifest(folder: &Path) -> Option<String> {
    let manifest = Manifest::find(folder).ok()??;
    let mut options = manifest.dev.into_iter();
    let listen = options.find(|option| option.long == "listen")?;
    listen.values.into_iter().next()
}
