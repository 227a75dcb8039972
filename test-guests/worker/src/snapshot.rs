//! Saves what the worker keeps. The variable `SNAPSHOT` makes that fail.

use crate::bindings::exports::golem::api::{load_snapshot, save_snapshot};
use crate::{KEPT, Kept, Worker, fetch, keep_time};

/// Neither is in a number or a text that the tests use.
const PART: char = '\u{1}';
const ITEM: char = '\u{2}';

fn told(what: &str) -> bool {
    std::env::var("SNAPSHOT").is_ok_and(|told| told == what)
}

impl save_snapshot::Guest for Worker {
    #[expect(clippy::panic, reason = "that is what it tests")]
    fn save() -> Vec<u8> {
        if told("trap") {
            panic!("told not to save");
        }
        if told("request") {
            // It never gets an answer.
            let _ = fetch::fetch("127.0.0.1:9", "/", None);
        }
        KEPT.with_borrow(|kept| {
            let numbers = |numbers: &[u64]| {
                let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
                join(&numbers)
            };
            let parts = [
                kept.total.to_string(),
                join(&kept.dropped),
                numbers(&kept.times),
                numbers(&kept.numbers),
                join(&kept.responses),
            ];
            parts.join(&PART.to_string()).into_bytes()
        })
    }
}

fn join(texts: &[String]) -> String {
    texts.iter().map(|text| format!("{text}{ITEM}")).collect()
}

impl load_snapshot::Guest for Worker {
    fn load(bytes: Vec<u8>) -> Result<(), String> {
        if told("refuse") {
            return Err("told not to load".to_owned());
        }
        if told("clock") {
            keep_time();
        }
        let text = String::from_utf8(bytes).map_err(|error| error.to_string())?;
        let mut parts = text.split(PART);
        let mut next = || {
            let items = parts.next().unwrap_or_default().split_terminator(ITEM);
            items.map(str::to_owned).collect::<Vec<_>>()
        };
        let number = |text: &String| text.parse().map_err(|_| format!("invalid number {text:?}"));
        let total = next().first().map_or(Ok(0), number)?;
        let dropped = next();
        let times = next().iter().map(number).collect::<Result<_, _>>()?;
        let numbers = next().iter().map(number).collect::<Result<_, _>>()?;
        let responses = next();
        KEPT.set(Kept {
            total,
            dropped,
            times,
            numbers,
            responses,
        });
        Ok(())
    }
}
