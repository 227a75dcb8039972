use serde::{Deserialize, Serialize};

/// What a token allows.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scope {
    /// Deploying, rolling back, deleting and configuring functions.
    Deploy,
    /// Invoking functions that require a token.
    Invoke,
    /// Reading what is deployed, and logs and metrics.
    Read,
    /// Calling functions through Dispatch.
    Dispatch,
    /// Everything, including tokens.
    Admin,
}

/// A set of scopes. `admin` includes all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scopes(u8);

impl Scopes {
    pub(super) fn new(scopes: &[Scope]) -> Self {
        Self(scopes.iter().fold(0, |bits, scope| bits | bit(*scope)))
    }

    pub(super) fn include(self, scope: Scope) -> bool {
        self.0 & (bit(scope) | bit(Scope::Admin)) != 0
    }
}

fn bit(scope: Scope) -> u8 {
    1 << scope as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only `admin` includes other scopes.
    #[test]
    fn admin_includes_every_scope() {
        let all = [
            Scope::Deploy,
            Scope::Invoke,
            Scope::Read,
            Scope::Dispatch,
            Scope::Admin,
        ];
        for given in all {
            for wanted in all {
                let expected = given == wanted || given == Scope::Admin;
                assert_eq!(
                    Scopes::new(&[given]).include(wanted),
                    expected,
                    "{given:?} {wanted:?}"
                );
            }
        }
        assert!(!Scopes::new(&[]).include(Scope::Read));
    }
}
