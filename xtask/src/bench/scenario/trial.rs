//! Checks a server before it is measured: its answer, and whether it reuses instances.

use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::bench::contender::Contender;

/// The number of sequential requests that show whether instances are reused.
const REQUESTS: usize = 10;

/// Fails unless the answer is that of `examples/ping`.
pub(super) fn answers_pong(contender: &Contender, path: &str) -> anyhow::Result<()> {
    let (content_type, body) = get(contender, path)?;
    let expected = ("text/plain; charset=utf-8", "pong");
    ensure!(
        (content_type.as_str(), body.as_str()) == expected,
        "{} answers {content_type:?}, {body:?} instead of {expected:?}",
        contender.name
    );
    Ok(())
}

/// Fails unless instances are `reused` or not, as a component that counts its requests shows.
pub(super) fn reuses(contender: &Contender, path: &str, reused: bool) -> anyhow::Result<()> {
    let counted: Vec<u32> = (0..REQUESTS)
        .map(|_| Ok(get(contender, path)?.1.parse()?))
        .collect::<anyhow::Result<_>>()?;
    let as_expected = if reused {
        counted.iter().any(|&count| count > 1)
    } else {
        counted.iter().all(|&count| count == 1)
    };
    ensure!(
        as_expected,
        "{}: requests of an instance are {counted:?}",
        contender.name
    );
    Ok(())
}

/// The content type and the body; an error for a status other than 200.
fn get(contender: &Contender, path: &str) -> anyhow::Result<(String, String)> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(10)))
        .build()
        .into();
    let mut response = agent
        .get(contender.url(path))
        .call()
        .with_context(|| format!("{} does not answer", contender.name))?;
    ensure!(
        response.status() == 200,
        "{} answers {}",
        contender.name,
        response.status()
    );
    let content_type = response.headers().get("content-type");
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    Ok((content_type, response.body_mut().read_to_string()?))
}
