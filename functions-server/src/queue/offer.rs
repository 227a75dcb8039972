//! Accepts invocations.

use super::Queue;
use super::schedule::QueueFull;
use crate::store::invocations::{self, Added, NewInvocation, QueuedId, StoredMessage};
use crate::store::{Digest, StoreError, Time};

/// An invocation that an API accepts.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) source: &'static str,
    /// What the API itself calls it. Has to be unique within the source.
    pub(crate) name: Option<String>,
    pub(crate) function: String,
    pub(crate) key: Option<(String, Digest)>,
    pub(crate) request: StoredMessage,
}

/// An invocation is not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OfferError {
    #[error("{}", full(.0))]
    Full(QueueFull),
    #[error("another request came with this Idempotency-Key: use a new key for a new request")]
    OtherRequest,
    #[error("the operating system has no random bytes")]
    Random,
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn full(full: &QueueFull) -> &'static str {
    match full {
        QueueFull::Queue => "too many invocations wait",
        QueueFull::Function => "too many invocations of this function wait",
    }
}

impl Queue {
    /// Accepts an invocation. Once this returns, it is on the disk.
    ///
    /// Dropping the future does not undo it.
    pub(crate) async fn accept(&self, offer: Offer) -> Result<QueuedId, OfferError> {
        let accepted = Time::now();
        let id = QueuedId::new(accepted).map_err(|_| OfferError::Random)?;
        let bytes = offer.request.body.len() as u64;
        let reserved = {
            let mut schedule = self.inner.schedule();
            schedule.reserve(offer.source, &offer.function, bytes)
        };
        let reserved = match reserved {
            Ok(reserved) => reserved,
            Err(full) => return self.known(offer).await?.ok_or(OfferError::Full(full)),
        };
        let new = NewInvocation {
            id,
            source: offer.source,
            name: offer.name,
            function: offer.function,
            key: offer.key,
            accepted,
            request: offer.request,
        };
        let inner = self.inner.clone();
        // In a task, so that it is scheduled or its room given back, also if the client leaves.
        let adding = tokio::spawn(async move {
            let added = inner
                .store
                .write(move |connection| invocations::add(connection, &new))
                .await;
            if let Ok(Added::New) = added {
                inner.schedule().enqueue(reserved, id);
                inner.freed.wake();
            } else {
                inner.schedule().release(reserved);
            }
            added
        });
        match adding.await.map_err(|_| StoreError::Closed)?? {
            Added::New => Ok(id),
            Added::Same(id) => Ok(id),
            Added::OtherRequest => Err(OfferError::OtherRequest),
        }
    }

    /// What was accepted under the key of an offer: that is told even if there is no room for another.
    async fn known(&self, offer: Offer) -> Result<Option<QueuedId>, OfferError> {
        if offer.key.is_none() {
            return Ok(None);
        }
        let read = move |connection: &_| {
            invocations::known(
                connection,
                &offer.function,
                offer.source,
                offer.key.as_ref(),
            )
        };
        match self.inner.store.read(read).await? {
            Some(Added::Same(id)) => Ok(Some(id)),
            Some(Added::OtherRequest) => Err(OfferError::OtherRequest),
            Some(Added::New) | None => Ok(None),
        }
    }
}
