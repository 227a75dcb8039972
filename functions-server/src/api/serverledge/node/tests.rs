use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

#[derive(Debug, Default, Clone)]
struct Functions(Arc<(AtomicU64, Mutex<HashMap<String, u64>>)>);

impl Functions {
    fn deploy(&self, function: &str, version: u64) {
        let mut functions = self.0.1.lock().unwrap();
        functions.insert(function.to_owned(), version);
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl CurrentVersions for Functions {
    fn changes(&self) -> u64 {
        self.0.0.load(Ordering::Relaxed)
    }

    fn current(&self, function: &str) -> Option<u64> {
        self.0.1.lock().unwrap().get(function).copied()
    }
}

fn node(memory: u64, functions: &Functions) -> Arc<Node> {
    let versions = Box::new(functions.clone());
    let expiration = Duration::from_secs(600);
    let freed = Freed::default();
    Arc::new(Node::new(memory, 4.0, expiration, versions, freed))
}

fn demand(function: &str, memory: u64, cpus: f64) -> Demand {
    Demand {
        function: function.into(),
        version: None,
        memory,
        cpus,
    }
}

/// Small ones do not take room from a large one that waits, and continue if they take none of it.
#[test]
fn large_ones_do_not_starve() {
    let node = node(512, &Functions::default());
    let first = node.acquire(demand("small", 256, 1.0)).unwrap();
    let large = demand("large", 512, 0.0);
    assert!(node.acquire_in_turn(&large).is_err());
    let position = node.wait(large.clone());
    let other = demand("other", 128, 0.0);
    assert!(node.acquire_in_turn(&other).is_err());
    let others_position = node.wait(other.clone());
    drop(first);
    assert!(node.acquire_in_turn(&other).is_err());
    let running = node.acquire_in_turn(&large).unwrap();
    drop(position);
    assert!(node.acquire_in_turn(&other).is_err());
    drop(running);
    assert!(node.acquire_in_turn(&other).is_ok());
    drop(others_position);
    // One that waits for processors keeps nobody from memory.
    let _most = node.acquire(demand("busy", 64, 3.5)).unwrap();
    let _position = node.wait(demand("computes", 64, 1.0));
    assert!(node.acquire_in_turn(&demand("small", 256, 0.25)).is_err());
    assert!(node.acquire_in_turn(&demand("small", 256, 0.0)).is_ok());
}

/// Synchronous ones, which cannot wait, may be first for a while only.
#[test]
fn synchronous_ones_leave_room_to_those_that_have_waited() {
    let node = node(512, &Functions::default());
    let _first = node.acquire(demand("small", 256, 0.0)).unwrap();
    let _position = node.wait(demand("large", 512, 0.0));
    assert!(node.acquire(demand("small", 256, 0.0)).is_ok());
    node.lock().waiters[0].since -= STARVATION_TIME;
    assert!(node.acquire(demand("small", 256, 0.0)).is_err());
}

/// Warm instances of an old version are dropped, whichever API changed it.
#[test]
fn changes_drop_warm_instances() {
    let functions = Functions::default();
    functions.deploy("f", 1);
    let node = node(512, &functions);
    let mut old = demand("f", 64, 0.0);
    old.version = Some(1);
    node.prewarm(&old).unwrap();
    let mut running = node.acquire(old.clone()).unwrap();
    assert!(running.is_warm);
    node.prewarm(&old).unwrap();
    assert_eq!(node.usage().free_memory, 512 - 128);
    functions.deploy("f", 2);
    assert_eq!(node.usage().warm[&old.function], 0);
    running.keep();
    drop(running);
    assert_eq!(node.prewarm(&old), Err(NoCapacity));
    assert_eq!(node.usage().free_memory, 512);
}
