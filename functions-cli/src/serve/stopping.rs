//! What serves, and the order in which it stops.

use std::time::{Duration, Instant};

use host_harness::{Harness, Server};
use tokio::time::timeout;

use super::apis::Apis;

/// How long answers may take to be written, once nothing is waited for any longer.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// What serves: the files that were given, or a store too.
pub(super) enum Host {
    Files(Harness),
    Server(functions_server::Server),
}

impl Host {
    pub(super) fn harness(&self) -> &Harness {
        match self {
            Self::Files(harness) => harness,
            Self::Server(server) => server.harness(),
        }
    }

    /// Takes no further requests, and waits for those in flight within the grace period, whichever API they came by.
    /// Returns whether all have ended.
    pub(super) async fn stop(&self, server: Server, mut apis: Apis, grace: Duration) -> bool {
        let begun = Instant::now();
        if let Self::Server(server) = self {
            server.set_draining();
        }
        let (functions, first, ()) = tokio::join!(
            server.shutdown(grace),
            timeout(grace, apis.stop_first()),
            self.stop_queue(grace),
        );
        // Functions may use the others to their end.
        let left = grace.saturating_sub(begun.elapsed());
        let are_answered = first.is_ok() & timeout(left, apis.stop()).await.is_ok();
        if !are_answered {
            if let Self::Server(server) = self {
                server.stop_workers();
            }
            let _ = timeout(LAST_ANSWERS, apis.stop()).await;
        }
        functions && are_answered
    }

    /// Waits for asynchronous invocations. Those that are cut off run again at the next start.
    async fn stop_queue(&self, grace: Duration) {
        if let Self::Server(server) = self {
            let _ = timeout(grace, server.stop_queue()).await;
        }
    }
}
