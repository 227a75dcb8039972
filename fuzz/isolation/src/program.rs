//! The program in a request's body, which a driver executes.
//!
//! It has a few steps of 16 bytes each. They leave data behind, search for data of other requests, or end
//! the invocation.

use crate::plan::Plan;

/// The operation of a step, by its number (see `driver`).
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(crate) enum Step {
    /// Calls a function of the module.
    Call,
    Store,
    Fill,
    Copy,
    Load,
    Grow,
    SetGlobal,
    /// Mixes the whole memory, the globals and the tables into the answer.
    Digest,
    Trap,
    Recurse,
    /// Drops the request's body, or keeps it.
    DropBody,
    Write,
    SetTable,
    Query,
    /// Reads a page, whether it is mapped or not.
    ReadPage,
    /// Writes a zero, which maps a page without changing its contents.
    Touch,
}

/// A program that only digests the instance.
pub(crate) fn digest() -> Vec<u8> {
    let mut program = Vec::new();
    push(&mut program, Step::Digest, 0, 0, 0, 0);
    program
}

/// A program that writes a zero to an address.
pub(crate) fn touch(at: u32) -> Vec<u8> {
    let mut program = Vec::new();
    push(&mut program, Step::Touch, 0, 0, at, 0);
    program
}

/// A program that writes to a page.
pub(crate) fn fill(at: u32) -> Vec<u8> {
    let mut program = Vec::new();
    push(&mut program, Step::Fill, 0, 100, at, 7);
    program
}

pub(crate) fn random(random: &mut fastrand::Rng, plan: &Plan) -> Vec<u8> {
    let digests = random.u32(0..10);
    let mut program = Vec::new();
    if digests == 0 {
        program.extend(digest());
    }
    for _ in 0..random.u32(0..10) {
        step(&mut program, random, plan.size());
    }
    if digests == 1 {
        program.extend(digest());
    }
    program
}

fn step(program: &mut Vec<u8>, random: &mut fastrand::Rng, size: u32) {
    // Mostly an address that other programs write to as well.
    let near = random.f64() < 0.6;
    let at = if near {
        random.u32(0..20_000)
    } else {
        random.u32(0..size)
    };
    let (k, x, b, c) = (
        random.u8(..),
        random.u16(..),
        random.u32(..),
        random.u32(..),
    );
    let within = random.u32(0..size);
    let long = if random.f64() < 0.8 { x % 1024 } else { x };
    match random.u32(0..100) {
        0..=29 => push(
            program,
            Step::Call,
            k % 24,
            x,
            if random.bool() { at } else { b },
            c,
        ),
        30..=47 => push(program, Step::Store, k, x, at, c),
        48..=55 => push(program, Step::Fill, k, long, at, c | 1),
        56..=61 => push(program, Step::Copy, k, x, at, within),
        62..=69 => push(program, Step::Load, k, x, at, c),
        70..=71 => push(program, Step::Grow, k, x, b, c),
        72..=83 => push(program, Step::SetGlobal, k % 40, x, b, c),
        84 => push(program, Step::Digest, 0, 0, 0, 0),
        85 | 87 => push(program, Step::SetTable, k, x, b, c),
        86 => push(program, Step::Trap, 0, 0, 0, 0),
        88 => push(program, Step::Recurse, 0, 0, b, 0),
        89 => push(program, Step::DropBody, 0, 0, b, 0),
        90..=91 => push(program, Step::Write, k, x, at, c),
        92..=94 => push(program, Step::Query, 0, 0, 0, 0),
        95..=97 => push(program, Step::ReadPage, 0, 0, within, 0),
        _ => push(program, Step::Touch, 0, 0, within, 0),
    }
}

fn push(program: &mut Vec<u8>, step: Step, k: u8, x: u16, b: u32, c: u32) {
    program.extend([step as u8, k]);
    program.extend(x.to_le_bytes());
    program.extend(b.to_le_bytes());
    program.extend(c.to_le_bytes());
    program.extend([0; 4]);
}
