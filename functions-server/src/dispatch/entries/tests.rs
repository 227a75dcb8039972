use super::turns::{MAX_RUNNING, MAX_WITH_FIRST};
use super::*;

const NOW: Time = Time(1_000_000);

fn call(number: i64, endpoint: &str, parent: Option<i64>) -> UnfinishedCall {
    UnfinishedCall {
        number,
        parent,
        endpoint: endpoint.into(),
        is_suspended: false,
        due: NOW,
        expires: Time(9_000_000),
    }
}

fn runs(entries: &mut Entries) -> Vec<i64> {
    std::iter::from_fn(|| entries.next_run())
        .map(|run| run.call)
        .collect()
}

/// Endpoints take turns, and one has no more runs at once than it may.
#[test]
fn endpoints_take_turns() {
    let mut entries = Entries::new(2);
    for number in 1..=4 {
        entries.add(&call(number, "a", None), NOW);
    }
    entries.add(&call(5, "b", None), NOW);
    assert_eq!(runs(&mut entries), [1, 5, 2]);
    let ended = entries.ran(Run { call: 1, run: 1 }, After::Ended, NOW);
    assert_eq!((ended, runs(&mut entries)), (vec![1], vec![3]));
}

/// However many endpoints are slow, another finds room.
#[test]
fn slow_endpoints_leave_room() {
    let mut entries = Entries::new(100);
    let mut number = 0;
    for slow in 0..20 {
        for _ in 0..100 {
            number += 1;
            entries.add(&call(number, &format!("slow{slow}"), None), NOW);
        }
    }
    let begun = runs(&mut entries).len();
    assert!((900..MAX_RUNNING).contains(&begun), "{begun}");
    entries.add(&call(9999, "quick", None), NOW);
    assert_eq!(runs(&mut entries), [9999]);
}

/// Slow endpoints that come one after another take the room step by step, but never that of another's first run.
#[test]
fn slow_endpoints_in_sequence_leave_room() {
    let mut entries = Entries::new(100);
    let mut number = 0;
    let mut begun = 0;
    for slow in 0..50 {
        for _ in 0..100 {
            number += 1;
            entries.add(&call(number, &format!("slow{slow}"), None), NOW);
        }
        begun += runs(&mut entries).len();
    }
    assert!((MAX_RUNNING..MAX_RUNNING + 50).contains(&begun), "{begun}");
    entries.add(&call(9999, "quick", None), NOW);
    assert_eq!(runs(&mut entries), [9999]);
    // There is a bound, whatever the endpoints.
    for other in 0..2 * MAX_WITH_FIRST {
        number += 1;
        entries.add(&call(10_000 + number, &format!("other{other}"), None), NOW);
    }
    assert_eq!(begun + 1 + runs(&mut entries).len(), MAX_WITH_FIRST);
}

/// A stale run is nothing to a call that runs again.
#[test]
fn stale_runs_are_ignored() {
    let mut entries = Entries::new(1);
    entries.add(&call(1, "a", None), NOW);
    let run = entries.next_run().unwrap();
    entries.end(1, NOW);
    entries.add(&call(1, "a", None), NOW);
    assert!(entries.ran(run, After::Ended, NOW).is_empty());
    assert_eq!((entries.len(), runs(&mut entries)), (1, vec![1]));
}

fn waiting(outstanding: &[i64], min_results: usize, wake: Option<Time>) -> WaitCondition {
    WaitCondition {
        outstanding: outstanding.to_vec(),
        ready: 0,
        min_results,
        wake,
    }
}

fn suspended(min_results: usize, wake: Option<Time>, children: &[i64]) -> Entries {
    let mut entries = Entries::new(10);
    entries.add(&call(1, "a", None), NOW);
    let run = entries.next_run().unwrap();
    let after = After::Suspended {
        waiting: waiting(children, min_results, wake),
        children: children
            .iter()
            .map(|child| call(*child, "a", Some(1)))
            .collect(),
    };
    entries.ran(run, after, NOW);
    entries
}

/// A call continues with enough results, with all there are, or when its wait ends.
#[test]
fn poll_ends_with_results_or_its_wait() {
    let mut entries = suspended(2, None, &[2, 3, 4]);
    assert_eq!(runs(&mut entries), [2, 3, 4]);
    entries.end(2, NOW);
    assert!(runs(&mut entries).is_empty());
    entries.end(3, NOW);
    assert_eq!(runs(&mut entries), [1]);

    let mut entries = suspended(5, None, &[2]);
    assert_eq!(runs(&mut entries), [2]);
    entries.end(2, NOW);
    assert_eq!(runs(&mut entries), [1]);

    let wake = Time(NOW.0 + 10);
    let mut entries = suspended(1, Some(wake), &[]);
    assert!(runs(&mut entries).is_empty());
    assert_eq!(entries.next_timer(), Some(wake));
    assert!(entries.elapse(wake).is_empty());
    assert_eq!(runs(&mut entries), [1]);
    assert_eq!(runs(&mut suspended(1, None, &[])), [1]);
}

/// A child that ended before the scheduler learned of its parent's poll counts.
#[test]
fn early_results_count() {
    let mut entries = suspended(1, None, &[2, 3]);
    entries.next_run().unwrap();
    entries.end(2, NOW);
    let parent = std::iter::from_fn(|| entries.next_run())
        .find(|run| run.call == 1)
        .unwrap();
    entries.end(3, NOW);
    let after = After::Suspended {
        waiting: waiting(&[3], 1, None),
        children: vec![],
    };
    entries.ran(parent, after, NOW);
    assert_eq!(runs(&mut entries), [1]);
}

/// An expired call is returned once, whatever it waits for.
#[test]
fn expired_calls_are_returned() {
    let mut entries = suspended(1, None, &[2]);
    assert_eq!(entries.elapse(Time(9_000_000)), [1, 2]);
    assert!(entries.elapse(Time(9_000_001)).is_empty());
}
