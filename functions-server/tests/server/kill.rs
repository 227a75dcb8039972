//! A server that is killed at any moment: what it acknowledged is there when it starts again.
//!
//! The test starts this program as a child, which changes functions and tokens over the management API and
//! prints each change before and after. The test kills it, opens the folder, and compares.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Client, Running};

/// How many kills; `FUNCTIONS_KILLS` sets another number.
const KILLS: u32 = 20;

/// The child's folder and token.
const FOLDER: &str = "FUNCTIONS_KILL_FOLDER";
const TOKEN: &str = "FUNCTIONS_KILL_TOKEN";

/// Marks the child's lines among those of the test's harness.
const MARK: &str = "@@";

/// How many functions the child changes at the same time.
const FUNCTIONS: usize = 3;

const COMPONENTS: [&str; 3] = [test_guests::PING, test_guests::GREET, test_guests::ECHO];

/// What was acknowledged, and what was asked for last.
#[derive(Default)]
struct Known {
    /// The acknowledged document of each function; null once it is deleted.
    functions: BTreeMap<String, Value>,
    /// The acknowledged versions that were not deleted: digest and settings.
    versions: BTreeMap<String, BTreeMap<i64, Value>>,
    /// The highest number that was acknowledged.
    highest: BTreeMap<String, i64>,
    /// Changes without an answer.
    pending: BTreeMap<String, Value>,
    /// The acknowledged tokens, and whether they are valid; none if a revocation had no answer.
    tokens: BTreeMap<String, Option<bool>>,
}

impl Known {
    fn read(&mut self, line: &Value) {
        let subject = line["subject"].as_str().unwrap().to_owned();
        if let Some(change) = line.get("change") {
            if let Some(token) = change["revoke"].as_str() {
                self.tokens.insert(token.to_owned(), None);
            }
            self.pending.insert(subject, change.clone());
            return;
        }
        let change = self.pending.remove(&subject).unwrap();
        let answer = &line["answer"];
        if subject == "tokens" {
            match change["revoke"].as_str() {
                Some(token) => self.tokens.insert(token.to_owned(), Some(false)),
                None => self
                    .tokens
                    .insert(answer["token"].as_str().unwrap().to_owned(), Some(true)),
            };
            return;
        }
        if let Some(version) = answer["version"].as_i64() {
            let highest = self.highest.entry(subject.clone()).or_default();
            *highest = version.max(*highest);
            self.versions
                .entry(subject.clone())
                .or_default()
                .insert(version, contents(answer));
        } else {
            self.versions.remove(&subject);
        }
        self.functions.insert(subject, answer.clone());
    }

    /// Compares with what a server has, and takes over what changes without an answer came to.
    async fn check(&mut self, client: &Client, functions: &Client) {
        for number in 0..FUNCTIONS {
            let name = format!("f{number}");
            let found = client.get(&format!("/v1/functions/{name}")).await;
            let found = if found.status == 404 {
                Value::Null
            } else {
                found.ok(200)
            };
            let known = self.functions.get(&name).cloned().unwrap_or(Value::Null);
            let pending = self.pending.remove(&name);
            let is_as_known =
                found["version"] == known["version"] && contents(&found) == contents(&known);
            let highest = self.highest.get(&name).copied().unwrap_or_default();
            let is_as_asked = pending
                .as_ref()
                .is_some_and(|change| match &found["version"] {
                    Value::Null => change.get("delete").is_some(),
                    version => match change["rollback"].as_i64() {
                        Some(number) => *version == number,
                        None => {
                            version.as_i64().unwrap() > highest
                                && contents(&found) == contents(change)
                        }
                    },
                });
            assert!(
                is_as_known || is_as_asked,
                "{name}: acknowledged {known}, asked for {pending:?}, found {found}"
            );
            if found.is_null() {
                self.versions.remove(&name);
            } else {
                self.check_versions(client, &name, &found).await;
                let answer = functions.get(&format!("/{name}")).await;
                assert_ne!(answer.status, 503, "{name}: {}", answer.text());
                assert_ne!(answer.status, 404, "{name}: {}", answer.text());
            }
            self.functions.insert(name, found);
        }
        self.pending.clear();
        for (token, is_valid) in &self.tokens {
            let is_known = client.token(token).get("/v1/functions").await.status == 200;
            assert!(
                is_valid.is_none_or(|is_valid| is_valid == is_known),
                "{token}: {is_valid:?}"
            );
        }
        self.tokens.retain(|_, is_valid| is_valid.is_some());
    }

