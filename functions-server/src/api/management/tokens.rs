use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderName, StatusCode};
use serde::{Deserialize, Serialize};

use super::principal::Principal;
use super::problem::Problem;
use super::{ManagementApi, json};
use crate::auth::{self, NewToken, Scope};
use crate::deployments::check_name;
use crate::store::Time;

/// The longest name and metadata of a token, in bytes.
const MAX_NAME: usize = 200;
const MAX_METADATA: usize = 16 << 10;

/// A token to create.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenRequest {
    /// What the token is for.
    name: String,
    /// What the token allows. `admin` includes all others; the first token needs it.
    scopes: BTreeSet<Scope>,
    /// The functions that the token is for; all unless given.
    functions: Option<BTreeSet<String>>,
    /// What functions get as the token's metadata.
    metadata: Option<String>,
    /// How long the token is valid: a duration such as `30days`, or a time of RFC 3339.
    #[schema(example = "30days")]
    expires: Option<String>,
}

/// A token, without the token itself.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Token)]
pub(super) struct TokenDocument {
    id: String,
    name: String,
    scopes: Vec<Scope>,
    /// Null: all functions.
    functions: Option<BTreeSet<String>>,
    metadata: Option<String>,
    created: String,
    expires: Option<String>,
}

/// A created token.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct CreatedToken {
    /// The token itself, which is shown this once.
    token: String,
    #[serde(flatten)]
    shown: TokenDocument,
}

/// All tokens.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct TokenList {
    tokens: Vec<TokenDocument>,
}

impl From<Arc<auth::Token>> for TokenDocument {
    fn from(token: Arc<auth::Token>) -> Self {
        Self {
            id: token.id.clone(),
            name: token.name.clone(),
            scopes: token.scopes.clone(),
            functions: token.functions.clone(),
            metadata: token.metadata.as_deref().map(str::to_owned),
            created: token.created.to_string(),
            expires: token.expires.map(|time| time.to_string()),
        }
    }
}

/// Creates a token.
#[utoipa::path(
    post, path = "/v1/tokens", operation_id = "create_token", tag = "tokens",
    request_body = TokenRequest,
    responses(
        (status = 201, description = "The token, which is shown this once", body = CreatedToken),
        (status = 409, description = "The first token needs the scope `admin`, and does not expire", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn create(
    State(api): State<ManagementApi>,
    caller: Principal,
    headers: HeaderMap,
    body: Body,
) -> Result<
    (
        StatusCode,
        [(HeaderName, &'static str); 1],
        Json<CreatedToken>,
    ),
    Problem,
> {
    caller.may(Scope::Admin)?;
    let request: TokenRequest = json::read(&headers, body).await?;
    let (secret, token) = api.server.tokens().create(request.checked()?).await?;
    let created = CreatedToken {
        token: secret.reveal().to_owned(),
        shown: token.into(),
    };
    Ok((
        StatusCode::CREATED,
        [(CACHE_CONTROL, "no-store")],
        Json(created),
    ))
}

/// Lists tokens, the oldest first, without the tokens themselves.
#[utoipa::path(
    get, path = "/v1/tokens", operation_id = "list_tokens", tag = "tokens",
    responses((status = 200, description = "All tokens", body = TokenList)),
)]
pub(super) async fn list(
    State(api): State<ManagementApi>,
    caller: Principal,
) -> Result<Json<TokenList>, Problem> {
    caller.may(Scope::Admin)?;
    let tokens = api
        .server
        .tokens()
        .list()
        .into_iter()
        .map(TokenDocument::from)
        .collect();
    Ok(Json(TokenList { tokens }))
}

/// Revokes a token. From then on, it is refused.
#[utoipa::path(
    delete, path = "/v1/tokens/{id}", operation_id = "revoke_token", tag = "tokens",
    params(("id" = String, Path, description = "The token's id")),
    responses(
        (status = 204, description = "The token is revoked"),
        (status = 404, description = "No such token", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It is the last token with the scope `admin` that does not expire, and others exist", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn revoke(
    State(api): State<ManagementApi>,
    caller: Principal,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.may(Scope::Admin)?;
    api.server.tokens().revoke(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl TokenRequest {
    fn checked(self) -> Result<NewToken, Problem> {
        let is_named = !self.name.trim().is_empty()
            && self.name.len() <= MAX_NAME
            && !self.name.chars().any(char::is_control);
        if !is_named {
            let detail = format!("invalid name: expected up to {MAX_NAME} bytes of text");
            return Err(Problem::bad_request(detail));
        }
        if self.scopes.is_empty() {
            return Err(Problem::bad_request(
                "invalid scopes: expected at least one",
            ));
        }
        if let Some(functions) = &self.functions {
            if self.scopes.contains(&Scope::Admin) {
                let detail = "invalid functions: the scope \"admin\" is for all functions";
                return Err(Problem::bad_request(detail));
            }
            if functions.is_empty() {
                let detail = "invalid functions: expected at least one, or none given for all";
                return Err(Problem::bad_request(detail));
            }
            functions.iter().try_for_each(|name| check_name(name))?;
        }
        let metadata = self.metadata.as_deref().unwrap_or_default();
        if metadata.len() > MAX_METADATA || metadata.contains('\0') {
            let detail =
                format!("invalid metadata: expected up to {MAX_METADATA} bytes without NUL");
            return Err(Problem::bad_request(detail));
        }
        Ok(NewToken {
            expires: self.expires.as_deref().map(expiry).transpose()?,
            name: self.name,
            scopes: self.scopes,
            functions: self.functions,
            metadata: self.metadata,
        })
    }
}

/// When a token expires: after a duration, or at a time.
fn expiry(text: &str) -> Result<Time, Problem> {
    let now = Time::now();
    let time = match humantime::parse_duration(text) {
        Ok(duration) => Some(now.after(duration)),
        Err(_) => Time::parse(text),
    };
    time.filter(|time| *time > now).ok_or_else(|| {
        Problem::bad_request(format!(
            "invalid expires {text:?}: expected a duration such as \"30days\", or a later time such as \
             \"2030-01-31T12:00:00Z\""
        ))
    })
}
