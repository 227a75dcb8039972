//! Recorded random numbers.

use wasmtime::{Result, bail};
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};

use super::state::{InstanceState, MAX_RANDOM};
use crate::workers::journal::JournalEntry;

impl random::Host for &mut InstanceState {
    fn get_random_bytes(&mut self, length: u64) -> Result<Vec<u8>> {
        self.random_bytes("random.get-random-bytes", length)
    }

    fn get_random_u64(&mut self) -> Result<u64> {
        self.random_number("random.get-random-u64")
    }
}

impl insecure::Host for &mut InstanceState {
    fn get_insecure_random_bytes(&mut self, length: u64) -> Result<Vec<u8>> {
        self.random_bytes("insecure.get-insecure-random-bytes", length)
    }

    fn get_insecure_random_u64(&mut self) -> Result<u64> {
        self.random_number("insecure.get-insecure-random-u64")
    }
}

impl insecure_seed::Host for &mut InstanceState {
    fn insecure_seed(&mut self) -> Result<(u64, u64)> {
        let live = |_: &mut InstanceState| JournalEntry::Seed(fastrand::u64(..), fastrand::u64(..));
        self.recorded("insecure-seed", live, |entry| match entry {
            JournalEntry::Seed(low, high) => Some((*low, *high)),
            _ => None,
        })
    }
}

impl InstanceState {
    fn random_bytes(&mut self, call: &'static str, length: u64) -> Result<Vec<u8>> {
        if length > MAX_RANDOM {
            bail!("{length} random bytes at once are more than {MAX_RANDOM}");
        }
        let mut bytes = vec![0; usize::try_from(length)?];
        if !self.journal.is_replaying() {
            getrandom::fill(&mut bytes)
                .map_err(|error| wasmtime::format_err!("no random bytes: {error}"))?;
        }
        self.recorded(
            call,
            |_| JournalEntry::Bytes(bytes),
            |entry| match entry {
                JournalEntry::Bytes(bytes) if bytes.len() as u64 == length => Some(bytes.clone()),
                _ => None,
            },
        )
    }

    fn random_number(&mut self, call: &'static str) -> Result<u64> {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes)
            .map_err(|error| wasmtime::format_err!("no random bytes: {error}"))?;
        let live = |_: &mut Self| JournalEntry::Number(u64::from_le_bytes(bytes));
        self.recorded(call, live, |entry| match entry {
            JournalEntry::Number(number) => Some(*number),
            _ => None,
        })
    }
}
