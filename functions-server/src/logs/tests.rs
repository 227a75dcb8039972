use futures_util::StreamExt as _;

use super::segments::Segments;
use super::*;
use crate::store::Time;

fn line(number: usize, more: &str) -> String {
    let time = Time(1_000_000_000_000 + i64::try_from(number).unwrap());
    format!("{{\"timestamp\":\"{time}\",\"function\":\"f\",\"invocation\":\"I{number}\",{more}}}\n")
}

fn printed(number: usize) -> String {
    line(
        number,
        &format!("\"stream\":\"stdout\",\"text\":\"{number}\""),
    )
}

async fn pieces(logs: &Logs, filter: LogFilter) -> Vec<Bytes> {
    let pieces = logs.read("f", filter).await.unwrap();
    pieces.map(Result::unwrap).collect().await
}

async fn read(logs: &Logs, filter: LogFilter) -> Vec<String> {
    let text = pieces(logs, filter).await.concat();
    String::from_utf8(text)
        .unwrap()
        .lines()
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Without a time there are the last 1000 lines, with one all lines since, and a filter chooses before that.
#[tokio::test]
async fn lines_are_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let logs = Logs::open(folder.path()).unwrap();
    assert!(read(&logs, LogFilter::default()).await.is_empty());
    let text: String = (0..1500).map(printed).collect();
    logs.segments.append("f", None, text.as_bytes()).unwrap();
    let last = read(&logs, LogFilter::default()).await;
    assert_eq!((last.len(), &last[0]), (1000, &printed(500)));
    let since = LogFilter {
        since: Some(Time(1_000_000_000_000 + 10)),
        ..LogFilter::default()
    };
    assert_eq!(read(&logs, since).await.len(), 1490);
    let invocation = LogFilter {
        invocation: Some("I7".to_owned()),
        ..LogFilter::default()
    };
    assert_eq!(read(&logs, invocation).await, [printed(7)]);

    let levels = [
        line(1, "\"level\":\"debug\""),
        line(2, "\"level\":\"warn\""),
        line(3, "\"stream\":\"stdout\""),
        line(4, "\"stream\":\"stderr\""),
    ];
    logs.segments
        .append("f", None, levels.concat().as_bytes())
        .unwrap();
    let level = |level| LogFilter {
        level: parse_level(level),
        since: Some(Time(0)),
        ..LogFilter::default()
    };
    assert_eq!(
        read(&logs, level("warn")).await,
        [levels[1].clone(), levels[3].clone()]
    );
    assert_eq!(read(&logs, level("info")).await.len(), 1503);
    assert_eq!(read(&logs, level("trace")).await.len(), 1504);
}

/// A function keeps two files of a bounded length; a half line of a killed process is skipped.
#[tokio::test]
async fn files_are_bounded_and_half_lines_are_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let segments = Segments::open(folder.path()).unwrap();
    let mut current = None;
    let long = "x".repeat(1000);
    for number in 0..20_000 {
        let line = line(
            number,
            &format!("\"stream\":\"stdout\",\"text\":\"{long}\""),
        );
        current = Some(segments.append("f", current, line.as_bytes()).unwrap());
    }
    let files: Vec<_> = std::fs::read_dir(folder.path().join("f"))
        .unwrap()
        .collect();
    assert_eq!(files.len(), 2);
    assert!(
        files
            .into_iter()
            .all(|file| file.unwrap().metadata().unwrap().len() <= 4 << 20)
    );

    segments
        .append("f", current, b"{\"timestamp\":\"20")
        .unwrap();
    segments.append("f", None, printed(7).as_bytes()).unwrap();
    let logs = Logs::open(folder.path()).unwrap();
    let last = read(&logs, LogFilter::default()).await;
    assert_eq!(last.last().unwrap(), &printed(7));
}

/// A log is read in pieces, of which a client that does not read holds one; they end with what there was.
#[tokio::test]
async fn logs_are_read_in_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let logs = Logs::open(folder.path()).unwrap();
    let long = format!("\"text\":\"{}\"", "x".repeat(10_000));
    let mut current = None;
    for number in 0..700 {
        let line = line(number, &long);
        current = Some(logs.segments.append("f", current, line.as_bytes()).unwrap());
    }
    let all = LogFilter {
        since: Some(Time(0)),
        ..LogFilter::default()
    };
    for (added, filter) in [all, LogFilter::default()].into_iter().enumerate() {
        let mut reading = Box::pin(logs.read("f", filter.clone()).await.unwrap());
        let more = line(9999, &long);
        current = Some(logs.segments.append("f", current, more.as_bytes()).unwrap());
        let mut text = Vec::new();
        while let Some(piece) = reading.next().await {
            let piece = piece.unwrap();
            assert!(piece.len() < 300 << 10, "{}", piece.len());
            text.extend_from_slice(&piece);
        }
        let whole: String = (0..700).map(|number| line(number, &long)).collect();
        assert_eq!(text.len(), whole.len() + added * more.len());
        assert!(text.starts_with(whole.as_bytes()));
        let piece = logs.follow("f", filter).boxed().next().await;
        assert!(piece.unwrap().unwrap().len() < 300 << 10);
    }
}

/// Who follows gets every line once, also when files change, until the server stops.
#[tokio::test(flavor = "multi_thread")]
async fn followers_get_every_line_once() {
    let folder = tempfile::tempdir().unwrap();
    let logs = Arc::new(Logs::open(folder.path()).unwrap());
    logs.segments
        .append("f", None, printed(0).as_bytes())
        .unwrap();
    let mut following = Box::pin(logs.follow("f", LogFilter::default()));
    let first = following.next().await.unwrap().unwrap();
    assert_eq!(first, printed(0).as_bytes());

    let writing = logs.clone();
    // The writer waits for the reader: files that are renamed twice before they are opened are lost.
    let (read, reads) = std::sync::mpsc::channel();
    let writes = std::thread::spawn(move || {
        let long = "x".repeat(10_000);
        let mut current = None;
        for number in 1..=1000 {
            let line = line(number, &format!("\"text\":\"{long}\""));
            current = Some(
                writing
                    .segments
                    .append("f", current, line.as_bytes())
                    .unwrap(),
            );
            if number % 50 == 0 {
                // Wakes those who follow, as the writer does after a batch.
                writing.writer.remove("none");
                while reads.recv().unwrap() < number {}
            }
        }
    });
    let mut numbers = Vec::new();
    let last = "\"I1000\"".to_owned();
    while let Some(lines) = following.next().await {
        let lines = String::from_utf8(lines.unwrap().to_vec()).unwrap();
        for line in lines.lines() {
            let (_, line) = line.split_once("\"invocation\":\"I").unwrap();
            numbers.push(line.split('"').next().unwrap().parse::<usize>().unwrap());
        }
        let _ = numbers.last().map(|number| read.send(*number));
        if lines.contains(&last) {
            logs.stop();
        }
    }
    writes.join().unwrap();
    assert_eq!(numbers, (1..=1000).collect::<Vec<_>>());
}
