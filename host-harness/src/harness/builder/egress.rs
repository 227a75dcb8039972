//! Which servers functions reach, and how.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::Builder;

impl Builder {
    /// Lets functions reach a server: `HOST`, `HOST:PORT`, `*.DOMAIN` or `*`.
    ///
    /// Without any rule, functions reach every server with a public address. With rules, they reach only
    /// the servers that a rule names. A server named in full may have a private or local address. `*`
    /// stands for all public ones.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), host_harness::BuildError> {
    /// let harness = host_harness::Harness::builder()
    ///     .function("proxy", "proxy.wasm")
    ///     .allow_host("*")
    ///     .allow_host("127.0.0.1:9000")
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.allowed_hosts.push(host.into());
        self
    }

    /// Lets every function reach a server of the embedder's own by its address, whatever
    /// [`allow_host`](Self::allow_host) and the function's settings say. May be called several times.
    pub fn own_server(mut self, address: SocketAddr) -> Self {
        self.own_servers.push(address);
        self
    }

    /// Trusts the certificate authorities of a PEM file, besides those that browsers trust, for functions'
    /// requests over TLS.
    pub fn ca_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.authorities.push(file.into());
        self
    }

    /// Overrides the address of a name for functions' requests; port 0 stands for the request's port.
    /// Further calls add addresses.
    ///
    /// For tests, whose own servers replace real ones. Whether functions may reach the name is decided as
    /// for any other:
    ///
    /// ```no_run
    /// # fn main() -> Result<(), host_harness::BuildError> {
    /// let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    /// let harness = host_harness::Harness::builder()
    ///     .function("weather", "weather.wasm")
    ///     .resolve("api.weather.example", server.local_addr().unwrap())
    ///     .allow_host("api.weather.example")
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn resolve(mut self, name: impl Into<String>, address: SocketAddr) -> Self {
        self.names.push((name.into(), address));
        self
    }
}
