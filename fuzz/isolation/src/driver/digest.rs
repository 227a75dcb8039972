use wasm_encoder::{BlockType, Function, Instruction as I, ValType};

use super::{Driver, append, memory, to_bits};

/// The locals of the function.
const AT: u32 = 0;
const END: u32 = 1;
const DIGEST: u32 = 2;

impl Driver<'_> {
    /// Digests all state that another request could find: memory, globals, tables, and their sizes.
    pub(super) fn digest(&self) -> Function {
        let mut function = Function::new([(2, ValType::I32), (1, ValType::I64)]);
        digest_memory(&mut function);
        let theirs = (0..).zip(self.smith.globals.iter().map(|(ty, _)| *ty));
        let heap = (self.heap, wasmparser::ValType::I32);
        for (number, ty) in theirs.chain([heap]).chain(self.own_globals()) {
            function.instruction(&I::GlobalGet(number));
            to_bits(&mut function, ty);
            mix(&mut function);
        }
        for (table, ty) in (0..).zip(&self.smith.tables) {
            if !ty.table64 {
                digest_table(&mut function, table);
            }
        }
        append(&mut function, &[I::LocalGet(DIGEST), I::End]);
        function
    }
}

fn digest_memory(function: &mut Function) {
    append(
        function,
        &[
            I::MemorySize(0),
            I::I32Const(16),
            I::I32Shl,
            I::LocalSet(END),
            I::Loop(BlockType::Empty),
            I::LocalGet(AT),
            I::I64Load(memory(0)),
        ],
    );
    mix(function);
    append(
        function,
        &[
            I::LocalGet(AT),
            I::I32Const(8),
            I::I32Add,
            I::LocalTee(AT),
            I::LocalGet(END),
            I::I32LtU,
            I::BrIf(0),
            I::End,
            I::MemorySize(0),
            I::I64ExtendI32U,
        ],
    );
    mix(function);
}

/// Digests the size of a table, and which of its elements are null.
fn digest_table(function: &mut Function, table: u32) {
    append(function, &[I::TableSize(table), I::I64ExtendI32U]);
    mix(function);
    append(
        function,
        &[
            I::I32Const(0),
            I::LocalSet(AT),
            I::Block(BlockType::Empty),
            I::Loop(BlockType::Empty),
            I::LocalGet(AT),
            I::TableSize(table),
            I::I32GeU,
            I::BrIf(1),
            I::LocalGet(AT),
            I::TableGet(table),
            I::RefIsNull,
            I::I64ExtendI32U,
        ],
    );
    mix(function);
    append(
        function,
        &[
            I::LocalGet(AT),
            I::I32Const(1),
            I::I32Add,
            I::LocalSet(AT),
            I::Br(0),
            I::End,
            I::End,
        ],
    );
}

/// Mixes the i64 on the stack into the digest.
fn mix(function: &mut Function) {
    append(
        function,
        &[
            I::LocalGet(DIGEST),
            I::I64Xor,
            I::I64Const(0x0100_0000_01b3),
            I::I64Mul,
            I::I64Const(7),
            I::I64Rotl,
            I::LocalSet(DIGEST),
        ],
    );
}
