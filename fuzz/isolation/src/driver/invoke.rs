use wasm_encoder::{BlockType, Function, Instruction as I, ValType};

use super::{Driver, append, memory};

/// The locals of `invoke`: the handle of the request's body, the start and end of its program, the parts of
/// a step, the answer, and the last address at which 64 bytes may be written.
pub(super) const BODY: u32 = 0;
const AT: u32 = 1;
const END: u32 = 2;
pub(super) const STEP: u32 = 3;
pub(super) const K: u32 = 4;
pub(super) const X: u32 = 5;
pub(super) const B: u32 = 6;
pub(super) const C: u32 = 7;
pub(super) const ANSWER: u32 = 8;
pub(super) const LIMIT: u32 = 9;

/// The indices of the imports (see `weave`).
const READ: u32 = 0;
const INTO_BYTES: u32 = 1;
pub(super) const DROP: u32 = 2;
pub(super) const QUERY: u32 = 3;
pub(super) const WRITE: u32 = 4;

impl Driver<'_> {
    pub(super) fn invoke(&self) -> Function {
        let mut function = Function::new([(7, ValType::I32), (1, ValType::I64), (1, ValType::I32)]);
        // The number of the body's handle should be the same in every instance.
        append(
            &mut function,
            &[I::LocalGet(BODY), I::I64ExtendI32U, I::LocalSet(ANSWER)],
        );
        if self.plan.collect {
            self.take_whole_program(&mut function);
        } else {
            self.read_program(&mut function);
        }
        append(
            &mut function,
            &[
                I::Block(BlockType::Empty),
                I::Loop(BlockType::Empty),
                I::LocalGet(AT),
                I::LocalGet(END),
                I::I32GeU,
                I::BrIf(1),
            ],
        );
        next_step(&mut function);
        self.steps(&mut function);
        append(&mut function, &[I::Br(0), I::End, I::End]);
        if !self.plan.collect {
            let drop = [I::LocalGet(BODY), I::If(BlockType::Empty)];
            append(&mut function, &drop);
            append(&mut function, &[I::LocalGet(BODY), I::Call(DROP), I::End]);
        }
        self.respond(&mut function);
        function
    }

    fn scratch(&self, offset: i32) -> I<'static> {
        I::I32Const(self.plan.scratch.cast_signed() + offset)
    }

    /// The address of a query's result.
    pub(super) fn scratch_of_query(&self) -> I<'static> {
        self.scratch(64)
    }

    fn take_whole_program(&self, function: &mut Function) {
        append(
            function,
            &[
                I::LocalGet(BODY),
                I::I32Const(0),
                I::I64Const(0),
                self.scratch(0),
                I::Call(INTO_BYTES),
                self.scratch(0),
                I::I32Load8U(memory(0)),
                I::If(BlockType::Empty),
                I::Unreachable,
                I::End,
                self.scratch(0),
                I::I32Load(memory(8)),
                I::LocalTee(AT),
                self.scratch(0),
                I::I32Load(memory(12)),
                I::I32Add,
                I::LocalSet(END),
            ],
        );
    }

    /// Reads the program. Pieces are contiguous if their lengths are multiples of 16.
    fn read_program(&self, function: &mut Function) {
        append(
            function,
            &[
                I::GlobalGet(self.heap),
                I::LocalTee(AT),
                I::LocalSet(END),
                I::Block(BlockType::Empty),
                I::Loop(BlockType::Empty),
                I::LocalGet(BODY),
                I::I32Const(4096),
                self.scratch(0),
                I::Call(READ),
                self.scratch(0),
                I::I32Load8U(memory(0)),
                I::BrIf(1),
                self.scratch(0),
                I::I32Load8U(memory(8)),
                I::I32Eqz,
                I::BrIf(1),
                self.scratch(0),
                I::I32Load(memory(12)),
                self.scratch(0),
                I::I32Load(memory(16)),
                I::I32Add,
                I::LocalSet(END),
                I::Br(0),
                I::End,
                I::End,
            ],
        );
    }

    /// Responds with the answer of the steps, and the size of the memory.
    fn respond(&self, function: &mut Function) {
        append(
            function,
            &[
                self.scratch(256),
                I::LocalGet(ANSWER),
                I::I64Store(memory(0)),
                self.scratch(264),
                I::MemorySize(0),
                I::I32Store(memory(0)),
                self.scratch(128),
                I::I64Const(0),
                I::I64Store(memory(0)),
            ],
        );
        let body = self.plan.scratch.cast_signed() + 256;
        for (offset, value) in [(4, 200), (8, 4), (12, 0), (16, 1), (20, body), (24, 12)] {
            let store = I::I32Store(memory(offset));
            append(function, &[self.scratch(128), I::I32Const(value), store]);
        }
        append(function, &[self.scratch(128), I::End]);
    }
}

/// Reads the parts of a step.
fn next_step(function: &mut Function) {
    for (load, to) in [
        (I::I32Load8U(memory(0)), STEP),
        (I::I32Load8U(memory(1)), K),
        (I::I32Load16U(memory(2)), X),
        (I::I32Load(memory(4)), B),
        (I::I32Load(memory(8)), C),
    ] {
        append(function, &[I::LocalGet(AT), load, I::LocalSet(to)]);
    }
    append(
        function,
        &[
            I::LocalGet(AT),
            I::I32Const(16),
            I::I32Add,
            I::LocalSet(AT),
            I::MemorySize(0),
            I::I32Const(16),
            I::I32Shl,
            I::I32Const(64),
            I::I32Sub,
            I::LocalSet(LIMIT),
        ],
    );
}
