//! The APIs of a server, each on its own listener.

use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;

use crate::api::{self, dispatch, golem, management, serverledge};
use crate::dispatch::Scheduler;
use crate::{DispatchOptions, GolemOptions, ManagementOptions, Server, ServerledgeOptions};

/// Refuses a listener that others than this machine reach, unless it `is_open`.
fn check_loopback(
    listener: &TcpListener,
    is_open: bool,
    refusal: impl FnOnce(SocketAddr) -> String,
) -> std::io::Result<()> {
    let address = listener.local_addr()?;
    match is_open || address.ip().to_canonical().is_loopback() {
        true => Ok(()),
        false => Err(std::io::Error::other(refusal(address))),
    }
}

impl Server {
    /// Serves the management API until `shutdown` ends, and then the requests in flight.
    ///
    /// # Errors
    ///
    /// The listener has no address.
    pub async fn serve_management(
        &self,
        listener: TcpListener,
        options: ManagementOptions,
        shutdown: impl Future<Output = ()>,
    ) -> std::io::Result<()> {
        let stopping = async {
            shutdown.await;
            // A client that follows a log would wait for its end.
            self.logs().stop();
        };
        api::serve(listener, self.management_router(options), stopping).await
    }

    /// The management API, for a server of one's own. Prefer
    /// [`serve_management`](Self::serve_management): without the extension
    /// [`Connection`](crate::Connection), every client counts as a remote one.
    pub fn management_router(&self, options: ManagementOptions) -> Router {
        management::router(self.clone(), options)
    }

    /// Serves Serverledge's API until `shutdown` ends, and then the requests in flight.
    ///
    /// # Errors
    ///
    /// - The listener has no address.
    /// - Its address is not loopback, and the options are not [open](ServerledgeOptions::open).
    pub fn serve_serverledge<F>(
        &self,
        listener: TcpListener,
        options: ServerledgeOptions,
        shutdown: F,
    ) -> impl Future<Output = std::io::Result<()>> + use<F>
    where
        F: Future<Output = ()>,
    {
        let is_open = options.is_open;
        // At once: from then on, what this API accepted earlier runs as it says.
        let service = serverledge::service(self.clone(), options);
        async move {
            check_loopback(&listener, is_open, |address| {
                format!(
                    "Serverledge's clients send no credentials, so anyone who reaches {address} could change \
                     functions; use a loopback address, or allow it with ServerledgeOptions::open"
                )
            })?;
            api::serve(listener, service, shutdown).await
        }
    }

    /// Serves Golem's API until `shutdown` ends, and then the requests in flight.
    ///
    /// # Errors
    ///
    /// - The listener has no address.
    /// - Its address is not loopback, and the options are not [open](GolemOptions::open).
    pub async fn serve_golem(
        &self,
        listener: TcpListener,
        options: GolemOptions,
        shutdown: impl Future<Output = ()>,
    ) -> std::io::Result<()> {
        check_loopback(&listener, options.is_open, |address| {
            format!(
                "Golem's clients send no credentials, so anyone who reaches {address} could upload components \
                 and call workers; use a loopback address, or allow it with GolemOptions::open"
            )
        })?;
        api::serve(listener, golem::service(self.clone(), options), shutdown).await
    }

    /// Serves Dispatch's API and runs its calls until `shutdown` ends, and then the requests in flight.
    ///
    /// # Errors
    ///
    /// The listener has no address, or the store cannot be read.
    pub async fn serve_dispatch(
        &self,
        listener: TcpListener,
        options: DispatchOptions,
        shutdown: impl Future<Output = ()>,
    ) -> std::io::Result<()> {
        let started = Scheduler::start(self.store().clone(), self.harness().clone(), options);
        let (scheduler, running, stop) = started.await.map_err(std::io::Error::other)?;
        self.set_scheduler(Some(scheduler.clone()));
        let running = tokio::spawn(running);
        let service = dispatch::service(self.clone(), scheduler);
        let served = api::serve(listener, service, shutdown).await;
        self.set_scheduler(None);
        // It fails if the scheduler has ended.
        let _ = stop.send(());
        let _ = running.await;
        served
    }
}
