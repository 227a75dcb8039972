use super::*;
use binary::{COMPONENT, component, leb, module, section};

/// Binaries written by hand, because no tool writes them.
mod binary {
    pub(super) const COMPONENT: [u8; 8] = [0, b'a', b's', b'm', 13, 0, 1, 0];
    const MODULE: [u8; 8] = [0, b'a', b's', b'm', 1, 0, 0, 0];

    pub(super) fn leb(mut number: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while number >= 128 {
            bytes.push(u8::try_from(number % 128).unwrap() | 128);
            number /= 128;
        }
        bytes.push(u8::try_from(number).unwrap());
        bytes
    }

    pub(super) fn section(id: u8, contents: &[u8]) -> Vec<u8> {
        [&[id][..], &leb(contents.len()), contents].concat()
    }

    pub(super) fn component(sections: &[Vec<u8>]) -> Vec<u8> {
        [&COMPONENT[..], &sections.concat()].concat()
    }

    /// A component with a module with one function.
    pub(super) fn module(body: &[u8]) -> Vec<u8> {
        let body = [&[0][..], body].concat();
        let code = [&[1][..], &leb(body.len()), &body].concat();
        let ty = section(1, &[1, 0x60, 0, 0]);
        let function = section(3, &[1, 0]);
        let module = [&MODULE[..], &ty, &function, &section(10, &code)].concat();
        component(&[section(1, &module)])
    }
}

/// Nested components, in an outermost one.
fn components(depth: usize) -> Vec<u8> {
    (0..depth).fold(COMPONENT.to_vec(), |within, _| {
        component(&[section(4, &within)])
    })
}

/// A type with this many nested types.
fn types(depth: usize, kind: u8) -> Vec<u8> {
    let mut contents = vec![1];
    for _ in 1..depth {
        contents.extend([kind, 1, DECLARED_TYPE]);
    }
    contents.extend([kind, 0]);
    component(&[section(7, &contents)])
}

fn blocks(depth: usize, kind: u8) -> Vec<u8> {
    let mut body = [kind, 0x40].repeat(depth);
    body.extend(vec![0x0b; depth + 1]);
    module(&body)
}

/// A component at each limit is valid for wasmtime too; one level deeper is refused.
#[test]
fn nesting_beyond_each_limit_is_refused() {
    let engine = wasmtime::Engine::default();
    let valid = |component: &[u8]| {
        check(component).unwrap();
        wasmtime::component::Component::new(&engine, component).unwrap();
    };
    valid(&components(MAX_COMPONENT_DEPTH));
    let refused = check(&components(MAX_COMPONENT_DEPTH + 1)).unwrap_err();
    assert!(matches!(refused, TooNested::Components), "{refused}");
    for kind in [COMPONENT_TYPE, INSTANCE_TYPE] {
        valid(&types(MAX_TYPE_DEPTH, kind));
        let refused = check(&types(MAX_TYPE_DEPTH + 1, kind)).unwrap_err();
        assert!(matches!(refused, TooNested::Types), "{refused}");
    }
    valid(&blocks(MAX_BLOCK_DEPTH, 0x02));
    let refused = check(&blocks(MAX_BLOCK_DEPTH + 1, 0x02)).unwrap_err();
    assert!(matches!(refused, TooNested::Blocks), "{refused}");
    valid(&blocks(MAX_LOOP_DEPTH, 0x03));
    let refused = check(&blocks(MAX_LOOP_DEPTH + 1, 0x03)).unwrap_err();
    assert!(matches!(refused, TooNested::Loops), "{refused}");
    let parts = |number| component(&vec![section(4, &COMPONENT); number]);
    valid(&parts(MAX_PARTS));
    let refused = check(&parts(MAX_PARTS + 1)).unwrap_err();
    assert!(matches!(refused, TooNested::Parts), "{refused}");
}

/// A million levels, or a million items on one level, exhaust neither the stack nor the time of the
/// scan.
#[test]
fn scan_is_linear_without_recursion() {
    const MANY: usize = 1_000_000;
    let refused = check(&types(MANY, INSTANCE_TYPE)).unwrap_err();
    assert!(matches!(refused, TooNested::Types), "{refused}");
    let refused = check(&blocks(MANY, 0x02)).unwrap_err();
    assert!(matches!(refused, TooNested::Blocks), "{refused}");
    let flat = [leb(MANY / 4), [INSTANCE_TYPE, 0].repeat(MANY / 4)].concat();
    check(&component(&[section(7, &flat)])).unwrap();
    let flat = [[0x02, 0x40, 0x0b].repeat(MANY / 4), vec![0x0b]].concat();
    check(&module(&flat)).unwrap();
}

/// Levels are counted down as well as up: nested types may be followed by others.
#[test]
fn sibling_levels_do_not_add_up() {
    // Twice as many types as may nest: each lies within the previous one or beside it.
    let one = [INSTANCE_TYPE, 1, DECLARED_TYPE, INSTANCE_TYPE, 0];
    let contents = [leb(MAX_TYPE_DEPTH), one.repeat(MAX_TYPE_DEPTH)].concat();
    check(&component(&[section(7, &contents)])).unwrap();
    let body = [[0x02, 0x40, 0x0b].repeat(MAX_BLOCK_DEPTH + 1), vec![0x0b]].concat();
    check(&module(&body)).unwrap();
    let body = [[0x03, 0x40, 0x0b].repeat(MAX_LOOP_DEPTH + 1), vec![0x0b]].concat();
    check(&module(&body)).unwrap();
}

/// A truncated or unknown type is refused, because others would read on.
#[test]
fn unreadable_types_are_refused() {
    for cut in 9..types(3, INSTANCE_TYPE).len() {
        let refused = check(&types(3, INSTANCE_TYPE)[..cut]).unwrap_err();
        assert!(matches!(refused, TooNested::Unreadable(_)), "{refused}");
    }
    let unknown = component(&[section(7, &[1, INSTANCE_TYPE, 1, 0x77])]);
    let refused = check(&unknown).unwrap_err();
    assert!(matches!(refused, TooNested::Unreadable(_)), "{refused}");
}

/// Functions made with the SDK are far below all limits.
#[test]
fn sdk_functions_pass() {
    for (name, file) in test_guests::EXAMPLES {
        let refused = check(&std::fs::read(file).unwrap());
        assert!(refused.is_ok(), "{name}: {refused:?}");
    }
}
