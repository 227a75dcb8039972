use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use host_harness::Builder;

use crate::component::World;
use crate::host::{Answer, Ask, Host, NAMES};
use crate::plan::Plan;
use crate::program;
use crate::report::Report;

/// One function, with the requests to it.
pub(crate) struct Round<'a> {
    pub(crate) world: &'a World,
    pub(crate) seed: u64,
    pub(crate) folder: &'a Path,
    pub(crate) requests: usize,
    pub(crate) tasks: u64,
}

/// Requests, with the answers of a host that neither reuses nor rewrites.
type Asked = Vec<(Ask, Answer)>;

impl Round<'_> {
    pub(crate) async fn run(&self, report: &Report) -> Result<()> {
        let Ok(function) = self.world.function(self.seed) else {
            report.function("not generated");
            return Ok(());
        };
        let file = self.folder.join("f.wasm");
        std::fs::write(&file, &function.wasm)?;
        // Every other seed runs on wasmtime's pool.
        let plain = Host::new(&file, &["f"], |builder| {
            let plain = builder.without_rewriting().idle_instances(0);
            if self.seed.is_multiple_of(2) {
                plain.on_pool_of_wasmtime()
            } else {
                plain
            }
        });
        let Ok(plain) = plain else {
            report.function("refused");
            return Ok(());
        };
        let cache = self.folder.join("cache");
        let host = |idle| {
            let set = |builder| self.pool(builder).idle_instances(idle).cache(&cache);
            Host::new(&file, &NAMES, set)
        };
        let (fresh, reused) = match (host(0), host(256)) {
            (Ok(fresh), Ok(reused)) => (fresh, reused),
            (Err(error), _) | (_, Err(error)) => {
                let what = format!("accepted only by a host that rewrites nothing: {error:#}");
                report.difference(self.seed, &what);
                return Ok(());
            }
        };
        report.function(match reused.harness.reuse_of("f") {
            Some(Ok(())) => "reused".to_owned(),
            Some(Err(reason)) => format!("not reused: {reason}"),
            None => "missing".to_owned(),
        });
        let asked = self.ask_plain(&plain, &function.plan).await;
        self.alone(report, &fresh, &reused, &asked).await;
        self.many(report, &fresh, &reused, asked).await?;
        std::fs::remove_dir_all(&cache)?;
        Ok(())
    }

    /// Sets few slots, so that they pass between functions, or as many as all threads could use.
    fn pool(&self, builder: Builder) -> Builder {
        match self.seed % 3 {
            0 => builder.concurrency(4, 4000),
            _ => builder,
        }
    }

    async fn ask_plain(&self, plain: &Host, plan: &Plan) -> Asked {
        let mut random = fastrand::Rng::with_seed(self.seed ^ 0x00ab_cdef);
        let mut asked = Vec::with_capacity(self.requests);
        for number in 0..self.requests {
            let program = match number % 7 {
                0 => program::digest(),
                _ => program::random(&mut random, plan),
            };
            let ask = Ask {
                query: "q".repeat(random.usize(0..40)),
                in_pieces: random.f64() < 0.05 && program.len() >= 32,
                program,
            };
            let answer = plain.ask_alone("f", &ask).await;
            asked.push((ask, answer));
        }
        asked
    }

    /// Sends sequential requests, so that one instance handles all of them if possible.
    async fn alone(&self, report: &Report, fresh: &Host, reused: &Host, asked: &Asked) {
        for (ask, expected) in asked {
            for (host, how) in [(fresh, "new"), (reused, "reused")] {
                let answer = host.ask_alone("f", ask).await;
                self.compare(report, how, ask, expected, &answer);
            }
        }
    }

    /// Sends concurrent requests on all threads, to functions that share the slots.
    async fn many(&self, report: &Report, fresh: &Host, reused: &Host, asked: Asked) -> Result<()> {
        let asked = Arc::new(asked);
        let ask = |task: u64| {
            let host = if task % 4 == 3 { fresh } else { reused }.clone();
            let asked = Arc::clone(&asked);
            let mut random = fastrand::Rng::with_seed(self.seed.wrapping_mul(31) + task);
            tokio::spawn(async move {
                let mut compared = 0;
                let mut different = Vec::new();
                for _ in 0..asked.len() {
                    let number = random.usize(0..asked.len());
                    let Some((ask, expected)) = asked.get(number) else {
                        continue;
                    };
                    let name = random.choice(NAMES).unwrap_or("f");
                    if ask.in_pieces && random.f64() < 0.3 {
                        give_up(&host, name, ask, random.u64(0..4)).await;
                        continue;
                    }
                    let answer = host.ask(name, ask).await;
                    compared += 1;
                    // The output is not compared, because it has lines of other requests.
                    let same = expected.status == answer.status && expected.body == answer.body;
                    if !same && !answer.is_as(expected) {
                        different.push((number, answer));
                    }
                    if random.f64() < 0.02 {
                        tokio::task::yield_now().await;
                    }
                }
                (compared, different)
            })
        };
        let tasks: Vec<_> = (0..self.tasks).map(ask).collect();
        for task in tasks {
            let (compared, different) = task.await?;
            report.compared(compared);
            for (number, answer) in different {
                if let Some((ask, expected)) = asked.get(number) {
                    self.tell(report, "among others", ask, expected, &answer);
                }
            }
        }
        Ok(())
    }

    fn compare(&self, report: &Report, how: &str, ask: &Ask, expected: &Answer, answer: &Answer) {
        report.compared(1);
        if !answer.is_as(expected) {
            self.tell(report, how, ask, expected, answer);
        }
    }

    fn tell(&self, report: &Report, how: &str, ask: &Ask, expected: &Answer, answer: &Answer) {
        let program: String = ask
            .program
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let query = &ask.query;
        let what = format!(
            "seed {} in an instance that is {how}\n  asked {program}?{query}\n  expected {expected:x?}\n  \
             answered {answer:x?}",
            self.seed,
        );
        report.difference(self.seed, &what);
    }
}

/// A client that disconnects, most likely while the function waits for the rest of the body.
async fn give_up(host: &Host, name: &str, ask: &Ask, milliseconds: u64) {
    let patience = Duration::from_millis(milliseconds);
    let _ = tokio::time::timeout(patience, host.ask(name, ask)).await;
}
