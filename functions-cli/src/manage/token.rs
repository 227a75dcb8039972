use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::{Common, EXIT_CODES};
use crate::client::encoded;
use crate::output;

/// Create, list and revoke tokens.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Token {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Subcommand)]
enum TokenCommand {
    Create(CreateToken),
    List(ListTokens),
    Revoke(RevokeTokens),
}

/// Create a token, and print it. The host does not show it again.
///
/// The first token needs the scope admin and does not expire: from then on, every request to the management API needs one.
///
/// Example: functions token create ci --scope deploy --function greet --expires 90d
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
struct CreateToken {
    /// What the token is for.
    name: String,

    /// What it may do: deploy, invoke, read, dispatch or admin, which includes all. Can be repeated.
    #[arg(
        long = "scope",
        value_name = "SCOPE",
        required = true,
        value_delimiter = ',',
        value_parser = ["deploy", "invoke", "read", "dispatch", "admin"],
        hide_possible_values = true
    )]
    scopes: Vec<String>,

    /// The functions it is limited to. Can be repeated.
    #[arg(long = "function", value_name = "NAME", value_delimiter = ',')]
    functions: Vec<String>,

    /// What functions see of it, as `WebEnvironment::token_metadata`.
    #[arg(long, value_name = "TEXT")]
    metadata: Option<String>,

    /// When it ends: a duration such as 90d, or a time (RFC 3339).
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,

    #[command(flatten)]
    common: Common,
}

/// List the tokens, without their secret part.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
struct ListTokens {
    #[command(flatten)]
    common: Common,
}

/// Revoke tokens.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
struct RevokeTokens {
    /// The tokens, by id.
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,

    #[command(flatten)]
    common: Common,
}

impl Token {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            TokenCommand::Create(create) => create.run(),
            TokenCommand::List(list) => list.run(),
            TokenCommand::Revoke(revoke) => revoke.run(),
        }
    }
}

impl CreateToken {
    fn run(self) -> anyhow::Result<()> {
        let mut body = Map::new();
        body.insert("name".into(), self.name.into());
        body.insert("scopes".into(), self.scopes.into());
        if !self.functions.is_empty() {
            body.insert("functions".into(), self.functions.into());
        }
        let texts = [("metadata", self.metadata), ("expires", self.expires)];
        for (key, value) in texts {
            body.extend(value.map(|value| (key.to_owned(), Value::from(value))));
        }
        let client = self.common.client()?;
        let token = client.post("/v1/tokens", &Value::Object(body))?;
        if self.common.is_json() {
            return output::json(&token);
        }
        // Alone on standard output, so that `$(functions token create …)` is the token.
        output::line(&output::text(&token, "token"))
    }
}

impl ListTokens {
    fn run(self) -> anyhow::Result<()> {
        let tokens = self.common.client()?.get("/v1/tokens")?;
        if self.common.is_json() {
            return output::json(&tokens);
        }
        let rows = tokens.get("tokens").and_then(Value::as_array);
        let row = |token: &Value| {
            ["id", "name", "scopes", "functions", "created", "expires"]
                .map(|member| output::text(token, member))
        };
        output::table(
            ["ID", "NAME", "SCOPES", "FUNCTIONS", "CREATED", "EXPIRES"],
            rows.into_iter().flatten().map(row),
        )
    }
}

impl RevokeTokens {
    fn run(self) -> anyhow::Result<()> {
        let client = self.common.client()?;
        for id in &self.ids {
            client.delete(&format!("/v1/tokens/{}", encoded(id)))?;
            if !self.common.is_json() {
                output::line(&format!("{id} revoked"))?;
            }
        }
        Ok(())
    }
}
