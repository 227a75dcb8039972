//! The text that names a function of a component, such as `golem:it/api.{counter("c1").inc-by}`.

use std::str::FromStr;

/// The longest text of a function, in bytes.
pub(crate) const MAX_LENGTH: usize = 32 << 10;

/// A function, and where it is exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FunctionName {
    /// The instance, such as `ns:pkg/iface@1.0.0`; `None` for a function of the world.
    pub(crate) site: Option<String>,
    pub(crate) function: FunctionKind,
}

/// The kind of function that a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FunctionKind {
    Plain(String),
    Constructor {
        resource: String,
    },
    Drop {
        resource: String,
    },
    /// A method; a static function if there is no such method.
    Method {
        resource: String,
        method: String,
    },
    Static {
        resource: String,
        method: String,
    },
    /// On the resource that was constructed with these parameters. It is constructed if it does not exist.
    Indexed {
        resource: String,
        /// In WAVE.
        parameters: Vec<String>,
        then: ResourceOperation,
    },
}

/// An operation on an indexed resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ResourceOperation {
    New,
    Drop,
    /// A method; a static function if there is no such method.
    Method(String),
}

/// A text names no function.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid function name: {0}")]
pub(crate) struct InvalidName(String);

impl FromStr for FunctionName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        if text.len() > MAX_LENGTH {
            return Err(InvalidName(format!(
                "longer than {MAX_LENGTH} bytes, the limit"
            )));
        }
        let Some((site, rest)) = text.split_once(".{") else {
            return match is_identifier(text) {
                true => Ok(Self {
                    site: None,
                    function: FunctionKind::Plain(text.to_owned()),
                }),
                false => Err(InvalidName(format!(
                    "{text:?} is neither the name of a function of the world, nor of the form INTERFACE.{{FUNCTION}}"
                ))),
            };
        };
        let function = rest
            .strip_suffix('}')
            .ok_or_else(|| InvalidName(format!("{text:?} does not end with a closing brace")))?;
        Ok(Self {
            site: site_of(site)?,
            function: function_of(function)?,
        })
    }
}

/// The instance's name; `None` for a package alone, which some documents write for functions of the world.
fn site_of(text: &str) -> Result<Option<String>, InvalidName> {
    let invalid = || {
        InvalidName(format!(
            "{text:?} is not the name of an interface: expected one such as ns:package/interface@1.0.0"
        ))
    };
    let (path, version) = match text.split_once('@') {
        Some((path, version)) => (path, Some(version)),
        None => (text, None),
    };
    let is_version = |version: &str| {
        let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
        version.starts_with(|letter: char| letter.is_ascii_digit())
            && version.chars().all(is_allowed)
    };
    if !version.is_none_or(is_version) {
        return Err(invalid());
    }
    match path.split_once(':') {
        None if is_identifier(path) => Ok(Some(text.to_owned())),
        Some((namespace, rest)) if is_identifier(namespace) => match rest.split_once('/') {
            Some((package, interface)) if is_identifier(package) && is_identifier(interface) => {
                Ok(Some(text.to_owned()))
            }
            None if is_identifier(rest) && version.is_none() => Ok(None),
            _ => Err(invalid()),
        },
        _ => Err(invalid()),
    }
}

fn function_of(text: &str) -> Result<FunctionKind, InvalidName> {
    let invalid = || InvalidName(format!("{text:?} is not the name of a function"));
    if let Some(rest) = text.strip_prefix('[') {
        let (kind, rest) = rest.split_once(']').ok_or_else(invalid)?;
        return match kind {
            "constructor" if is_identifier(rest) => Ok(FunctionKind::Constructor {
                resource: rest.to_owned(),
            }),
            "drop" if is_identifier(rest) => Ok(FunctionKind::Drop {
                resource: rest.to_owned(),
            }),
            "method" | "static" if rest.contains('(') => indexed(rest),
            "method" | "static" => {
                let (resource, method) = member(rest).ok_or_else(invalid)?;
                Ok(match kind {
                    "method" => FunctionKind::Method { resource, method },
                    _ => FunctionKind::Static { resource, method },
                })
            }
            _ => Err(invalid()),
        };
    }
    if text.contains('(') {
        return indexed(text);
    }
    if is_identifier(text) {
        return Ok(FunctionKind::Plain(text.to_owned()));
    }
    let (resource, method) = member(text).ok_or_else(invalid)?;
    Ok(match &*method {
        "new" => FunctionKind::Constructor { resource },
        "drop" => FunctionKind::Drop { resource },
        _ => FunctionKind::Method { resource, method },
    })
}

/// The two names of `resource.method`.
fn member(text: &str) -> Option<(String, String)> {
    let (resource, method) = text.split_once('.')?;
    (is_identifier(resource) && is_identifier(method))
        .then(|| (resource.to_owned(), method.to_owned()))
}

/// `resource(parameters).then`.
fn indexed(text: &str) -> Result<FunctionKind, InvalidName> {
    let invalid = |why: &str| InvalidName(format!("{text:?} {why}"));
    let (resource, rest) = text
        .split_once('(')
        .ok_or_else(|| invalid("has no constructor parameters"))?;
    if !is_identifier(resource) {
        return Err(invalid("does not begin with the name of a resource"));
    }
    let (parameters, rest) = split_parameters(rest).ok_or_else(|| {
        invalid("has constructor parameters whose brackets or quotes do not match")
    })?;
    let then = match rest.strip_prefix('.') {
        Some("new") => ResourceOperation::New,
        Some("drop") => ResourceOperation::Drop,
        Some(method) if is_identifier(method) => ResourceOperation::Method(method.to_owned()),
        _ => return Err(invalid("does not end with the name of a method")),
    };
    Ok(FunctionKind::Indexed {
        resource: resource.to_owned(),
        parameters,
        then,
    })
}

/// Splits WAVE values at commas that are in no bracket, text or character, up to the closing bracket. Returns
/// what follows it too.
fn split_parameters(text: &str) -> Option<(Vec<String>, &str)> {
    let mut open = Vec::new();
    let mut quote = None;
    let mut is_escaped = false;
    let mut parameters = Vec::new();
    let mut from = 0;
    for (place, letter) in text.char_indices() {
        if let Some(ending) = quote {
            match letter {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                _ if letter == ending => quote = None,
                _ => {}
            }
            continue;
        }
        match letter {
            '"' | '\'' => quote = Some(letter),
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' if open.is_empty() => {
                let last = text.get(from..place)?.trim();
                if !(last.is_empty() && parameters.is_empty()) {
                    parameters.push(last.to_owned());
                }
                return Some((parameters, text.get(place + 1..)?));
            }
            ')' | ']' | '}' if open.pop() != Some(letter) => return None,
            ',' if open.is_empty() => {
                parameters.push(text.get(from..place)?.trim().to_owned());
                from = place + 1;
            }
            _ => {}
        }
    }
    None
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests;
