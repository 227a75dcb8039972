//! A page about the API, made of its description. It loads nothing.

use std::fmt::Write as _;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use serde_json::Value;

use super::ManagementApi;
use super::principal::Principal;

const HEAD: &str = include_str!("docs.html");

/// The API as a page to read.
#[utoipa::path(
    get, path = "/docs", operation_id = "get_documentation", tag = "description",
    responses((status = 200, description = "The page", body = String, content_type = "text/html")),
)]
pub(super) async fn get(State(api): State<ManagementApi>, _: Principal) -> Response {
    let description = serde_json::to_value(&*api.description).unwrap_or_default();
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
    ];
    (headers, page(&description)).into_response()
}

fn page(description: &Value) -> String {
    let mut page = HEAD.to_owned();
    let info = &description["info"];
    section(&mut page, "h1", text(&info["title"]));
    section(&mut page, "p", text(&info["description"]));
    for (path, operations) in members(&description["paths"]) {
        for (method, operation) in members(operations) {
            let heading = format!("{} {path}", method.to_uppercase());
            section(&mut page, "h2", &heading);
            section(&mut page, "p", text(&operation["summary"]));
            section(&mut page, "p", text(&operation["description"]));
            parameters(&mut page, operation);
            body(&mut page, &operation["requestBody"]);
            for (status, response) in members(&operation["responses"]) {
                let schema = content(response);
                row(
                    &mut page,
                    &[status, text(&response["description"]), &schema],
                );
            }
            page.push_str("</table>");
        }
    }
    for (name, schema) in members(
        description
            .pointer("/components/schemas")
            .unwrap_or(&Value::Null),
    ) {
        section(&mut page, "h3", name);
        section(&mut page, "p", text(&schema["description"]));
        page.push_str("<table>");
        properties(&mut page, schema);
        page.push_str("</table>");
    }
    page.push_str("</main></body></html>\n");
    page
}

fn parameters(page: &mut String, operation: &Value) {
    page.push_str("<table>");
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let place = format!("{} ({})", text(&parameter["name"]), text(&parameter["in"]));
        row(
            page,
            &[
                &place,
                text(&parameter["description"]),
                &kind(&parameter["schema"]),
            ],
        );
    }
}

fn body(page: &mut String, body: &Value) {
    for (media, content) in members(&body["content"]) {
        let text = format!("{media} {}", text(&body["description"]));
        row(page, &["body", &text, &kind(&content["schema"])]);
    }
}

fn properties(page: &mut String, schema: &Value) {
    for part in schema["allOf"].as_array().into_iter().flatten() {
        properties(page, part);
        if part["$ref"].is_string() {
            row(page, &["", "all members of", &kind(part)]);
        }
    }
    for (name, property) in members(&schema["properties"]) {
        row(
            page,
            &[name, text(&property["description"]), &kind(property)],
        );
    }
    for value in schema["enum"].as_array().into_iter().flatten() {
        row(page, &[text(value), "", ""]);
    }
}

/// What a request or response has: the name of its schema.
fn content(of: &Value) -> String {
    members(&of["content"])
        .map(|(_, media)| kind(&media["schema"]))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The type of a value, as text.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        return name.rsplit('/').next().unwrap_or_default().to_owned();
    }
    let variants = ["oneOf", "anyOf"]
        .into_iter()
        .filter_map(|key| schema[key].as_array());
    if let Some(variants) = variants.into_iter().next() {
        return variants.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    match &schema["type"] {
        Value::Array(types) => types.iter().map(text).collect::<Vec<_>>().join(" or "),
        Value::String(kind) if kind == "array" => {
            format!("list of {}", self::kind(&schema["items"]))
        }
        kind => text(kind).to_owned(),
    }
}

fn members(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn section(page: &mut String, tag: &str, text: &str) {
    if !text.is_empty() {
        let _ = writeln!(page, "<{tag}>{}</{tag}>", escape(text));
    }
}

fn row(page: &mut String, cells: &[&str]) {
    page.push_str("<tr>");
    for cell in cells {
        let _ = write!(page, "<td>{}</td>", escape(cell));
    }
    page.push_str("</tr>\n");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
