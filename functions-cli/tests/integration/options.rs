//! Options of the `functions` command, and their variables.

use std::process::Command;

use test_support::client::Client;

use crate::process::{Serving, functions, run};

fn help() -> String {
    String::from_utf8(run(&["serve", "--help"]).stdout).unwrap()
}

/// The words of the help with a prefix.
fn words_of_help(beginning: &str) -> Vec<String> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    let help = help();
    let found = help.match_indices(beginning).map(|(at, _)| {
        let word = help[at..].split(|character| !is_part(character)).next();
        word.unwrap().to_owned()
    });
    found.collect()
}

/// Serves one function, with options from the environment only.
async fn serves(mut command: Command) {
    command.args(["serve", test_guests::PING]);
    let serving = Serving::start(command);
    let client = Client::new(serving.address);
    assert_eq!(client.get("/ping").await.text(), "pong");
}

/// An empty variable counts as unset, for every option with a variable.
#[tokio::test]
async fn empty_variables_are_unset() {
    let variables = words_of_help("FUNCTIONS_");
    assert!(variables.len() > 15, "{variables:?}");
    let mut command = functions(&[]);
    for variable in variables {
        command.env(variable, "");
    }
    // The cache is in a folder of the test.
    let folder = tempfile::tempdir().unwrap();
    command.env("XDG_CACHE_HOME", folder.path());
    command.env("RUST_LOG", "").env("FUNCTIONS_LISTEN", "0");
    serves(command).await;
    assert!(folder.path().join("functions").exists());
}

/// A switch accepts every spelling, and an invalid value is an error that names the variable.
#[tokio::test]
async fn switches_in_variables_are_understood() {
    for (value, keeps) in [
        ("1", false),
        ("true", false),
        ("yes", false),
        ("0", true),
        ("false", true),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = functions(&[]);
        command.env("FUNCTIONS_NO_CACHE", value);
        command.env("XDG_CACHE_HOME", folder.path());
        command.env("FUNCTIONS_LISTEN", "0");
        serves(command).await;
        assert_eq!(folder.path().join("functions").exists(), keeps, "{value}");
    }
}

/// An error about a variable names the variable, unless the option was given.
#[test]
fn invalid_variables_are_named() {
    for (variable, value) in [
        ("FUNCTIONS_NO_CACHE", "maybe"),
        ("FUNCTIONS_TIMEOUT", "soon"),
        ("FUNCTIONS_LISTEN", "here"),
        ("FUNCTIONS_MAX_CONCURRENCY", "0"),
        ("FUNCTIONS_LOG_LEVEL", "loud"),
    ] {
        let mut command = functions(&["serve", "x.wasm"]);
        let output = command.env(variable, value).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(variable), "{text}");
    }
    let mut command = functions(&["serve", "x.wasm", "--timeout=soon"]);
    let output = command.env("FUNCTIONS_TIMEOUT", "1s").output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(!text.contains("FUNCTIONS_TIMEOUT"), "{text}");
}

