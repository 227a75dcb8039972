//! What the host would know, for the test that is running on this thread.

use std::cell::RefCell;

/// The environment that a test makes.
#[derive(Clone, Debug)]
pub(crate) struct TestEnvironment {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) invocation_id: String,
    pub(crate) function_name: String,
    pub(crate) function_version: String,
    pub(crate) token_metadata: Option<String>,
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) peer_address: Option<String>,
    pub(crate) remaining_milliseconds: Option<u64>,
}

impl Default for TestEnvironment {
    fn default() -> Self {
        Self {
            method: "GET".into(),
            path: "/".into(),
            query: None,
            headers: Vec::new(),
            invocation_id: "test".into(),
            function_name: "test".into(),
            function_version: "test".into(),
            token_metadata: None,
            variables: Vec::new(),
            peer_address: None,
            remaining_milliseconds: None,
        }
    }
}

thread_local! {
    static CURRENT: RefCell<Vec<TestEnvironment>> = const { RefCell::new(Vec::new()) };
}

/// Runs something in an environment; it is gone afterwards, also after a panic.
pub(crate) fn within<T>(environment: TestEnvironment, run: impl FnOnce() -> T) -> T {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            CURRENT.with_borrow_mut(Vec::pop);
        }
    }
    // For `std::env::var`, which on the host has a function's variables as well.
    let variables: Vec<_> = environment
        .variables
        .iter()
        .map(|(name, value)| (name.clone(), Some(value.clone())))
        .collect();
    CURRENT.with_borrow_mut(|all| all.push(environment));
    let _leave = Leave;
    if variables.is_empty() {
        run()
    } else {
        temp_env::with_vars(variables, run)
    }
}

fn current<T>(look: impl FnOnce(&TestEnvironment) -> T) -> T {
    CURRENT.with_borrow(|all| match all.last() {
        Some(environment) => look(environment),
        None => look(&TestEnvironment::default()),
    })
}

macro_rules! getters {
    ($($name:ident: $type:ty,)*) => {$(
        pub(crate) fn $name() -> $type {
            current(|environment| environment.$name.clone())
        }
    )*};
}

getters! {
    method: String,
    path: String,
    query: Option<String>,
    headers: Vec<(String, Vec<u8>)>,
    invocation_id: String,
    function_name: String,
    function_version: String,
    token_metadata: Option<String>,
    variables: Vec<(String, String)>,
    peer_address: Option<String>,
    remaining_milliseconds: Option<u64>,
}
