use super::*;

/// A write may have the last handle on its store. Those after it are answered all the same.
#[test]
fn store_closed_by_a_write_answers_those_after_it() {
    let (_parent, folder) = folder();
    let store = Arc::new(Store::open(&folder).unwrap());
    let (release, held) = mpsc::channel::<()>();
    let own = store.clone();
    let first = store.submit(move |_| {
        let _store = &own;
        held.recv().unwrap();
        Ok(())
    });
    let second = store.submit(|_| Ok(())).unwrap();
    drop((store, first));
    release.send(()).unwrap();
    assert!(matches!(second.blocking_recv(), Ok(Ok(()))));
}
