//! From the options to a host that serves, and to its end.

use std::time::Duration;

use anyhow::Context as _;
use functions_server::ServerError;
use host_harness::stderr;
use host_harness::{Builder, Harness, Server};

use super::ServeOptions;
use super::announce::{Announcement, announce};
use super::apis::Apis;
use super::declared::{self, ServedFunction};
use super::shutdown::StopSignals;
use super::stopping::Host;
use crate::report::Ended;
use crate::value::list::List;

/// How long the runtime's threads may take at the end to drop their tasks.
const DROP_TIMEOUT: Duration = Duration::from_millis(100);

impl ServeOptions {
    /// Serves until a signal stops the process. `find` gives the functions to serve from the start,
    /// `prepare` changes the host before it is built, and `start` gets it and its URL once it listens. What
    /// that returns is dropped when the host is stopped.
    pub(crate) fn run_with<T>(
        self,
        find: impl FnOnce() -> anyhow::Result<Vec<ServedFunction>>,
        prepare: impl FnOnce(Builder) -> Builder,
        start: impl FnOnce(&Harness, String) -> anyhow::Result<T>,
    ) -> anyhow::Result<Ended> {
        // First of all: process 1 of a container ignores the signals otherwise.
        let signals = StopSignals::listen().context("cannot wait for signals")?;
        // Each connection takes a file, and shells allow few. Failing to raise the limit is not fatal.
        if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
            tracing::debug!("no more open files: {error}");
        }
        let mut builder = self.host.builder(self.management.cache());
        for name in List::texts(&self.private) {
            builder = builder.private(name);
        }
        if let Some(url) = &self.public_url {
            builder = builder.public_url(url);
        }
        for network in List::texts(&self.trusted_proxies) {
            builder = builder.trusted_proxy(network);
        }
        let functions = find()?;
        if self.management.is_off() {
            declared::refuse_tokens(&functions)?;
        }
        for function in &functions {
            builder = function.add_to(builder);
        }
        builder = prepare(builder);
        builder = builder.max_memory(self.serverledge.max_memory());
        // Before the functions are built, which get its URL.
        let dispatch = self.dispatch.listen()?;
        if let Some(listener) = &dispatch {
            builder = self
                .dispatch
                .apply(builder, listener.local_addr()?, &self.host);
        }
        let host = if self.serves_only_files() {
            let built = builder.build();
            Host::Files(built.map_err(|error| declared::explain(&functions, error))?)
        } else {
            let options = self.workers.apply(self.management.server_options()?);
            let opened = functions_server::Server::open(builder, options);
            Host::Server(opened.map_err(|error| match error {
                ServerError::Build(error) => declared::explain(&functions, error),
                error => error.into(),
            })?)
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let ended = runtime.block_on(self.serve(&host, &functions, &signals, start, dispatch));
        // Tasks that were cut off may still log; tasks that hang are not waited for.
        runtime.shutdown_timeout(DROP_TIMEOUT);
        ended
    }

    async fn serve<T>(
        self,
        host: &Host,
        functions: &[ServedFunction],
        signals: &StopSignals,
        start: impl FnOnce(&Harness, String) -> anyhow::Result<T>,
        dispatch: Option<std::net::TcpListener>,
    ) -> anyhow::Result<Ended> {
        let harness = host.harness();
        let listening = async {
            let addresses = self.listen.resolve().await?;
            harness.serve(&*addresses).await
        };
        let mut server = listening.await.with_context(|| {
            format!(
                "cannot listen on {}; --listen 127.0.0.1:0 takes a free port",
                self.listen
            )
        })?;
        let mut apis = self.serve_apis(host, &server, dispatch).await?;
        let stop = signals.serving(self.grace);
        let announcement = Announcement {
            address: server.address(),
            harness,
            functions,
            is_multi_tenant: self.host.multi_tenant,
            is_verbose: self.verbose,
        };
        announce(announcement.text(&apis));
        self.notice(host);
        let started = start(harness, format!("http://{}", server.address()))?;
        tokio::select! {
            // An error means that signals can no longer be received: serve on.
            Ok(()) = stop => {}
            () = server.failed() => {
                anyhow::bail!("the host no longer accepts connections because of a bug: see the log above");
            }
            name = apis.failed() => {
                anyhow::bail!("the API {name} no longer answers because of a bug: see the log above");
            }
        }
        drop(started);
        if host.stop(server, apis, self.grace).await {
            return Ok(Ended::Stopped);
        }
        let grace = self.grace;
        stderr::write_notice(&format!(
            "requests that did not end within {grace:?} were cut off"
        ));
        Ok(Ended::Cut)
    }

    /// Serves the APIs that are on.
    async fn serve_apis(
        &self,
        host: &Host,
        server: &Server,
        dispatch: Option<std::net::TcpListener>,
    ) -> anyhow::Result<Apis> {
        let mut apis = Apis::default();
        let Host::Server(deployed) = host else {
            return Ok(apis);
        };
        let functions_url = match &self.public_url {
            Some(url) => url.clone(),
            None => format!("http://{}", server.address()),
        };
        apis.add(self.management.start(deployed, functions_url).await?);
        apis.add(self.serverledge.start(deployed).await?);
        let own = format!("http://{}", server.address());
        let own = std::iter::once(own).chain(self.public_url.clone());
        apis.add(self.dispatch.start(deployed, dispatch, own)?);
        apis.add(self.golem.start(deployed).await?);
        // Last: the APIs say how what they accepted is run.
        deployed.run_queue();
        Ok(apis)
    }

    /// Says what may surprise the person who started the host.
    fn notice(&self, host: &Host) {
        let Host::Server(server) = host else { return };
        if server.is_temporary() {
            stderr::write_notice(
                "what is deployed is lost when this host ends; --data-dir DIR keeps it",
            );
        }
        let shadowed = server.shadowed();
        if !shadowed.is_empty() {
            stderr::write_notice(&format!(
                "served from files instead of the data folder, without what is stored for them (ingress, limits, \
                 variables, secrets): {}",
                shadowed.join(", ")
            ));
        }
    }
}
