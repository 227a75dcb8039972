use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::json;

use super::body::{self, MAX_OTHER};
use super::decode::{Fields, Invalid};
use super::{ServerledgeApi, access, answer, run};

/// Adds warm instances of a function, as far as the node has room, and answers once they are ready.
pub(super) async fn prewarm(State(api): State<ServerledgeApi>, request: Request) -> Response {
    prewarm_inner(&api, request)
        .await
        .unwrap_or_else(|answer| answer)
}

async fn prewarm_inner(api: &ServerledgeApi, request: Request) -> Result<Response, Response> {
    let (mut parts, body) = request.into_parts();
    let body = body::read(body, MAX_OTHER).await?;
    let (name, instances) = parse(&body).map_err(Invalid::into_response)?;
    access::admit(api, &name, &mut parts, "Function unknown")?;
    let harness = api.server.harness();
    let wanted = u32::try_from(instances.max(0)).unwrap_or(u32::MAX);
    let demand = run::demand(api, &name);
    // Loads the function, also for no instances. Those that cannot be reused are warm without one.
    if let Err(error) = harness
        .prewarm(&name, wanted.min(api.node.most(&demand)))
        .await
    {
        let error: &dyn std::error::Error = &error;
        tracing::warn!(function = %name, error, "cannot be prewarmed");
        return Err(answer::text(StatusCode::SERVICE_UNAVAILABLE, ""));
    }
    let made = (0..wanted).take_while(|_| api.node.prewarm(&demand).is_ok());
    Ok(answer::json(
        StatusCode::OK,
        &json!({ "Prewarmed": made.count() }),
    ))
}

fn parse(body: &[u8]) -> Result<(String, i64), Invalid> {
    let fields = Fields::parse(body)?;
    fields.boolean("ForceImagePull")?;
    Ok((
        fields.text("Function")?.into_owned(),
        fields.integer("Instances")?,
    ))
}
