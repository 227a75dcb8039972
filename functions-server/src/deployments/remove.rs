use std::sync::Arc;

use super::{DeploymentError, Deployments, Precondition, complete};
use crate::store::functions;

impl Deployments {
    /// Deletes a function with its versions. Once this returns, no request reaches it.
    pub(crate) async fn remove(
        self: &Arc<Self>,
        name: String,
        precondition: Precondition,
    ) -> Result<(), DeploymentError> {
        let this = self.clone();
        complete(async move { this.remove_inner(name, precondition).await }).await
    }

    async fn remove_inner(
        &self,
        name: String,
        precondition: Precondition,
    ) -> Result<(), DeploymentError> {
        self.refuse_files(&name)?;
        let _changing = self.changing.lock(&name).await;
        let current = self.current(&name).await?.map(|row| row.number);
        if current.is_none() {
            return Err(DeploymentError::NotFound(name));
        }
        if !precondition.holds(current) {
            return Err(DeploymentError::Precondition(current));
        }
        let stored = name.clone();
        let delete = move |connection: &_| functions::delete(connection, &stored);
        let digests = self.store.write(delete).await?;
        self.harness.remove(&name);
        self.served.remove(&name);
        self.store.delete_unnamed(digests.unwrap_or_default()).await;
        Ok(())
    }
}
