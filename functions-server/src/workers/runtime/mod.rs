//! Runs the instances of workers: what they may import, and what of it is recorded.

mod caller;
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

pub(crate) use caller::Caller;
pub(crate) use cpu_budget::{CpuBudget, CpuLimit, timed};
pub(crate) use engine::tick;
pub(crate) use linker::{HostLinker, link};
pub(crate) use memory::TooLarge;
pub(crate) use requests::Egress;
pub(crate) use state::{Diverged, Environment, State};
pub(crate) use suspension::Suspended;
