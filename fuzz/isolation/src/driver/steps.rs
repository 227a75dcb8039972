use wasm_encoder::{BlockType, Function, HeapType, Instruction as I, ValType};

use super::invoke::{ANSWER, B, BODY, C, DROP, K, LIMIT, QUERY, STEP, WRITE, X};
use super::{Driver, append, memory, to_bits};
use crate::program::Step;

/// The maximum number of a module's functions that a request can call.
const CALLED: usize = 24;

/// A writable address, from one of the parts of a step.
fn address(of: u32) -> [I<'static>; 3] {
    [I::LocalGet(of), I::LocalGet(LIMIT), I::I32RemU]
}

/// Mixes the i64 on the stack into the answer.
fn answer(function: &mut Function, rotate: i64) {
    append(
        function,
        &[
            I::LocalGet(ANSWER),
            I::I64Const(rotate),
            I::I64Rotl,
            I::I64Xor,
            I::LocalSet(ANSWER),
        ],
    );
}

fn on(function: &mut Function, step: Step, body: impl FnOnce(&mut Function)) {
    let number = I::I32Const(i32::from(step as u8));
    append(
        function,
        &[I::LocalGet(STEP), number, I::I32Eq, I::If(BlockType::Empty)],
    );
    body(function);
    function.instruction(&I::End);
}

impl Driver<'_> {
    /// Executes the step that was read.
    pub(super) fn steps(&self, function: &mut Function) {
        on(function, Step::Call, |function| self.call(function));
        on(function, Step::SetGlobal, |function| {
            self.set_global(function);
        });
        on_memory(function);
        on(function, Step::Digest, |function| {
            function.instruction(&I::Call(self.first_function + 3));
            answer(function, 11);
        });
        on(function, Step::Trap, |function| {
            function.instruction(&I::Unreachable);
        });
        on(function, Step::Recurse, |function| {
            let depth = [I::LocalGet(B), I::I32Const(3000), I::I32RemU];
            append(function, &depth);
            let recurse = I::Call(self.first_function + 4);
            append(
                function,
                &[I::LocalGet(ANSWER), recurse, I::LocalSet(ANSWER)],
            );
        });
        if !self.plan.collect {
            on(function, Step::DropBody, drop_body);
        }
        if self.plan.mutates {
            on(function, Step::SetTable, |function| {
                self.set_table(function);
            });
        }
        on(function, Step::Query, |function| {
            let query = [
                self.scratch_of_query(),
                I::Call(QUERY),
                self.scratch_of_query(),
            ];
            append(function, &query);
            function.instruction(&I::I64Load(memory(4)));
            answer(function, 0);
        });
    }

    /// Calls the function that `k` names, unless a parameter's type cannot be created.
    fn call(&self, function: &mut Function) {
        let functions = self.smith.functions.iter().zip(0_i32..).take(CALLED);
        for (ty, number) in functions {
            let Ok(ty) = self.smith.type_of(*ty) else {
                continue;
            };
            let can_be_made = |ty: &wasmparser::ValType| match ty {
                wasmparser::ValType::Ref(ty) => ty.is_func_ref(),
                _ => true,
            };
            if !ty.params().iter().all(can_be_made) {
                continue;
            }
            let is_it = [I::LocalGet(K), I::I32Const(number), I::I32Eq];
            append(function, &is_it);
            function.instruction(&I::If(BlockType::Empty));
            ty.params().iter().for_each(|ty| parameter(function, *ty));
            function.instruction(&I::Call(self.imports + number.unsigned_abs()));
            for result in ty.results().iter().rev() {
                to_bits(function, *result);
                answer(function, 9);
            }
            function.instruction(&I::End);
        }
    }

    fn set_global(&self, function: &mut Function) {
        use wasmparser::ValType as V;
        for (number, (global, ty)) in (0_i32..).zip(self.settable()) {
            let is_it = [I::LocalGet(K), I::I32Const(63), I::I32And];
            append(function, &is_it);
            let is_it = [I::I32Const(number), I::I32Eq, I::If(BlockType::Empty)];
            append(function, &is_it);
            let value: &[I<'_>] = match ty {
                V::I32 => &[I::LocalGet(B)],
                V::I64 => &[
                    I::LocalGet(ANSWER),
                    I::LocalGet(B),
                    I::I64ExtendI32U,
                    I::I64Add,
                ],
                V::F32 => &[I::LocalGet(B), I::F32ReinterpretI32],
                V::F64 => &[I::LocalGet(ANSWER), I::F64ReinterpretI64],
                V::V128 => &[I::LocalGet(ANSWER), I::I64x2Splat],
                V::Ref(_) => &[],
            };
            if !value.is_empty() {
                append(function, value);
                function.instruction(&I::GlobalSet(global));
            }
            function.instruction(&I::End);
        }
    }

    fn set_table(&self, function: &mut Function) {
        let mut tables = (0..).zip(&self.smith.tables);
        let table = tables.find(|(_, ty)| !ty.table64 && ty.element_type.is_func_ref());
        let Some((table, _)) = table else { return };
        append(
            function,
            &[
                I::TableSize(table),
                I::If(BlockType::Empty),
                I::LocalGet(B),
                I::TableSize(table),
                I::I32RemU,
                I::LocalGet(X),
                I::I32Const(1),
                I::I32And,
                I::If(BlockType::Result(ValType::FUNCREF)),
                I::RefFunc(self.first_function + 1),
                I::Else,
                I::RefNull(HeapType::FUNC),
                I::End,
                I::TableSet(table),
                I::End,
            ],
        );
    }
}

