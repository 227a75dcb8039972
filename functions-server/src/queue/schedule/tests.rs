use std::cell::RefCell;
use std::sync::Mutex;

use super::*;
use crate::queue::runner::{AttemptOutcome, QueuePosition, StartAttempt};

const NOW: Time = Time(1000);

/// Lets functions run as long as there is room for them.
#[derive(Default)]
struct Room {
    concurrency: Option<usize>,
    /// The sources and functions without room.
    none: RefCell<Vec<(&'static str, &'static str)>>,
    /// What was asked without success.
    asked: RefCell<Vec<String>>,
    /// How many are in line.
    in_line: Arc<Mutex<usize>>,
}

#[derive(Debug)]
struct InLine(Arc<Mutex<usize>>);

impl Drop for InLine {
    fn drop(&mut self) {
        *self.0.lock().unwrap() -= 1;
    }
}

impl Admission for Room {
    fn concurrency(&self, _: &str) -> Option<usize> {
        self.concurrency
    }

    fn start(
        &self,
        source: &str,
        function: &Arc<str>,
        position: Option<QueuePosition>,
    ) -> Result<StartAttempt, QueuePosition> {
        let none = self.none.borrow();
        if !none.iter().any(|none| *none == (source, &**function)) {
            return Ok(Box::new(|_| {
                Box::pin(async { AttemptOutcome::Rejected(String::new()) })
            }));
        }
        self.asked.borrow_mut().push(function.to_string());
        Err(position.unwrap_or_else(|| {
            *self.in_line.lock().unwrap() += 1;
            Box::new(InLine(self.in_line.clone()))
        }))
    }
}

fn schedule(capacity: usize, running: usize) -> Schedule {
    Schedule::new(QueueLimits {
        capacity,
        bytes: 1000,
        running,
    })
}

fn id(number: u8) -> QueuedId {
    QueuedId([number; 16])
}

fn reserve(
    schedule: &mut Schedule,
    function: &str,
    bytes: u64,
) -> Result<QueueReservation, QueueFull> {
    schedule.reserve("http", function, bytes)
}

fn add(schedule: &mut Schedule, function: &str, number: u8) {
    add_of(schedule, "http", function, number);
}

fn add_of(schedule: &mut Schedule, source: &str, function: &str, number: u8) {
    let reserved = schedule.reserve(source, function, 1).unwrap();
    schedule.enqueue(reserved, id(number));
}

fn begun(schedule: &mut Schedule, max: usize) -> Vec<u8> {
    begun_in(&Room::default(), schedule, max)
}

fn begun_in(room: &Room, schedule: &mut Schedule, max: usize) -> Vec<u8> {
    let next = schedule.next(NOW, max, room);
    next.iter().map(|next| next.turn.id.0[0]).collect()
}

/// One that was cancelled gives its room back before its turn comes, also while it waits for a retry.
#[test]
fn cancelled_ones_leave_room() {
    let mut schedule = schedule(4, 1);
    add(&mut schedule, "a", 1);
    add(&mut schedule, "a", 2);
    assert!(matches!(
        reserve(&mut schedule, "a", 1),
        Err(QueueFull::Function)
    ));
    schedule.remove("a", id(2));
    add(&mut schedule, "a", 3);
    assert_eq!(begun(&mut schedule, 9), [1]);
    schedule.end(&Arc::from("a"));
    assert_eq!(begun(&mut schedule, 9), [3]);
    // Its turn has come, so it no longer waits.
    schedule.remove("a", id(3));
    schedule.end(&Arc::from("a"));
    assert!(schedule.functions.is_empty());
}

/// Functions take turns, and each runs its invocations in their order.
#[test]
fn functions_take_turns() {
    let mut schedule = schedule(100, 100);
    for number in 1..=4 {
        add(&mut schedule, "busy", number);
    }
    add(&mut schedule, "other", 9);
    assert_eq!(begun(&mut schedule, 10), [1, 9, 2, 3, 4]);
}

/// One function cannot use all that may run.
#[test]
fn one_function_does_not_hold_up_the_others() {
    let mut schedule = schedule(100, 8);
    for number in 1..=10 {
        add(&mut schedule, "busy", number);
    }
    assert_eq!(begun(&mut schedule, 10), [1, 2]);
    add(&mut schedule, "other", 99);
    assert_eq!(begun(&mut schedule, 10), [99]);
    schedule.end(&"busy".into());
    assert_eq!(begun(&mut schedule, 10), [3]);
}

/// The queue has room for so many, of one function for half of them, and for so many bytes.
#[test]
fn queue_has_a_capacity() {
    let mut schedule = schedule(4, 1);
    add(&mut schedule, "a", 1);
    add(&mut schedule, "a", 2);
    assert_eq!(
        reserve(&mut schedule, "a", 1).unwrap_err(),
        QueueFull::Function
    );
    let reserved = reserve(&mut schedule, "b", 1).unwrap();
    add(&mut schedule, "c", 3);
    assert_eq!(
        reserve(&mut schedule, "d", 1).unwrap_err(),
        QueueFull::Queue
    );
    schedule.release(reserved);
    assert_eq!(
        reserve(&mut schedule, "d", 998).unwrap_err(),
        QueueFull::Queue
    );
    let reserved = reserve(&mut schedule, "d", 997).unwrap();
    assert_eq!(schedule.waiting(), 4);
    schedule.release(reserved);
    assert_eq!(begun(&mut schedule, 10), [1]);
    assert_eq!((schedule.waiting(), schedule.running()), (2, 1));
}

