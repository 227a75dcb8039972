// Without Unix permissions, nothing is cached.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use wasmtime::component::Component;

use super::entry::Miss;
use super::*;
use crate::compile::fingerprint;

/// A component that compiles quickly.
fn small() -> ComponentBytes {
    ComponentBytes::new(
        wat::parse_str("(component (core module $m (func (export \"f\"))))").unwrap(),
    )
}

fn engine() -> wasmtime::Engine {
    wasmtime::Engine::default()
}

fn options(folder: &Path) -> Options {
    Options {
        folder: folder.to_owned(),
        max_bytes: MAX_BYTES,
    }
}

fn cache(folder: &TempDir, engine: &wasmtime::Engine) -> Cache {
    Cache::open(&options(folder.path()), fingerprint::of(engine)).unwrap()
}

/// Loads the component from the cache, or compiles it in this process.
fn component(
    cache: &Cache,
    engine: &wasmtime::Engine,
    wasm: &ComponentBytes,
) -> Result<Compiled, CompileError> {
    cache.component(engine, wasm, || {
        let compiled = wasm.compile(engine)?;
        let code = None;
        Ok(Fresh { compiled, code })
    })
}

fn miss(cache: &Cache, engine: &wasmtime::Engine) -> Miss {
    match cache.entry(&small()).load(engine) {
        Err(miss) => miss,
        Ok(_) => panic!("found in the cache"),
    }
}

/// The only file in the folder.
fn only_file(folder: &TempDir) -> PathBuf {
    let mut files = fs::read_dir(folder).unwrap();
    let file = files.next().unwrap().unwrap().path();
    assert!(files.next().is_none(), "more than one file");
    file
}

/// Replaces a read-only file.
fn replace(file: &Path, contents: &[u8]) {
    fs::remove_file(file).unwrap();
    fs::write(file, contents).unwrap();
}

/// A second host loads what the first one compiled, and nobody may change the file.
#[test]
fn compiled_function_is_loaded_by_another_host() {
    let folder = TempDir::new().unwrap();
    let first = engine();
    let cache_of_first = cache(&folder, &first);
    assert!(matches!(miss(&cache_of_first, &first), Miss::Absent));
    component(&cache_of_first, &first, &small()).unwrap();
    let mode = fs::metadata(only_file(&folder))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o400);

    let second = engine();
    let cache_of_second = cache(&folder, &second);
    let loaded = cache_of_second.entry(&small()).load(&second).unwrap();
    let compiled = Component::from_binary(&second, &small().bytes).unwrap();
    let loaded = loaded.component.serialize().unwrap();
    assert_eq!(loaded, compiled.serialize().unwrap());
    let other = ComponentBytes::new(wat::parse_str("(component)").unwrap());
    assert!(cache_of_second.entry(&other).load(&second).is_err());
}

/// What is behind a component changes nothing of its code, which is compiled once. The name of each whole file
/// stays if the others are removed.
#[test]
fn component_with_other_files_is_compiled_once() {
    let folder = TempDir::new().unwrap();
    let engine = engine();
    let cache = cache(&folder, &engine);
    let with = |files: &[u8]| {
        ComponentBytes::new(crate::compile::appendix::append(
            &small().bytes,
            b"{}",
            &[files],
        ))
    };
    let (first, second) = (with(b"one"), with(b"two"));
    assert_ne!(first.hash, second.hash);
    component(&cache, &engine, &first).unwrap();
    for wasm in [&second, &small()] {
        let loaded = cache.component(&engine, wasm, || panic!("compiled again"));
        loaded.unwrap();
    }
    fs::remove_file(cache.entry(&small()).to_string()).unwrap();
    fs::remove_file(cache.entry(&first).to_string()).unwrap();
    assert!(cache.load(&engine, &second).is_some());
    assert!(cache.load(&engine, &first).is_none());
}

