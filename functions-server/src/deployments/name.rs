use super::DeploymentError;

/// The longest name of a function, in bytes.
const MAX_NAME: usize = 63;

/// Checks a name as the host does, before a component arrives under it.
pub(crate) fn check_name(name: &str) -> Result<(), DeploymentError> {
    let is_valid = (1..=MAX_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && name.starts_with(|first: char| first.is_ascii_alphanumeric());
    if is_valid {
        return Ok(());
    }
    Err(DeploymentError::InvalidName(format!(
        "invalid function name {name:?}: expected up to {MAX_NAME} letters, digits, '-', '_' and '.', \
         starting with a letter or digit"
    )))
}
