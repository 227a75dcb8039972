//! The pages that have Rust code, each as a doc test. `host-harness` compiles `testing.md`.
#![forbid(unsafe_code)]

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../adding-an-extractor.md")]
struct AddingAnExtractor;

#[cfg(doctest)]
#[doc = include_str!("../dispatch.md")]
struct Dispatch;

#[cfg(doctest)]
#[doc = include_str!("../workers.md")]
struct Workers;
