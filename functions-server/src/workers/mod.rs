//! Workers: instances of components that are called by name and keep their state.

#[cfg_attr(
    not(test),
    expect(dead_code, unused_imports, reason = "until workers are served")
)]
mod journal;
#[expect(dead_code, unused_imports, reason = "until workers are served")]
mod runtime;
