//! Uses std on the SDK's small libc: everything links, and unsupported parts fail with an error.

mod heap;

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::time::{Duration, Instant, SystemTime};

use functions_guest_web::{WebEnvironment, WebResult, invoke, task};

invoke!(handler);
fn handler(env: WebEnvironment) -> WebResult<String> {
    Ok(match env.path() {
        "/" | "/print" => print()?,
        "/panic" => panic_in_two_lines(),
        "/log" => {
            log::warn!(target: "shop", order = 7, who = "Ada Lovelace"; "sold {}", "out");
            "logged".into()
        }
        "/variables" => {
            let [name, color] = ["NAME", "NO_COLOR"].map(std::env::var);
            format!("{name:?} {color:?} {}", std::env::vars().count())
        }
        "/files" => format!(
            "{:?}",
            fs::read("/etc/passwd").map_err(|error| error.kind())
        ),
        "/clocks" => clocks()?,
        "/random" => HashMap::from([(1, 2)]).len().to_string(),
        "/heap" => heap::exercise(20_000).to_string(),
        "/join" => join(),
        _ => "unknown".into(),
    })
}

fn print() -> WebResult<String> {
    println!("to stdout");
    eprintln!("to stderr");
    let mut stdout = std::io::stdout().lock();
    write!(stdout, "in ")?;
    writeln!(stdout, "pieces")?;
    Ok("printed".into())
}

#[expect(clippy::panic, reason = "that is the point")]
fn panic_in_two_lines() -> String {
    panic!("on purpose,\nin two lines")
}

fn clocks() -> WebResult<String> {
    let start = Instant::now();
    std::thread::sleep(Duration::from_millis(2));
    let year_2020 = SystemTime::UNIX_EPOCH + Duration::from_secs(1_577_836_800);
    let now = SystemTime::now().duration_since(year_2020).is_ok();
    Ok(format!(
        "{} {now}",
        start.elapsed() >= Duration::from_millis(2)
    ))
}

/// Three concurrent sleeps take less time than three sequential ones.
fn join() -> String {
    let start = Instant::now();
    let sleeps = [300, 299, 298].map(|milliseconds| async move {
        task::sleep(Duration::from_millis(milliseconds)).await;
        milliseconds
    });
    let all = task::block_on(task::join_all(sleeps));
    let elapsed = start.elapsed();
    let overlapped = elapsed >= Duration::from_millis(300) && elapsed < Duration::from_millis(897);
    format!("{all:?} {overlapped}")
}
