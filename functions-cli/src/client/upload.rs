//! Uploads of components.

use serde_json::Value;
use ureq::unversioned::multipart::{Form, Part};

use super::progress::Progress;
use super::{Client, ClientError, MERGE_PATCH, function_path};

/// What to deploy.
pub(crate) struct Deployment<'a> {
    pub(crate) name: &'a str,
    pub(crate) component: &'a [u8],
    /// A merge patch of the function's settings.
    pub(crate) settings: Option<&'a Value>,
    /// The version that has to be current.
    pub(crate) if_version: Option<u64>,
}

/// A component to upload.
pub(crate) struct Upload<'a> {
    pub(crate) name: &'a str,
    pub(crate) component: &'a [u8],
    /// The form's other parts.
    pub(crate) texts: &'a [(&'static str, String)],
}

impl Client {
    /// Deploys a component, and merges settings into the current ones in the same step.
    pub(crate) fn deploy(&self, deployment: &Deployment<'_>) -> Result<Value, ClientError> {
        let path = function_path(deployment.name);
        let mut request = self.with_token(self.agent.put(self.url(&path)));
        if let Some(version) = deployment.if_version {
            request = request.header("if-match", format!("\"{version}\""));
        }
        let mut upload = Progress::new(deployment.name, deployment.component);
        let Some(settings) = deployment.settings else {
            let size = deployment.component.len();
            let request = request
                .content_type("application/wasm")
                .header("content-length", size.to_string());
            return self.json(
                &path,
                request.send(ureq::SendBody::from_reader(&mut upload)),
            );
        };
        let settings = settings.to_string();
        let form = Form::new()
            .part("settings", part(Part::text(&settings), MERGE_PATCH)?)
            .part(
                "component",
                part(
                    Part::reader(&mut upload).file_name("function.wasm"),
                    "application/wasm",
                )?,
            );
        self.json(&path, request.send(form))
    }

    /// Uploads a component whose workers are called by name.
    pub(crate) fn upload(&self, path: &str, upload: &Upload<'_>) -> Result<Value, ClientError> {
        let mut progress = Progress::new(upload.name, upload.component);
        let mut form = Form::new();
        for (name, text) in upload.texts {
            form = form.part(name, Part::text(text));
        }
        let component = Part::reader(&mut progress).file_name("component.wasm");
        let form = form.part("component", part(component, "application/wasm")?);
        let request = self.with_token(self.agent.post(self.url(path)));
        self.json(path, request.send(form))
    }
}

fn part<'a>(part: Part<'a>, content_type: &str) -> Result<Part<'a>, ClientError> {
    part.mime_str(content_type).map_err(ClientError::Bug)
}