    async fn check_versions(&mut self, client: &Client, name: &str, current: &Value) {
        let path = format!("/v1/functions/{name}/versions?limit=1000");
        let stored = client.get(&path).await.ok(200);
        let stored: BTreeMap<_, _> = stored["versions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|version| (version["version"].as_i64().unwrap(), contents(version)))
            .collect();
        for (number, version) in &*self.versions.entry(name.to_owned()).or_default() {
            assert_eq!(stored.get(number), Some(version), "{name} version {number}");
        }
        let number = current["version"].as_i64().unwrap();
        assert_eq!(
            stored.get(&number),
            Some(&contents(current)),
            "{name} version {number}"
        );
        let highest = self.highest.entry(name.to_owned()).or_default();
        *highest = (*highest).max(*stored.keys().last().unwrap());
        self.versions.insert(name.to_owned(), stored);
    }
}

/// What a version consists of.
fn contents(document: &Value) -> Value {
    json!([document["digest"], document["settings"]])
}

/// Nothing that was acknowledged is lost by SIGKILL, and every start succeeds.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn killed_server_loses_nothing_acknowledged() {
    let kills = std::env::var("FUNCTIONS_KILLS").ok();
    let kills = kills.map_or(KILLS, |number| number.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let running = Running::on(folder.path()).await;
    let admin = json!({"name": "root", "scopes": ["admin"]});
    let admin = running.management().post("/v1/tokens", admin).await.ok(201);
    let admin = admin["token"].as_str().unwrap().to_owned();
    running.stop().await;

    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut known, mut changes) = (Known::default(), 0);
    for _ in 0..kills {
        let life = Duration::from_millis(random.u64(1..400));
        let (path, token) = (folder.path().to_owned(), admin.clone());
        let lines = tokio::task::spawn_blocking(move || run_child(&path, &token, life))
            .await
            .unwrap();
        for line in &lines {
            known.read(line);
        }
        changes += lines
            .iter()
            .filter(|line| line.get("answer").is_some())
            .count();
        let running = Running::on(folder.path()).await;
        known
            .check(&running.management().token(&admin), &running.functions())
            .await;
        running.stop().await;
    }
    println!("{kills} kills, {changes} acknowledged changes");
    assert!(changes > 0);
}

/// Starts a child, kills it after a while, and returns what it printed.
fn run_child(folder: &Path, token: &str, life: Duration) -> Vec<Value> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::child", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(TOKEN, token)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (ready, is_ready) = mpsc::channel();
    let reading = std::thread::spawn(move || {
        let mut lines = Vec::new();
        // The last line may be cut.
        for line in output.lines().map_while(Result::ok) {
            let Some((_, line)) = line.split_once(MARK) else {
                continue;
            };
            let Ok(line) = serde_json::from_str(line) else {
                continue;
            };
            if lines.is_empty() {
                let _ = ready.send(());
            }
            lines.push(line);
        }
        lines
    });
    // It lives that long after its first change has begun.
    let _ = is_ready.recv_timeout(Duration::from_secs(60));
    std::thread::sleep(life);
    assert!(
        child.try_wait().unwrap().is_none(),
        "the child ended by itself"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    reading.join().unwrap()
}

