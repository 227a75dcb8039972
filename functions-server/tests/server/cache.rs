//! The compile cache of a data folder.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use functions_server::ServerOptions;
use host_harness::Builder;

use crate::support::{Client, Running, builder};

/// A server whose cache has no room but for what is deployed.
async fn start(folder: &Path, change: impl FnOnce(Builder) -> Builder) -> Running {
    let builder = builder().cache(folder.join("cache")).cache_size(1);
    let options = ServerOptions::default().data_dir(folder);
    Running::with(change(builder), options).await
}

/// The names of the cached files.
fn cached(folder: &Path) -> BTreeSet<String> {
    let files = fs::read_dir(folder.join("cache")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.collect()
}

/// Deploys a component that is not compiled yet; returns what its compilation added to the cache.
async fn deploy(management: &Client, folder: &Path, name: &str, variant: u8) -> String {
    let before = cached(folder);
    let mut component = fs::read(test_guests::PING).unwrap();
    // A custom section of three bytes: its name, and the variant.
    component.extend([0, 3, 1, b'v', variant]);
    let deployed = management.deploy_bytes(name, component).await;
    assert!(deployed.status.is_success(), "{}", deployed.text());
    let after = cached(folder);
    let new: Vec<_> = after.difference(&before).collect();
    let [new] = new.as_slice() else {
        panic!("{new:?}")
    };
    (*new).clone()
}

/// The code of deployed functions stays in the cache, though it has no room, also while a start compiles
/// before it knows them. The code of others goes.
#[tokio::test(flavor = "multi_thread")]
async fn deployed_code_is_never_evicted() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir(folder.join("cache")).unwrap();
    let running = start(folder, |builder| builder).await;
    let management = running.management();
    let mut deployed = Vec::new();
    for variant in 0..5 {
        let name = format!("f{variant}");
        deployed.push(deploy(&management, folder, &name, variant).await);
    }
    assert_eq!(cached(folder), deployed.iter().cloned().collect());

    // A replaced version's code goes when other code is stored.
    let replaced = std::mem::replace(
        &mut deployed[0],
        deploy(&management, folder, "f0", 10).await,
    );
    deployed[1] = deploy(&management, folder, "f1", 11).await;
    assert!(!cached(folder).contains(&replaced));
    running.stop().await;

    let running = start(folder, |builder| {
        builder.function("greet", test_guests::GREET)
    })
    .await;
    let after = cached(folder);
    assert!(
        deployed.iter().all(|file| after.contains(file)),
        "{after:?}"
    );
    assert_eq!(after.len(), deployed.len() + 1);
    for name in ["f0", "f1", "f2", "f3", "f4", "greet"] {
        let answer = running.functions().get(&format!("/{name}")).await;
        assert_ne!(answer.status, 503, "{name}: {}", answer.text());
    }
    assert_eq!(cached(folder), after, "something was compiled again");

    // A deleted function's code goes too.
    let management = running.management();
    management.delete("/v1/functions/f4").await.ok(204);
    deploy(&management, folder, "f5", 12).await;
    assert!(!cached(folder).contains(&deployed[4]));
    assert_eq!(cached(folder).len(), 6);
}
