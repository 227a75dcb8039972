use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

/// A test writer's target: takes `room` bytes, then fails.
#[derive(Default)]
struct Disk {
    room: usize,
    bytes: Vec<u8>,
}

impl Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fits = bytes.len().min(self.room);
        if fits == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.room -= fits;
        self.bytes.extend_from_slice(&bytes[..fits]);
        Ok(fits)
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }
}

fn loss(count: u64) -> String {
    format!("{count} lost\n")
}

/// Lines are written in order; those without room are counted, and reported where they are missing.
#[test]
fn full_queue_counts_what_it_drops() {
    let queue = LineQueue::new();
    let line = vec![b'x'; CAPACITY - HOST_RESERVE - 10];
    queue.push(LineSource::Function, &line);
    queue.push(LineSource::Function, b"123456789\n");
    queue.push(LineSource::Function, b"\n");
    // The host has room left; a function has none, not even for an empty line.
    queue.push(LineSource::Host, b"of the host\n");
    queue.push(LineSource::Function, b"\n");
    let mut disk = Disk {
        room: usize::MAX,
        ..Disk::default()
    };
    let mut writer = QueueWriter::new(|bytes: &[u8]| disk.write(bytes), loss);
    writer.write_next(&queue);
    queue.push(LineSource::Function, b"again\n");
    writer.write_next(&queue);
    assert_eq!(
        &disk.text()[line.len()..],
        "123456789\nof the host\n2 lost\nagain\n"
    );
}

/// The host's own lines are bounded as well.
#[test]
fn host_lines_are_bounded() {
    let queue = LineQueue::new();
    queue.push(LineSource::Host, &vec![b'x'; CAPACITY]);
    queue.push(LineSource::Host, b"\n");
    assert_eq!(queue.take().1, 1);
}

/// Failed lines are counted and reported by the next successful write; a torn line is ended first.
#[test]
fn failed_writes_are_counted() {
    let queue = LineQueue::new();
    let disk = std::cell::RefCell::new(Disk::default());
    let mut writer = QueueWriter::new(|bytes: &[u8]| disk.borrow_mut().write(bytes), loss);
    disk.borrow_mut().room = 3;
    queue.push(LineSource::Host, b"first\n");
    queue.push(LineSource::Host, b"second\n");
    writer.write_next(&queue);
    disk.borrow_mut().room = 100;
    queue.push(LineSource::Host, b"third\n");
    writer.write_next(&queue);
    assert_eq!(disk.borrow().text(), "fir\n2 lost\nthird\n");
}

/// No write combines a part of a line with another line. None of several lines exceeds what a pipe
/// takes whole.
#[test]
fn writes_end_at_line_ends() {
    let mut batch = Batch::default();
    let lengths = [10, 4086, 1, 5000, 4096, 100];
    for length in lengths {
        batch.push(&vec![b'x'; length]);
    }
    let pieces: Vec<_> = batch
        .pieces()
        .map(|(piece, lines)| (piece.len(), lines))
        .collect();
    assert_eq!(pieces, [(4096, 2), (1, 1), (5000, 1), (4096, 1), (100, 1)]);
}

/// Flushing waits for the writer, but not forever for a stuck or slow one.
#[test]
fn flush_is_bounded() {
    static QUEUE: LineQueue = LineQueue::new();
    static STUCK: AtomicBool = AtomicBool::new(true);

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(20);

    assert!(QUEUE.flush(Duration::ZERO, LONG));
    assert!(
        QUEUE.push(LineSource::Host, b"line\n"),
        "the queue needs a writer"
    );
    std::thread::spawn(|| {
        let mut writer = QueueWriter::new(
            |bytes: &[u8]| {
                while STUCK.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
                Ok(bytes.len())
            },
            loss,
        );
        loop {
            writer.write_next(&QUEUE);
        }
    });
    assert!(!QUEUE.flush(SHORT, LONG));
    assert!(!QUEUE.flush(LONG, SHORT));
    assert!(
        !QUEUE.push(LineSource::Host, b"line\n"),
        "the queue has a writer"
    );
    STUCK.store(false, Ordering::Relaxed);
    assert!(QUEUE.flush(LONG, LONG));
    QUEUE.writer_ended();
    assert!(
        QUEUE.push(LineSource::Host, b"line\n"),
        "the queue needs another writer"
    );
}

/// Flushing waits for a writer that is slow but not stuck.
#[test]
fn flush_waits_for_a_slow_writer() {
    static QUEUE: LineQueue = LineQueue::new();
    const PIECES: u32 = 40;
    const EACH: Duration = Duration::from_millis(10);
    // Less than all writes take, and much more than one.
    const STUCK: Duration = Duration::from_millis(300);

    for _ in 0..PIECES {
        QUEUE.push(LineSource::Host, &[b'x'; ATOMIC_WRITE]);
    }
    std::thread::spawn(|| {
        let slow = |bytes: &[u8]| {
            std::thread::sleep(EACH);
            Ok(bytes.len())
        };
        let mut writer = QueueWriter::new(slow, loss);
        loop {
            writer.write_next(&QUEUE);
        }
    });
    assert!(EACH * PIECES > STUCK);
    assert!(QUEUE.flush(Duration::from_secs(60), STUCK));
}