/// The steps that only use the memory.
fn on_memory(function: &mut Function) {
    on(function, Step::Store, |function| {
        append(function, &address(B));
        append(
            function,
            &[I::LocalGet(C), I::I64ExtendI32U, I::LocalGet(ANSWER)],
        );
        append(function, &[I::I64Xor, I::I64Store(memory(0))]);
    });
    on(function, Step::Fill, |function| {
        append(function, &address(B));
        append(
            function,
            &[I::LocalGet(C), I::LocalGet(X), I::I32Const(2), I::I32Shl],
        );
        // The length is limited to the room in the memory.
        function.instruction(&I::LocalGet(LIMIT));
        append(function, &address(B));
        append(function, &[I::I32Sub, I::I32RemU, I::MemoryFill(0)]);
    });
    on(function, Step::Copy, |function| {
        append(function, &address(B));
        append(function, &address(C));
        append(function, &[I::LocalGet(X), I::I32Const(63), I::I32And]);
        let copy = I::MemoryCopy {
            src_mem: 0,
            dst_mem: 0,
        };
        function.instruction(&copy);
    });
    on(function, Step::Load, |function| {
        append(function, &address(B));
        function.instruction(&I::I64Load(memory(0)));
        answer(function, 5);
    });
    on(function, Step::Grow, |function| {
        let pages = [I::LocalGet(B), I::I32Const(3), I::I32And];
        append(function, &pages);
        append(function, &[I::MemoryGrow(0), I::I64ExtendI32U]);
        answer(function, 0);
    });
    on(function, Step::Write, |function| {
        append(function, &[I::LocalGet(X), I::I32Const(1), I::I32And]);
        append(function, &address(B));
        append(
            function,
            &[I::LocalGet(X), I::I32Const(31), I::I32And, I::Call(WRITE)],
        );
    });
    on(function, Step::ReadPage, read_page);
    on(function, Step::Touch, |function| {
        append(function, &address(B));
        append(function, &[I::I32Const(-4096), I::I32And, I::I32Const(0)]);
        function.instruction(&I::I32Store8(memory(0)));
    });
}

fn parameter(function: &mut Function, ty: wasmparser::ValType) {
    use wasmparser::ValType as V;
    let value: &[I<'_>] = match ty {
        V::I32 => &[I::LocalGet(B)],
        V::I64 => &[
            I::LocalGet(ANSWER),
            I::LocalGet(C),
            I::I64ExtendI32U,
            I::I64Xor,
        ],
        V::F32 => &[I::LocalGet(B), I::F32ReinterpretI32],
        V::F64 => &[I::LocalGet(ANSWER), I::F64ReinterpretI64],
        V::V128 => &[I::LocalGet(ANSWER), I::I64x2Splat],
        V::Ref(_) => &[I::RefNull(HeapType::FUNC)],
    };
    append(function, value);
}

fn drop_body(function: &mut Function) {
    append(
        function,
        &[
            I::LocalGet(BODY),
            I::If(BlockType::Empty),
            I::LocalGet(B),
            I::I32Const(1),
            I::I32And,
            I::If(BlockType::Empty),
            I::LocalGet(BODY),
            I::Call(DROP),
            I::End,
            // A body that is not dropped is kept.
            I::I32Const(0),
            I::LocalSet(BODY),
            I::End,
        ],
    );
}

/// Sums up most of a page, which may be unmapped.
fn read_page(function: &mut Function) {
    append(
        function,
        &[
            I::LocalGet(B),
            I::LocalGet(LIMIT),
            I::I32RemU,
            I::I32Const(-4096),
            I::I32And,
            I::LocalTee(X),
            I::I32Const(4032),
            I::I32Add,
            I::LocalSet(C),
            I::Loop(BlockType::Empty),
            I::LocalGet(X),
            I::I64Load(memory(0)),
        ],
    );
    answer(function, 1);
    append(
        function,
        &[
            I::LocalGet(X),
            I::I32Const(8),
            I::I32Add,
            I::LocalTee(X),
            I::LocalGet(C),
            I::I32LtU,
            I::BrIf(0),
            I::End,
        ],
    );
}
