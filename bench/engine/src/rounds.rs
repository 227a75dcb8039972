//! Runs contenders in turns. Each figure is the median of its rounds.
//!
//! A temporary disturbance of the machine thus affects all contenders.

use std::time::{Duration, Instant};

/// The runtime of every contender, with one thread, so that only the invocation is measured.
pub(crate) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

/// The measurements so far, in the order of the first round.
#[derive(Default)]
pub(crate) struct Figures {
    all: Vec<(&'static str, Vec<Duration>)>,
}

impl Figures {
    /// Measures one round of `repeat` repetitions, and records the time of one.
    pub(crate) fn time(
        &mut self,
        name: &'static str,
        repeat: u32,
        round: impl FnOnce() -> wasmtime::Result<()>,
    ) -> wasmtime::Result<()> {
        let start = Instant::now();
        round()?;
        self.add(name, start.elapsed() / repeat.max(1));
        Ok(())
    }

    pub(crate) fn add(&mut self, name: &'static str, took: Duration) {
        match self.all.iter_mut().find(|(known, _)| *known == name) {
            Some((_, rounds)) => rounds.push(took),
            None => self.all.push((name, vec![took])),
        }
    }

    pub(crate) fn print(self) {
        for (name, mut rounds) in self.all {
            rounds.sort();
            if let Some(median) = rounds.get(rounds.len() / 2) {
                println!("{name} {}", median.as_nanos());
            }
        }
    }
}
