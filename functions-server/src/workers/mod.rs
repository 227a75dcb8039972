//! Components of any interface, called by name: what they export, and the workers that keep their state.

mod analysed_type;
mod check;
mod codes;
mod components;
mod engines;
mod ephemeral;
mod error;
mod exports;
mod failure;
mod front;
mod function_name;
mod instance;
mod journal;
mod json;
mod metadata;
mod name;
mod options;
mod origin;
mod runtime;
mod targets;
mod typed_json;
mod waits;
mod wave;
mod worker;

pub(crate) use check::Parameter;
pub(crate) use components::{ComponentError, ComponentVersion, Components, Upload};
pub(crate) use engines::Engines;
pub(crate) use error::WorkerError;
pub(crate) use exports::BadCall;
pub(crate) use front::{Creation, Invocation, WeakWorkers, Workers};
pub(crate) use name::check_name;
pub(crate) use options::WorkerLimits;
pub(crate) use runtime::Egress;
pub(crate) use targets::WorkerTargets;
pub(crate) use worker::{Returned, Status, UpdateState, WorkerUpdate, WorkerView};
