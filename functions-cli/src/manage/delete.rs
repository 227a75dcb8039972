use anyhow::Context as _;
use clap::Args;

use super::{Common, EXIT_CODES};
use crate::client::function_path;
use crate::output;

/// Delete functions with all their versions. This cannot be undone.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Delete {
    /// The functions.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,

    #[command(flatten)]
    common: Common,
}

impl Delete {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let client = self.common.client()?;
        for name in &self.names {
            let deleted = client.delete(&function_path(name));
            deleted.with_context(|| format!("{name} is not deleted"))?;
            if !self.common.is_json() {
                output::line(&format!("{name} deleted"))?;
            }
        }
        Ok(())
    }
}
