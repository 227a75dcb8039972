//! A command: what it does is the text of its last argument's `"do"`.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what a command prints is its result"
)]

use std::error::Error;
use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::net::TcpStream;
use std::process::ExitCode;

type Done = Result<(), Box<dyn Error>>;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let last = arguments.last().map(String::as_str).unwrap_or_default();
    let action = last
        .split("\"do\":\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    match action.unwrap_or("show") {
        "show" => show(&arguments)?,
        "files" => files()?,
        "read-only" => read_only(),
        "outside" => outside(),
        "result" => fs::write(std::env::var("RESULT_FILE")?, "from the file\n")?,
        "lines" => print!("one\n\n"),
        "json" => println!("{{\"a\": [1]}}"),
        "binary" => std::io::stdout().write_all(&[0xff, 0xfe])?,
        "both" => {
            println!("to stdout");
            eprintln!("to stderr");
        }
        "unfinished" => {
            print!("OUT");
            eprint!("ERR");
        }
        "nap" => std::thread::sleep(std::time::Duration::from_secs(1)),
        "sleep" => std::thread::sleep(std::time::Duration::from_secs(3600)),
        "socket" => println!(
            "{:?}",
            TcpStream::connect("127.0.0.1:80").map_err(|e| e.kind())
        ),
        "exit" => return Ok(ExitCode::from(3)),
        "exit-well" => {
            println!("well");
            std::process::exit(0);
        }
        "panic" => return Err("failed on purpose".into()),
        "loop" => compute(),
        "memory" => grow(),
        "output" => flood_output()?,
        "file" => flood_file(),
        "names" => flood_names(),
        "handles" => flood_handles(),
        other => return Err(format!("cannot {other}").into()),
    }
    Ok(ExitCode::SUCCESS)
}

fn show(arguments: &[String]) -> Done {
    println!("arguments {arguments:?}");
    println!("setting {:?}", std::env::var("SETTING").ok());
    let params = std::env::var("PARAMS_FILE")?;
    println!("params {:?}", fs::read_to_string(params).ok());
    let mut names = Vec::new();
    for entry in fs::read_dir("/")? {
        let entry = entry?;
        let kind = if entry.file_type()?.is_dir() { "/" } else { "" };
        names.push(format!("{}{kind}", entry.file_name().to_string_lossy()));
    }
    names.sort();
    println!("files {names:?}");
    println!("data {:?}", fs::read_to_string("/lib/data.txt").ok());
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input)?;
    println!("input {input:?}");
    Ok(())
}

/// Uses files in all ways that std has.
fn files() -> Done {
    fs::create_dir_all("/tmp/a/b")?;
    fs::write("/tmp/a/b/one", "0123456789")?;
    let mut file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open("/tmp/a/b/one")?;
    file.seek(SeekFrom::Start(5))?;
    file.write_all(b"five")?;
    file.seek(SeekFrom::Start(0))?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    assert_eq!(text, "01234five9");
    file.set_len(3)?;
    let mut more = fs::OpenOptions::new().append(true).open("/tmp/a/b/one")?;
    more.write_all(b"more")?;
    assert_eq!(fs::read_to_string("/tmp/a/b/one")?, "012more");
    assert_eq!(fs::metadata("/tmp/a/b/one")?.len(), 7);
    fs::rename("/tmp/a", "/tmp/c")?;
    fs::copy("/tmp/c/b/one", "/tmp/two")?;
    assert_eq!(fs::read("/tmp/two")?.len(), 7);
    assert!(fs::File::create_new("/tmp/two").is_err());
    let listed: Result<Vec<_>, _> = fs::read_dir("/tmp")?.collect();
    assert!(listed?.len() >= 2);
    let large = vec![7; 3 << 20];
    fs::write("/tmp/large", &large)?;
    assert_eq!(fs::read("/tmp/large")?, large);
    fs::remove_dir_all("/tmp/c")?;
    fs::remove_file("/tmp/two")?;
    assert!(!fs::exists("/tmp/c")?);
    println!("done");
    Ok(())
}

fn read_only() {
    let results = [
        fs::write("/new", "x").err(),
        fs::write("/lib/data.txt", "x").err(),
        fs::remove_file("/lib/data.txt").err(),
        fs::create_dir("/folder").err(),
        fs::rename("/lib", "/tmp/lib").err(),
    ];
    for error in results {
        println!("{:?}", error.map(|error| error.kind()));
    }
}

fn outside() {
    for path in [
        "/../etc/passwd",
        "/tmp/../../etc/passwd",
        "../../../etc/passwd",
        "/etc/passwd",
    ] {
        println!(
            "{:?}",
            fs::read_to_string(path).map_err(|error| error.kind())
        );
    }
}

fn compute() {
    let mut number = 1_u64;
    loop {
        number = std::hint::black_box(number.wrapping_mul(3));
    }
}

fn grow() {
    let mut all = Vec::new();
    loop {
        all.push(std::hint::black_box(vec![1_u8; 1 << 20]));
    }
}

fn flood_output() -> Done {
    loop {
        std::io::stdout().write_all(&[b'x'; 65_536])?;
    }
}

/// Writes a file until it fails.
fn flood_file() {
    let mut written = 0_u64;
    let error = loop {
        let file = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open("/tmp/flood");
        match file.and_then(|mut file| file.write_all(&[1; 1 << 20])) {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
    };
    println!("{written} MiB, then {}", reason(&error));
}

/// Makes files until it fails.
fn flood_names() {
    let mut made = 0_u64;
    let error = loop {
        match fs::write(format!("/tmp/{made}"), "") {
            Ok(()) => made += 1,
            Err(error) => break error,
        }
    };
    println!("many: {}, then {}", made > 10_000, reason(&error));
}

/// Why there is no more room, which std has no kind for. Of a stream that failed, libc tells an I/O error only.
fn reason(error: &std::io::Error) -> String {
    match error.raw_os_error() {
        Some(29 | 51) => "full".to_owned(),
        _ => format!("{error:?}"),
    }
}

/// Opens files until it fails.
fn flood_handles() {
    let mut all = Vec::new();
    loop {
        all.push(fs::File::create(format!("/tmp/{}", all.len())));
        if all.last().is_some_and(Result::is_err) {
            println!("{} open", all.len());
            return;
        }
    }
}