/// Zero is refused for times in which nothing could happen. Only waiting for others, or watching them, may
/// have none.
#[test]
fn zero_durations_are_refused() {
    let help = help();
    let options: Vec<_> = help
        .lines()
        .filter_map(|line| line.trim().strip_suffix(" <DURATION>"))
        .collect();
    assert!(options.len() >= 5, "{options:?}");
    for option in options {
        // The file does not exist. If the option is valid, that is the error.
        let output = run(&["serve", "none.wasm", option, "0s"]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        let refused = text.contains("longer");
        let means_something = ["--grace", "--watchdog"].contains(&option);
        assert_eq!(refused, !means_something, "{option}: {text}");
    }
}

/// Names and bare ports are valid for `--listen`.
#[tokio::test]
async fn listens_on_names_and_ports() {
    for listen in ["localhost:0", "0", "127.0.0.1:0"] {
        let serving = Serving::start(functions(&["serve", test_guests::PING, "--listen", listen]));
        assert!(serving.address.ip().is_loopback(), "{}", serving.address);
        let client = Client::new(serving.address);
        assert_eq!(client.get("/ping").await.text(), "pong", "{listen}");
    }
    let output = run(&[
        "serve",
        test_guests::PING,
        "--listen",
        "no-such-host.invalid:0",
    ]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("no-such-host.invalid:0"), "{text}");
}

/// An invalid level is reported.
#[tokio::test]
async fn invalid_rust_log_is_told() {
    let mut command = functions(&["serve", test_guests::PING, "--listen", "0"]);
    command.env("RUST_LOG", "host_harness=loud");
    let serving = Serving::start(command);
    serving.signal("TERM");
    let (_, said) = serving.end();
    assert!(said.contains("RUST_LOG"), "{said}");
}

/// Empty pieces of a list, which templates leave behind, are ignored.
#[tokio::test]
async fn lists_may_have_empty_pieces() {
    let mut command = functions(&[
        "serve",
        "--listen",
        "0",
        test_guests::PING,
        test_guests::ECHO,
    ]);
    command
        .env("FUNCTIONS_PRIVATE", "ping,")
        .env("FUNCTIONS_ALLOW_HOST", "127.0.0.1, ,localhost,");
    let serving = Serving::start(command);
    let client = Client::new(serving.address);
    assert_eq!(client.get("/ping").await.status, 404);
    assert_eq!(client.get("/echo").await.status, 200);
}

/// A list that contains only commas does not count as unset, because that would allow every host.
#[test]
fn empty_lists_are_refused() {
    for variable in [
        "FUNCTIONS_PRIVATE",
        "FUNCTIONS_ALLOW_HOST",
        "FUNCTIONS_CA_FILE",
    ] {
        let mut command = functions(&["serve", test_guests::PING]);
        let output = command.env(variable, " ,").output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(
            text.contains(variable) && text.contains("such as a,b"),
            "{text}"
        );
    }
}

/// The error of an invalid number or unit says what is expected.
#[test]
fn invalid_values_are_told_what_to_give() {
    let help = help();
    let mut found = 0;
    for line in help.lines().map(str::trim) {
        let Some((option, kind)) = line.split_once(" <") else {
            continue;
        };
        let says = match kind {
            "DURATION>" => "such as 30s, 5m or 250ms",
            "SIZE>" => "such as 64MiB",
            "N>" => "expected a whole number from ",
            "1/N>" => "such as 1/1000",
            _ => continue,
        };
        for value in ["x", "", "-1", "99999999999999999999999"] {
            let output = run(&["serve", "none.wasm", &format!("{option}={value}")]);
            let text = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{text}");
            assert!(text.contains(says), "{option}={value}: {text}");
        }
        found += 1;
    }
    assert!(found > 15, "{help}");
}

/// The longest durations and the largest numbers cause no panic.
#[tokio::test]
async fn extreme_limits_are_served_with() {
    let help = help();
    let mut command = functions(&["serve", "--listen", "0", test_guests::PING]);
    for line in help.lines().map(str::trim) {
        if let Some(option) = line.strip_suffix(" <DURATION>") {
            command.args([option, "500000000000years"]);
        }
    }
    command.args(["--max-queue", &usize::MAX.to_string()]);
    command.args(["--max-outbound", &u32::MAX.to_string()]);
    command.args(["--max-log-records", &usize::MAX.to_string()]);
    let serving = Serving::start(command);
    let client = Client::new(serving.address);
    assert_eq!(client.get("/ping").await.text(), "pong");
    serving.signal("TERM");
    let (status, said) = serving.end();
    assert_eq!(status.code(), Some(0), "{said}");
}

/// No argument can control the terminal where it is repeated.
#[test]
fn given_text_is_escaped() {
    let special = "a\u{202e}b\u{1b}[31mc\u{9b}d\re";
    let with = |option: &str| format!("{option}{special}");
    let is_plain = |text: &str| !text.contains(['\u{202e}', '\u{1b}', '\u{9b}', '\r']);
    let none: &[(&str, &str)] = &[];
    let mut commands = Vec::new();
    for arguments in [
        vec![with("")],
        vec![with("--")],
        vec![with("-")],
        vec!["serve".into(), with("--")],
        vec!["serve".into(), with("--no-cache=")],
        vec!["serve".into(), with("")],
        vec!["serve".into(), with("x=")],
        vec!["serve".into(), format!("{special}=x.wasm")],
        vec!["serve".into(), format!("{special}=")],
        vec!["serve".into(), "x.wasm".into(), with("--env=")],
        vec!["serve".into(), "x.wasm".into(), with("--listen=")],
        vec!["serve".into(), "x.wasm".into(), with("--listen=x:")],
        vec!["serve".into(), "x.wasm".into(), with("--timeout=")],
        vec!["serve".into(), "x.wasm".into(), with("--memory=")],
        vec!["serve".into(), "x.wasm".into(), with("--reuse=")],
        vec!["serve".into(), "x.wasm".into(), with("--log-level=")],
        vec!["serve".into(), "x.wasm".into(), with("--allow-host=")],
        vec!["serve".into(), "x.wasm".into(), with("--ca-file=")],
        vec!["serve".into(), "x.wasm".into(), with("--private=")],
        vec!["serve".into(), "x.wasm".into(), with("--public-url=")],
        vec!["help".into(), special.into()],
    ] {
        commands.push((arguments, none));
    }
    let variables = [
        ("FUNCTIONS_TIMEOUT", special),
        ("FUNCTIONS_PUBLIC_URL", special),
    ];
    commands.push((vec!["serve".into(), "x.wasm".into()], &variables));
    commands.push((vec!["serve".into(), "--help".into()], &variables));
    for (arguments, variables) in commands {
        let mut command = functions(&[]);
        command.args(&arguments).envs(variables.iter().copied());
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert!(
            !said.is_empty() && is_plain(&said),
            "{arguments:?}: {said:?}"
        );
    }
}
