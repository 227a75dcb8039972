//! The cost of connections that send only half a request head, and their effect on other clients.
//!
//! Run it with `cargo bench -p functions-cli --bench half_heads [-- COUNT]`; the default is 10,000. It uses the
//! command `functions` of the same build, or the program in the variable `FUNCTIONS_PROGRAM`. It exits with 1 if a
//! connection costs more than 20 KiB. Latencies are medians of rounds, and need an otherwise idle machine.
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run has nothing to say"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const COUNT: usize = 10_000;

/// The maximum cost of a connection in bytes.
const MAX_BYTES: u64 = 20 * 1024;

/// The number of requests in one round, for the 99th percentile.
const REQUESTS: usize = 1000;
const ROUNDS: usize = 5;

const REQUEST: &[u8] = b"GET /ping HTTP/1.1\r\nhost: x\r\n\r\n";
const HALF: &[u8] = b"GET /ping HTTP/1.1\r\nhost: ";

fn main() -> ExitCode {
    let asked = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok());
    let count = with_open_files(asked.unwrap_or(COUNT));
    let (mut host, address) = start();
    let mut client = TcpStream::connect(address).unwrap();
    client.set_nodelay(true).unwrap();
    let quiet = p99(&mut client);
    let before = resident(&host);
    let half: Vec<_> = (0..count).map(|_| half_head(address)).collect();
    let after = settled(&host);
    let beside = p99(&mut client);
    let open = half.iter().filter(|stream| is_open(stream)).count();
    host.kill().unwrap();
    host.wait().unwrap();

    let each = after.saturating_sub(before) / u64::try_from(count).unwrap();
    println!("{count} connections with half a head, {open} of them open at the end");
    println!(
        "memory of the host: {} KiB before, {} KiB with them",
        before / 1024,
        after / 1024
    );
    println!("each: {each} bytes, of {MAX_BYTES} that it may be");
    let factor = beside.as_secs_f64() / quiet.as_secs_f64();
    println!(
        "p99 of another client: {quiet:.0?} before, {beside:.0?} beside them, {factor:.2} times"
    );
    if each > MAX_BYTES || open < count {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Limits the number of connections to the files that this process may open.
fn with_open_files(count: usize) -> usize {
    let limit = rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let most = usize::try_from(limit)
        .unwrap_or(usize::MAX)
        .saturating_sub(100);
    if most < count {
        println!("only {most} connections: raise the limit of open files (ulimit -n)");
    }
    count.min(most)
}

fn start() -> (Child, SocketAddr) {
    let program = std::env::var_os("FUNCTIONS_PROGRAM");
    let program = program.unwrap_or_else(|| env!("CARGO_BIN_EXE_functions").into());
    let mut host = Command::new(program)
        .args([
            "serve",
            "--no-cache",
            "--listen",
            "127.0.0.1:0",
            test_guests::PING,
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    let mut stdout = BufReader::new(host.stdout.take().unwrap());
    stdout.read_line(&mut first).unwrap();
    let address = first.trim().strip_prefix("listening on http://").unwrap();
    let address = address.parse().unwrap();
    (host, address)
}

fn half_head(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(HALF).unwrap();
    stream.set_nonblocking(true).unwrap();
    stream
}

fn is_open(mut stream: &TcpStream) -> bool {
    let read = stream.read(&mut [0]);
    read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

fn p99(client: &mut TcpStream) -> Duration {
    let mut rounds: Vec<_> = (0..ROUNDS).map(|_| p99_of_round(client)).collect();
    rounds.sort();
    *rounds.get(ROUNDS / 2).unwrap()
}

fn p99_of_round(client: &mut TcpStream) -> Duration {
    let mut all: Vec<_> = (0..REQUESTS).map(|_| ask(client)).collect();
    all.sort();
    *all.get(REQUESTS * 99 / 100).unwrap()
}

fn ask(client: &mut TcpStream) -> Duration {
    let begun = Instant::now();
    client.write_all(REQUEST).unwrap();
    let (mut answer, mut piece) = (Vec::new(), [0; 1024]);
    while !answer.ends_with(b"pong") {
        let read = client.read(&mut piece).unwrap();
        assert!(read > 0, "the host closed the connection");
        answer.extend(piece.iter().take(read));
    }
    begun.elapsed()
}

/// The resident memory of a process, in bytes.
fn resident(process: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: u64 = line
        .unwrap()
        .trim()
        .strip_suffix(" kB")
        .unwrap()
        .parse()
        .unwrap();
    kib * 1024
}

/// The resident memory once it no longer grows.
fn settled(process: &Child) -> u64 {
    let mut last = 0;
    loop {
        let now = resident(process);
        if now <= last {
            return last;
        }
        last = now;
        sleep(Duration::from_millis(500));
    }
}