/// A retry waits until it is due, and functions that are done with are forgotten.
#[test]
fn retries_wait_until_they_are_due() {
    let mut schedule = schedule(100, 100);
    add(&mut schedule, "a", 1);
    assert_eq!(begun(&mut schedule, 10), [1]);
    let turn = Turn {
        id: id(1),
        function: "a".into(),
        source: "http".into(),
    };
    schedule.hold(&turn);
    schedule.delay(&turn, Time(NOW.0 + 1));
    schedule.end(&turn.function);
    assert_eq!(begun(&mut schedule, 10), [0; 0]);
    assert_eq!(schedule.next_due(), Some(Time(NOW.0 + 1)));
    let next = schedule.next(Time(NOW.0 + 1), 10, &Room::default());
    assert_eq!(next.len(), 1);
    schedule.end(&turn.function);
    assert!(schedule.functions.is_empty());
    assert_eq!((schedule.waiting(), schedule.running()), (0, 0));
}

/// What failed is tried again before what was accepted later.
#[test]
fn retries_are_before_later_ones() {
    let mut schedule = schedule(100, 4);
    for number in 1..=3 {
        add(&mut schedule, "a", number);
    }
    let first = schedule.next(NOW, 10, &Room::default()).remove(0).turn;
    schedule.hold(&first);
    schedule.delay(&first, NOW);
    schedule.end(&first.function);
    assert_eq!(begun(&mut schedule, 10), [1]);
    schedule.end(&first.function);
    assert_eq!(begun(&mut schedule, 10), [2]);
}

/// Without room, a function keeps nothing of the queue from running, not even its own of another source; and it
/// runs, in the order of waiting, once there is room.
#[test]
fn those_without_room_wait_alone() {
    let mut schedule = schedule(100, 8);
    for number in 1..=3 {
        add_of(&mut schedule, "node", "large", number);
        add_of(&mut schedule, "node", "small", 10 + number);
    }
    add(&mut schedule, "large", 50);
    add(&mut schedule, "other", 99);
    let room = Room::default();
    *room.none.borrow_mut() = vec![("node", "large"), ("node", "small")];
    assert_eq!(begun_in(&room, &mut schedule, 10), [99, 50]);
    assert_eq!((schedule.waiting(), schedule.running()), (6, 2));
    // Nobody is asked again as long as nothing is freed.
    assert_eq!(room.asked.take(), ["large", "small"]);
    add_of(&mut schedule, "node", "small", 14);
    assert_eq!(begun_in(&room, &mut schedule, 10), [0; 0]);
    assert_eq!(room.asked.take(), [""; 0]);
    schedule.try_waiting();
    assert_eq!(begun_in(&room, &mut schedule, 10), [0; 0]);
    assert_eq!(room.asked.take(), ["large", "small"]);
    room.none.borrow_mut().remove(0);
    assert_eq!(begun_in(&room, &mut schedule, 10), [0; 0]);
    schedule.try_waiting();
    // A quarter of eight, with the one of the other source.
    assert_eq!(begun_in(&room, &mut schedule, 10), [1]);
    assert_eq!(*room.in_line.lock().unwrap(), 1);
    room.none.borrow_mut().clear();
    schedule.end(&"large".into());
    schedule.try_waiting();
    assert_eq!(begun_in(&room, &mut schedule, 10), [11, 2, 12]);
    assert_eq!(*room.in_line.lock().unwrap(), 0);
}

/// Those that wait for room are asked when the queue can run more, also if room was freed before.
#[test]
fn freed_room_is_not_forgotten() {
    let mut schedule = schedule(100, 4);
    let room = Room::default();
    for (number, function) in ["a", "b", "c"].into_iter().enumerate() {
        room.none.borrow_mut().push(("http", function));
        add(&mut schedule, function, number as u8);
    }
    assert_eq!(begun_in(&room, &mut schedule, 10), [0; 0]);
    room.none.borrow_mut().clear();
    schedule.try_waiting();
    assert_eq!(begun_in(&room, &mut schedule, 1), [0]);
    assert_eq!(begun_in(&room, &mut schedule, 1), [1]);
    assert_eq!(begun_in(&room, &mut schedule, 9), [2]);
}

/// A function whose waiting ones were cancelled leaves the line for room.
#[test]
fn cancelled_ones_leave_the_line() {
    let mut schedule = schedule(100, 8);
    let room = Room::default();
    room.none.borrow_mut().push(("http", "a"));
    add(&mut schedule, "a", 1);
    add(&mut schedule, "a", 2);
    begun_in(&room, &mut schedule, 10);
    schedule.remove("a", id(1));
    assert_eq!(*room.in_line.lock().unwrap(), 1);
    schedule.remove("a", id(2));
    assert_eq!(*room.in_line.lock().unwrap(), 0);
    assert!(schedule.functions.is_empty() && schedule.without_room.is_empty());
}

/// No more of a function begin than run at once: the others would wait within their time limit.
#[test]
fn concurrency_of_functions_is_respected() {
    let mut schedule = schedule(100, 100);
    for number in 1..=4 {
        add(&mut schedule, "a", number);
    }
    let room = Room {
        concurrency: Some(2),
        ..Room::default()
    };
    assert_eq!(begun_in(&room, &mut schedule, 10), [1, 2]);
    assert_eq!(begun_in(&room, &mut schedule, 10), [0; 0]);
    schedule.end(&"a".into());
    assert_eq!(begun_in(&room, &mut schedule, 10), [3]);
}
