//! The APIs beside the functions, each on a listener of its own.

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
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Api {
    /// Serves an API until it is told to stop. `serve` gets the listener, and what ends then.
    pub(super) fn start<F>(
        name: &'static str,
        listener: TcpListener,
        serve: impl FnOnce(TcpListener, Stopped) -> F,
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
            stop,
            task: tokio::spawn(serve(listener, stopped)),
        })
    }
}

/// Ends when an API has to stop.
pub(super) type Stopped = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

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

    /// Takes no further requests, and waits for those in flight.
    pub(super) async fn stop(self) {
        let stopping = self.0.into_iter().map(|api| async {
            // It fails if the task has ended.
            let _ = api.stop.send(());
            let _ = api.task.await;
        });
        futures_util::future::join_all(stopping).await;
    }
}
