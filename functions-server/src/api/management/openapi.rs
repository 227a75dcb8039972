use axum::Json;
use axum::extract::State;
use utoipa::Modify;
use utoipa::OpenApi as _;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, ResponseBuilder};

use super::ManagementApi;
use super::principal::Principal;
use super::problem::Problem;
use crate::deployments;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "FunctionList: management",
        description = "Deploys, configures and observes web functions. Every error is a problem document (RFC 9457). \
            As long as no token exists, the API answers clients on the server's own machine; then every request \
            needs `Authorization: Bearer TOKEN`, except for `/healthz` and `/readyz`."
    ),
    components(schemas(Problem)),
    security(("token" = [])),
    modifiers(&TokenScheme),
)]
struct Base;

struct TokenScheme;

impl Modify for TokenScheme {
    fn modify(&self, openapi: &mut OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("token", scheme);
    }
}

/// The description without paths, which the routes add.
pub(super) fn base() -> OpenApi {
    Base::openapi()
}

/// Adds what no type says: errors and secrets.
pub(super) fn completed(mut description: OpenApi) -> OpenApi {
    add_errors(&mut description);
    add_secrets(&mut description);
    description
}

/// Secrets are members of the settings, but never of the type that is printed and stored.
fn add_secrets(description: &mut OpenApi) {
    let schemas = description
        .components
        .as_mut()
        .map(|components| &mut components.schemas);
    let settings = schemas.and_then(|schemas| schemas.get_mut("Settings"));
    let Some(RefOr::T(Schema::Object(settings))) = settings else {
        return;
    };
    deployments::add_secrets(settings);
}

/// Adds the problem document, which every operation may answer.
fn add_errors(description: &mut OpenApi) {
    let problem = ResponseBuilder::new()
        .description("A problem document")
        .content(
            "application/problem+json",
            Content::new(Some(Ref::from_schema_name("Problem"))),
        )
        .build();
    for item in description.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.patch,
        ];
        for operation in operations.into_iter().flatten() {
            let responses = &mut operation.responses.responses;
            responses.insert("default".to_owned(), RefOr::T(problem.clone()));
        }
    }
}

/// This description, as OpenAPI 3.1.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "get_description", tag = "description",
    responses((status = 200, description = "The description", body = serde_json::Value)),
)]
pub(super) async fn get(State(api): State<ManagementApi>, _: Principal) -> Json<OpenApi> {
    Json(OpenApi::clone(&api.description))
}