/// A damaged file is compiled again, and is intact afterwards.
#[test]
fn damaged_file_is_replaced() {
    let folder = TempDir::new().unwrap();
    let engine = engine();
    let cache = cache(&folder, &engine);
    component(&cache, &engine, &small()).unwrap();
    let file = only_file(&folder);
    let whole = fs::read(&file).unwrap();
    let flipped = |at: usize| {
        let mut contents = whole.clone();
        contents[at] ^= 1;
        contents
    };
    let longer = [&whole[..], b"x"].concat();
    let damaged = [
        b"".to_vec(),
        b"short".to_vec(),
        whole[..whole.len() / 2].to_vec(),
        whole[..whole.len() - 1].to_vec(),
        longer,
        flipped(0),
        flipped(32),
        flipped(whole.len() - 1),
        b"\0asm is not what this should be, though it is long enough".to_vec(),
    ];
    for contents in damaged {
        replace(&file, &contents);
        assert!(matches!(miss(&cache, &engine), Miss::Damaged));
        component(&cache, &engine, &small()).unwrap();
        assert_eq!(fs::read(&file).unwrap(), whole);
    }
}

/// An intact file of another function does not pass for this one.
#[test]
fn file_of_another_function_is_damaged() {
    let folder = TempDir::new().unwrap();
    let engine = engine();
    let cache = cache(&folder, &engine);
    component(&cache, &engine, &small()).unwrap();
    let file = only_file(&folder);
    fs::remove_file(&file).unwrap();
    let other = ComponentBytes::new(wat::parse_str("(component)").unwrap());
    component(&cache, &engine, &other).unwrap();
    fs::rename(only_file(&folder), &file).unwrap();
    assert!(matches!(miss(&cache, &engine), Miss::Damaged));
}

/// Code from a file or folder that others may write to is not run.
#[test]
fn files_writable_by_others_are_refused() {
    let folder = TempDir::new().unwrap();
    let engine = engine();
    let cache = cache(&folder, &engine);
    component(&cache, &engine, &small()).unwrap();
    let file = only_file(&folder);
    for mode in [0o420, 0o402] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        assert!(matches!(miss(&cache, &engine), Miss::Foreign));
    }
    for mode in [0o770, 0o707, 0o777] {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
        let refused = Cache::open(&options(folder.path()), fingerprint::of(&engine))
            .err()
            .unwrap();
        assert!(matches!(refused, UnusableFolder::Shared(_)), "{refused}");
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    // Only root can give the folder away and take it back.
    if std::os::unix::fs::chown(folder.path(), Some(1), None).is_ok() {
        assert!(Cache::open(&options(folder.path()), fingerprint::of(&engine)).is_err());
        std::os::unix::fs::chown(folder.path(), Some(0), None).unwrap();
    }
    for mode in [0o700, 0o755] {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
        assert!(Cache::open(&options(folder.path()), fingerprint::of(&engine)).is_ok());
    }
}

/// The folder is created for this user alone. A folder that cannot be created is an error, not a
/// panic.
#[test]
fn folder_is_created_private() {
    let folder = TempDir::new().unwrap();
    let within = folder.path().join("a/b");
    Cache::open(&options(&within), fingerprint::of(&engine()))
        .unwrap_or_else(|error| panic!("{error}"));
    let mode = fs::metadata(&within).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for unusable in [file.join("below"), file] {
        let error = Cache::open(&options(&unusable), fingerprint::of(&engine()))
            .err()
            .unwrap();
        assert!(matches!(error, UnusableFolder::Unusable { .. }), "{error}");
    }
}

/// A function that cannot be cached still runs.
#[test]
fn function_runs_without_its_folder() {
    let folder = TempDir::new().unwrap();
    let engine = engine();
    let cache = cache(&folder, &engine);
    fs::remove_dir(folder.path()).unwrap();
    component(&cache, &engine, &small()).unwrap();
    assert!(matches!(miss(&cache, &engine), Miss::Absent));
}

