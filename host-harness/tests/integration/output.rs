//! Printed lines and log records reach the host one by one, with their origin.

use http::Request;
use http_body_util::BodyExt as _;

use host_harness::{LogLevel, OutputStream, Record, RecordKind};

use test_support::{Recorded, misbehaving};

/// The answer of a function, and its records meanwhile.
struct Said {
    status: u16,
    text: String,
    records: Vec<Record>,
}

async fn said_by(path: &str, least: Option<LogLevel>) -> Said {
    said_within(path, least, (1000, 16 * 1024 * 1024)).await
}

/// The same, with limits of records and bytes.
async fn said_within(path: &str, least: Option<LogLevel>, limits: (usize, usize)) -> Said {
    let recorded = Recorded::default();
    let harness = misbehaving()
        .output_sink(recorded.sink())
        .log_limits(limits.0, limits.1)
        .min_level(least)
        .build()
        .unwrap();
    let request = Request::get(format!("/misbehave{path}"));
    let answer = harness.handle(request.body(String::new()).unwrap()).await;
    let status = answer.status().as_u16();
    let text = answer.into_body().collect().await.unwrap().to_bytes();
    Said {
        status,
        text: String::from_utf8(text.to_vec()).unwrap(),
        records: recorded.take(),
    }
}

impl Said {
    /// The lines of one stream.
    fn printed(&self, to: OutputStream) -> Vec<&str> {
        self.records
            .iter()
            .filter_map(|record| match &record.kind {
                RecordKind::Printed { stream, text, .. } if *stream == to => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }
}

/// Lines of an invocation arrive complete and in order, from both streams.
#[tokio::test]
async fn lines_are_kept() {
    let said = said_by("/print", None).await;
    assert_eq!(said.status, 200);
    let stdout = said.printed(OutputStream::Stdout);
    assert_eq!(stdout, ["to stdout", "without an end"]);
    let stderr = said.printed(OutputStream::Stderr);
    assert_eq!(stderr, ["to stderr", "again"]);
    let first = &said.records[0];
    for record in &said.records {
        assert_eq!(&*record.function, "misbehave");
        assert_eq!(record.invocation, first.invocation);
    }
    assert_eq!(
        first.to_string(),
        format!("[misbehave {} stdout] to stdout", first.invocation)
    );
}

/// A line may be printed through std and the interface together, which share the stream.
#[tokio::test]
async fn streams_are_shared() {
    let said = said_by("/print-both", None).await;
    let stdout = said.printed(OutputStream::Stdout);
    assert_eq!(stdout, ["one, two, three", "next"]);
    assert_eq!(said.printed(OutputStream::Stderr), ["not that"]);
}

/// A panic is logged with its message and place, only in the log, and earlier lines are not lost.
#[tokio::test]
async fn last_words_are_kept() {
    let said = said_by("/panic", None).await;
    assert_eq!(said.status, 500);
    let stderr = said.printed(OutputStream::Stderr).join("\n");
    assert!(
        stderr.contains("src/lib.rs") && stderr.contains("on purpose"),
        "{stderr}"
    );
    let said = said_by("/print-trap", None).await;
    assert_eq!(said.status, 500);
    assert_eq!(said.printed(OutputStream::Stdout), ["last words"]);
}

/// Records arrive with all parts. Records below the lowest level do not, and the function can read that
/// level.
#[tokio::test]
async fn records_are_kept_by_level() {
    const LEVELS: [(LogLevel, &str); 5] = [
        (LogLevel::Trace, "Level::Trace"),
        (LogLevel::Debug, "Level::Debug"),
        (LogLevel::Info, "Level::Info"),
        (LogLevel::Warn, "Level::Warn"),
        (LogLevel::Error, "Level::Error"),
    ];

    for (kept, (least, name)) in LEVELS.into_iter().enumerate() {
        let said = said_by("/log", Some(least)).await;
        assert_eq!(said.text, format!("Some({name})"));
        assert_eq!(said.records.len(), LEVELS.len() - kept);
        for (record, (expected, name)) in said.records.iter().zip(&LEVELS[kept..]) {
            let RecordKind::Logged {
                level,
                target,
                message,
                fields,
                ..
            } = &record.kind
            else {
                panic!("{record} was logged");
            };
            assert_eq!((level, message.as_str()), (expected, *name));
            assert_eq!(target, "misbehave::output");
            let field = |value: &str| (String::from("key"), String::from(value));
            assert_eq!(*fields, [field("value"), field("two words")]);
            assert_eq!(
                record.to_string(),
                format!(
                    "[misbehave {} {expected} misbehave::output] {name} key=value key=\"two words\"",
                    record.invocation
                )
            );
        }
    }
    let said = said_by("/log", None).await;
    assert_eq!((said.text.as_str(), said.records.len()), ("None", 0));
}

/// A record is limited in length, whatever a function logs.
#[tokio::test]
async fn records_are_bounded() {
    const MAX_TEXT: usize = 64 * 1024;
    const MAX_FIELDS: usize = 64;
    const MAX_TEXTS: usize = 1024 * 1024;
    const FULL: usize = MAX_TEXTS / (2 * MAX_FIELDS);

    for (count, length, fields_kept) in [
        (MAX_FIELDS - 1, MAX_FIELDS - 1, MAX_FIELDS - 1),
        (MAX_FIELDS, MAX_FIELDS, MAX_FIELDS),
        (MAX_FIELDS + 1, MAX_FIELDS + 1, MAX_FIELDS),
        // A key and a value of 8 KiB each.
        (FULL, FULL, MAX_FIELDS),
        (FULL + 1, FULL + 1, MAX_FIELDS - 1),
        (MAX_TEXT, MAX_TEXT, MAX_TEXTS / (2 * MAX_TEXT)),
        (MAX_TEXT + 1, MAX_TEXT, MAX_TEXTS / (2 * MAX_TEXT)),
    ] {
        let said = said_by(&format!("/log-long?{count}"), Some(LogLevel::Error)).await;
        let RecordKind::Logged {
            target,
            message,
            fields,
            ..
        } = &said.records[0].kind
        else {
            panic!("{} was logged", said.records[0]);
        };
        assert_eq!((target.len(), message.len()), (length, length));
        assert_eq!(fields.len(), fields_kept);
        for (key, value) in fields {
            assert_eq!((key.len(), value.len()), (length, length));
        }
    }
}

/// As text, a record is one line without characters that control a terminal.
#[tokio::test]
async fn records_cannot_be_forged() {
    let said = said_by("/print-forged", Some(LogLevel::Trace)).await;
    assert_eq!(said.records.len(), 2);
    for record in &said.records {
        let shown = record.to_string();
        assert!(!shown.contains(char::is_control), "{shown:?}");
        assert!(shown.contains("\\u{1b}[2K"), "{shown}");
    }
}

/// An invocation's log ends exactly at its limits of records and bytes.
#[tokio::test]
async fn invocation_log_is_limited() {
    const LINE: usize = 999;

    for (limits, lines, kept) in [
        ((3, 1 << 20), 2, 2),
        ((3, 1 << 20), 3, 3),
        ((3, 1 << 20), 4, 3),
        ((1000, 3 * LINE - 1), 3, 2),
        ((1000, 3 * LINE), 3, 3),
        ((1000, 3 * LINE + 1), 4, 3),
        ((0, 0), 1, 0),
    ] {
        let said = said_within(&format!("/print-lines?{lines}"), None, limits).await;
        assert_eq!(said.text, "printed");
        assert_eq!(said.printed(OutputStream::Stdout).len(), kept, "{limits:?}");
        let last = said.records.last().map(|record| &record.kind);
        match last {
            Some(RecordKind::Dropped { records, bytes, .. }) => {
                assert_eq!(*records as usize, lines - kept, "{limits:?}");
                assert_eq!(*bytes as usize, (lines - kept) * LINE, "{limits:?}");
            }
            _ => assert_eq!(lines, kept, "{limits:?}"),
        }
    }
}
