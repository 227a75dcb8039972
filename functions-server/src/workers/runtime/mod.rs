//! Runs the instances of workers: what they may import, and what of it is recorded.

mod clocks;
mod cpu_budget;
mod engine;
mod functions;
mod linker;
mod memory;
mod outgoing;
mod outgoing_handler;
mod output;
mod poll;
mod pollable_calls;
mod random;
mod request_outcome;
mod requests;
mod state;
mod streams;
mod suspension;
mod worker_identity;

pub(crate) use cpu_budget::{CpuBudget, CpuLimit, timed};
pub(crate) use engine::tick;
pub(crate) use linker::{HostLinker, link};
pub(crate) use memory::TooLarge;
pub(crate) use requests::Egress;
pub(crate) use state::{Diverged, Environment, InstanceState};
pub(crate) use suspension::Suspended;
pub(crate) use worker_identity::WorkerIdentity;
