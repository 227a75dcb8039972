// Elsewhere nothing is kept.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use wasmtime::component::Component;

use super::entry::Miss;
use super::*;
use crate::compile::fingerprint;

/// One that compiles in no time.
fn small() -> ComponentBytes {
    ComponentBytes::new(
        wat::parse_str("(component (core module $m (func (export \"f\"))))").unwrap(),
    )
}

fn engine() -> wasmtime::Engine {
    wasmtime::Engine::default()
}

fn cache(folder: &TempDir, engine: &wasmtime::Engine) -> Cache {
    Cache::open(folder.path(), fingerprint::of(engine)).unwrap()
}

/// Compiled in this process unless it is kept.
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
        Ok(_) => panic!("it was in the cache"),
    }
}

/// The only file there is.
fn only_file(folder: &TempDir) -> PathBuf {
    let mut files = fs::read_dir(folder).unwrap();
    let file = files.next().unwrap().unwrap().path();
    assert!(files.next().is_none(), "there are more");
    file
}

/// Replaces what is read-only.
fn replace(file: &Path, contents: &[u8]) {
    fs::remove_file(file).unwrap();
    fs::write(file, contents).unwrap();
}

/// What one host compiles, another one loads, and nobody may change the file.
#[test]
fn keeps_what_was_compiled() {
    let folder = TempDir::new().unwrap();
    let first = engine();
    let cache_of_first = cache(&folder, &first);
    assert!(matches!(miss(&cache_of_first, &first), Miss::None));
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

/// A file that is not as it was written is compiled anew, and whole again afterwards.
#[test]
fn replaces_what_is_damaged() {
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

/// A whole file of another function is not taken for this one.
#[test]
fn files_do_not_stand_in_for_each_other() {
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

/// What others may write to is not run: neither a file, nor any in such a folder.
#[test]
fn trusts_nobody_else() {
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
        let refused = Cache::open(folder.path(), fingerprint::of(&engine))
            .err()
            .unwrap();
        assert!(matches!(refused, UnusableFolder::Shared(_)), "{refused}");
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    // Only root can give it away, and take it back.
    if std::os::unix::fs::chown(folder.path(), Some(1), None).is_ok() {
        assert!(Cache::open(folder.path(), fingerprint::of(&engine)).is_err());
        std::os::unix::fs::chown(folder.path(), Some(0), None).unwrap();
    }
    for mode in [0o700, 0o755] {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
        assert!(Cache::open(folder.path(), fingerprint::of(&engine)).is_ok());
    }
}

/// A folder is made for this user alone; one that cannot be made is an error, not the end.
#[test]
fn makes_its_folder() {
    let folder = TempDir::new().unwrap();
    let within = folder.path().join("a/b");
    Cache::open(&within, fingerprint::of(&engine())).unwrap_or_else(|error| panic!("{error}"));
    let mode = fs::metadata(&within).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for unusable in [file.join("below"), file] {
        let error = Cache::open(&unusable, fingerprint::of(&engine()))
            .err()
            .unwrap();
        assert!(matches!(error, UnusableFolder::Unusable { .. }), "{error}");
    }
}

/// A function that cannot be kept runs all the same.
#[test]
fn goes_on_without_its_folder() {
    let folder = TempDir::new().unwrap();
    let engine = engine();
    let cache = cache(&folder, &engine);
    fs::remove_dir(folder.path()).unwrap();
    component(&cache, &engine, &small()).unwrap();
    assert!(matches!(miss(&cache, &engine), Miss::None));
}

/// Code for other settings is not even looked at, such as that of a host without a pool, whose
/// memories are laid out otherwise.
#[test]
fn settings_are_kept_apart() {
    let folder = TempDir::new().unwrap();
    let engine = engine();
    component(&cache(&folder, &engine), &engine, &small()).unwrap();
    let mut other = wasmtime::Config::new();
    other.memory_reservation(0);
    let other = wasmtime::Engine::new(&other).unwrap();
    let cache_of_other = cache(&folder, &other);
    assert!(matches!(miss(&cache_of_other, &other), Miss::None));
    component(&cache_of_other, &other, &small()).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

/// Hosts that start at once do not disturb each other, and leave one file.
#[test]
fn hosts_share_a_folder() {
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

/// A file that is used is not the next to go.
#[test]
fn use_is_remembered() {
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

/// Whatever is in a file's place is not followed, not waited for and not read without end, and makes way.
#[test]
fn only_files_are_read() {
    let folder = TempDir::new().unwrap();
    let engine = engine();
    let cache = cache(&folder, &engine);
    component(&cache, &engine, &small()).unwrap();
    let file = only_file(&folder);
    let elsewhere = TempDir::new().unwrap();
    let moved = elsewhere.path().join("moved");
    fs::rename(&file, &moved).unwrap();

    std::os::unix::fs::symlink(&moved, &file).unwrap();
    assert!(matches!(miss(&cache, &engine), Miss::NotAFile));
    fs::remove_file(&file).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o400);
    rustix::fs::mknodat(rustix::fs::CWD, &file, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    assert!(matches!(miss(&cache, &engine), Miss::NotAFile));
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

/// Nobody else may be able to put another folder in the place of this one, or of one above it; where
/// only the owners of what is there can, as in `/tmp`, it is as good.
#[test]
fn folders_above_are_looked_at() {
    let above = TempDir::new().unwrap();
    let parent = above.path().join("parent");
    let folder = parent.join("folder");
    Cache::open(&folder, [0; 32]).unwrap();
    for (mode, is_usable) in [
        (0o755, true),
        (0o1777, true),
        (0o777, false),
        (0o775, false),
        (0o700, true),
    ] {
        fs::set_permissions(&parent, fs::Permissions::from_mode(mode)).unwrap();
        let opened = Cache::open(&folder, [0; 32]);
        assert_eq!(opened.is_ok(), is_usable, "{mode:o}");
        if let Err(refused) = opened {
            assert!(
                matches!(refused, UnusableFolder::Exposed { .. }),
                "{refused}"
            );
        }
    }
    // A way through somebody else's folder is as good as its end.
    let shared = above.path().join("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o777)).unwrap();
    let link = shared.join("link");
    std::os::unix::fs::symlink(&folder, &link).unwrap();
    let cache = Cache::open(&link, [0; 32]).unwrap();
    assert_eq!(cache.folder, fs::canonicalize(&folder).unwrap());
}