/// Code for other settings is not read. A host without the pool, for example, lays out memories
/// differently.
#[test]
fn settings_have_separate_files() {
    let folder = TempDir::new().unwrap();
    let engine = engine();
    component(&cache(&folder, &engine), &engine, &small()).unwrap();
    let mut other = wasmtime::Config::new();
    other.memory_reservation(0);
    let other = wasmtime::Engine::new(&other).unwrap();
    let cache_of_other = cache(&folder, &other);
    assert!(matches!(miss(&cache_of_other, &other), Miss::Absent));
    component(&cache_of_other, &other, &small()).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

/// Hosts that start at once do not disturb each other, and leave one file.
#[test]
fn concurrent_hosts_share_a_folder() {
    let folder = Arc::new(TempDir::new().unwrap());
    let hosts: Vec<_> = (0..8)
        .map(|_| {
            let folder = Arc::clone(&folder);
            std::thread::spawn(move || {
                let engine = engine();
                let cache = cache(&folder, &engine);
                for _ in 0..8 {
                    component(&cache, &engine, &small()).unwrap();
                    let _ = fs::remove_file(cache.entry(&small()).to_string());
                }
                component(&cache, &engine, &small()).unwrap();
            })
        })
        .collect();
    for host in hosts {
        host.join().unwrap();
    }
    let engine = engine();
    assert!(
        cache(&folder, &engine)
            .entry(&small())
            .load(&engine)
            .is_ok()
    );
    only_file(&folder);
}

/// A use protects a file from eviction.
#[test]
fn use_is_recorded() {
    let folder = TempDir::new().unwrap();
    let engine = engine();
    let cache = cache(&folder, &engine);
    component(&cache, &engine, &small()).unwrap();
    let file = fs::File::open(only_file(&folder)).unwrap();
    let hour = Duration::from_secs(60 * 60);
    let age = || {
        file.metadata()
            .unwrap()
            .modified()
            .unwrap()
            .elapsed()
            .unwrap()
    };
    for (hours_ago, is_marked) in [(23, false), (25, true)] {
        file.set_modified(SystemTime::now() - hour * hours_ago)
            .unwrap();
        assert!(cache.entry(&small()).load(&engine).is_ok());
        assert_eq!(age() < hour, is_marked);
    }
}

/// Anything but a regular file is not followed, not waited for, not read without end, and gets
/// replaced.
#[test]
fn only_regular_files_are_read() {
    let folder = TempDir::new().unwrap();
    let engine = engine();
    let cache = cache(&folder, &engine);
    component(&cache, &engine, &small()).unwrap();
    let file = only_file(&folder);
    let elsewhere = TempDir::new().unwrap();
    let moved = elsewhere.path().join("moved");
    fs::rename(&file, &moved).unwrap();

    std::os::unix::fs::symlink(&moved, &file).unwrap();
    assert!(matches!(miss(&cache, &engine), Miss::NotRegular));
    fs::remove_file(&file).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o400);
    rustix::fs::mknodat(rustix::fs::CWD, &file, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    assert!(matches!(miss(&cache, &engine), Miss::NotRegular));
    component(&cache, &engine, &small()).unwrap();
    assert!(cache.entry(&small()).load(&engine).is_ok());

    fs::remove_file(&file).unwrap();
    let longest = fs::File::create(&file).unwrap();
    longest
        .set_len(1 << 50)
        .or_else(|_| longest.set_len(1 << 40))
        .unwrap();
    assert!(matches!(miss(&cache, &engine), Miss::Damaged));
}

/// Nobody else may be able to replace the folder or one above it. Where only owners can replace
/// entries, as in `/tmp`, the folder is safe.
#[test]
fn replaceable_parent_folder_is_refused() {
    let above = TempDir::new().unwrap();
    let parent = above.path().join("parent");
    let folder = parent.join("folder");
    Cache::open(&options(&folder), [0; 32]).unwrap();
    for (mode, is_usable) in [
        (0o755, true),
        (0o1777, true),
        (0o777, false),
        (0o775, false),
        (0o700, true),
    ] {
        fs::set_permissions(&parent, fs::Permissions::from_mode(mode)).unwrap();
        let opened = Cache::open(&options(&folder), [0; 32]);
        assert_eq!(opened.is_ok(), is_usable, "{mode:o}");
        if let Err(refused) = opened {
            assert!(
                matches!(refused, UnusableFolder::Exposed { .. }),
                "{refused}"
            );
        }
    }
    // A symbolic link in another user's folder is as safe as its target.
    let shared = above.path().join("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o777)).unwrap();
    let link = shared.join("link");
    std::os::unix::fs::symlink(&folder, &link).unwrap();
    let cache = Cache::open(&options(&link), [0; 32]).unwrap();
    assert_eq!(cache.shared.folder, fs::canonicalize(&folder).unwrap());
}
