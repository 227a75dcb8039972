//! The APIs beside the functions, each on its own listener.

use std::net::SocketAddr;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::listen::ListenAddress;

/// Listens for an API. `option` is the one that sets the address.
pub(super) async fn listen(address: &ListenAddress, option: &str) -> anyhow::Result<TcpListener> {
    let listening = async { TcpListener::bind(&*address.resolve().await?).await };
    listening.await.with_context(|| {
        format!("cannot listen on {address}; {option} 127.0.0.1:0 takes a free port")
    })
}

/// An API that is served.
pub(super) struct Api {
    /// What the line on standard output begins with.
    name: &'static str,
    address: SocketAddr,
    /// `None`: it was told.
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<std::io::Result<()>>,
    /// Whether it stops when the functions do, which do not need it.
    stops_first: bool,
}

impl Api {
    /// Serves an API until it is told to stop. `serve` gets the listener, and what ends then.
    pub(super) fn start<F>(
        name: &'static str,
        listener: TcpListener,
        serve: impl FnOnce(TcpListener, StopSignal) -> F,
    ) -> anyhow::Result<Self>
    where
        F: Future<Output = std::io::Result<()>> + Send + 'static,
    {
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let stopped = Box::pin(async {
            // An error means the same: nobody can stop it any more.
            let _ = stopped.await;
        });
        Ok(Self {
            name,
            address,
            stop: Some(stop),
            task: tokio::spawn(serve(listener, stopped)),
            stops_first: false,
        })
    }

    /// Stops it together with the functions. No function needs it to end.
    pub(super) fn stops_first(self) -> Self {
        Self {
            stops_first: true,
            ..self
        }
    }

    /// Takes no further requests, and waits for those in flight.
    async fn stop(&mut self) {
        // It fails if the task has ended.
        let _ = self.stop.take().map(|stop| stop.send(()));
        if !self.task.is_finished() {
            let _ = (&mut self.task).await;
        }
    }
}

/// A future that ends when an API has to stop.
pub(super) type StopSignal = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// The APIs that are served.
#[derive(Default)]
pub(super) struct Apis(Vec<Api>);

impl Apis {
    pub(super) fn add(&mut self, api: Option<Api>) {
        self.0.extend(api);
    }

    /// The lines on standard output.
    pub(super) fn lines(&self) -> String {
        let lines = self.0.iter();
        lines
            .map(|api| format!("{} on http://{}\n", api.name, api.address))
            .collect()
    }

    /// Ends once an API fails, which is a bug, with its name.
    pub(super) async fn failed(&mut self) -> &'static str {
        if self.0.is_empty() {
            return std::future::pending().await;
        }
        let tasks = self.0.iter_mut().map(|api| {
            let name = api.name;
            let task = &mut api.task;
            Box::pin(async move { (name, task.await) })
        });
        let ((name, ended), _, _) = futures_util::future::select_all(tasks).await;
        if let Ok(Err(error)) = ended {
            tracing::error!("the API {name} ended: {error}");
        }
        name
    }

    /// Stops those that stop together with the functions.
    pub(super) async fn stop_first(&mut self) {
        let first = self.0.iter_mut().filter(|api| api.stops_first);
        futures_util::future::join_all(first.map(Api::stop)).await;
    }

    /// Stops all.
    pub(super) async fn stop(&mut self) {
        futures_util::future::join_all(self.0.iter_mut().map(Api::stop)).await;
    }
}