/// The child: changes functions and tokens until it is killed.
#[ignore = "is started by another test"]
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let running = Running::on(Path::new(&folder)).await;
    let client = running.management().token(&std::env::var(TOKEN).unwrap());
    let mut workers = vec![tokio::spawn(change_tokens(client.clone()))];
    for number in 0..FUNCTIONS {
        workers.push(tokio::spawn(change_function(
            client.clone(),
            format!("f{number}"),
        )));
    }
    let end = Instant::now() + Duration::from_secs(60);
    while Instant::now() < end && !workers.iter().any(tokio::task::JoinHandle::is_finished) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for worker in workers {
        worker.abort();
        let ended = worker.await;
        assert!(
            ended.is_err_and(|error| error.is_cancelled()),
            "a worker failed"
        );
    }
}

/// Prints a line in one write.
fn say(line: &Value) {
    let mut output = std::io::stdout().lock();
    output
        .write_all(format!("\n{MARK}{line}\n").as_bytes())
        .unwrap();
    output.flush().unwrap();
}

async fn change_function(client: Client, name: String) {
    let path = format!("/v1/functions/{name}");
    let mut numbers: Vec<i64> = Vec::new();
    if client.get(&path).await.status == 200 {
        let versions = client
            .get(&format!("{path}/versions?limit=1000"))
            .await
            .ok(200);
        let versions = versions["versions"].as_array().unwrap();
        numbers.extend(
            versions
                .iter()
                .map(|version| version["version"].as_i64().unwrap()),
        );
    }
    loop {
        let change = |change: Value| say(&json!({"subject": name, "change": change}));
        let answer = match fastrand::u8(..10) {
            0 if !numbers.is_empty() => {
                change(json!({"delete": true}));
                client.delete(&path).await.ok(204);
                numbers.clear();
                Value::Null
            }
            1..=3 if !numbers.is_empty() => {
                let number = *fastrand::choice(&numbers).unwrap();
                change(json!({"rollback": number}));
                client
                    .post(&format!("{path}/rollback"), json!({"version": number}))
                    .await
                    .ok(200)
            }
            4..=6 if !numbers.is_empty() => {
                let current = client.get(&path).await.ok(200);
                let settings = json!({"variables": {"A": fastrand::u32(..).to_string()}});
                change(json!({"digest": current["digest"], "settings": settings}));
                client
                    .put(&format!("{path}/settings"), settings)
                    .await
                    .ok(200);
                client.get(&path).await.ok(200)
            }
            _ => {
                let file = *fastrand::choice(&COMPONENTS).unwrap();
                let settings = json!({"variables": {"A": fastrand::u32(..).to_string()}});
                change(json!({"digest": digest(file), "settings": settings}));
                let deployed = client
                    .deploy_form(&name, file, "application/json", &settings.to_string())
                    .await;
                assert!(deployed.status.is_success(), "{}", deployed.text());
                deployed.json()
            }
        };
        if let Some(number) = answer["version"].as_i64()
            && !numbers.contains(&number)
        {
            numbers.push(number);
        }
        say(&json!({"subject": name, "answer": answer}));
    }
}

async fn change_tokens(client: Client) {
    let mut tokens: Vec<(String, String)> = Vec::new();
    loop {
        if tokens.len() > 3 || (fastrand::bool() && !tokens.is_empty()) {
            let (token, id) = tokens.swap_remove(fastrand::usize(..tokens.len()));
            say(&json!({"subject": "tokens", "change": {"revoke": token}}));
            client.delete(&format!("/v1/tokens/{id}")).await.ok(204);
            say(&json!({"subject": "tokens", "answer": null}));
        } else {
            say(&json!({"subject": "tokens", "change": {"create": true}}));
            let token = json!({"name": "x", "scopes": ["read"]});
            let created = client.post("/v1/tokens", token).await.ok(201);
            let text = |name: &str| created[name].as_str().unwrap().to_owned();
            tokens.push((text("token"), text("id")));
            say(&json!({"subject": "tokens", "answer": {"token": text("token")}}));
        }
    }
}

fn digest(file: &str) -> String {
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(std::fs::read(file).unwrap());
    format!(
        "sha256:{}",
        hash.iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    )
}
