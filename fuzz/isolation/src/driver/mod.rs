//! The driver, which makes a module a web function.
//!
//! It has `invoke`, which executes the steps of a request, and the functions that `invoke` and the component
//! model call.

mod digest;
mod invoke;
mod steps;

use anyhow::{Result, ensure};
use wasm_encoder::{BlockType, Function, Instruction, MemArg, ValType};

use crate::plan::Plan;
use crate::smith::Smith;

/// The types of the driver's functions, in their order.
pub(crate) const TYPES: [(&[ValType], &[ValType]); OWN_FUNCTIONS] = [
    (&[ValType::I32], &[ValType::I32]),
    (&[ValType::I32; 4], &[ValType::I32]),
    (&[ValType::I32], &[]),
    (&[], &[ValType::I64]),
    (&[ValType::I32, ValType::I64], &[ValType::I64]),
];

/// `invoke`, `cabi_realloc`, `cabi_post`, and two internal functions.
pub(crate) const OWN_FUNCTIONS: usize = 5;

/// The driver of a module, with its indices.
pub(crate) struct Driver<'a> {
    smith: &'a Smith,
    plan: &'a Plan,
    pub(crate) first_type: u32,
    pub(crate) first_function: u32,
    /// The global with the end of the heap; the plan's globals are behind it.
    heap: u32,
    imports: u32,
}

impl<'a> Driver<'a> {
    pub(crate) fn new(smith: &'a Smith, plan: &'a Plan, imports: usize) -> Result<Self> {
        ensure!(!smith.globals.is_empty(), "no global for the fuel");
        Ok(Self {
            smith,
            plan,
            first_type: u32::try_from(smith.types.len())?,
            first_function: u32::try_from(imports + smith.functions.len())?,
            heap: u32::try_from(smith.globals.len())?,
            imports: u32::try_from(imports)?,
        })
    }

    pub(crate) fn functions(&self) -> [Function; OWN_FUNCTIONS] {
        [
            self.invoke(),
            self.realloc(),
            self.post_return(),
            self.digest(),
            self.recurse(),
        ]
    }

    /// Allocates from the heap, aligned to 8, and never frees.
    fn realloc(&self) -> Function {
        use Instruction as I;
        let mut function = Function::new([(1, ValType::I32)]);
        append(
            &mut function,
            &[
                I::GlobalGet(self.heap),
                I::LocalTee(4),
                I::LocalGet(3),
                I::I32Const(7),
                I::I32Add,
                I::I32Const(-8),
                I::I32And,
                I::I32Add,
                I::GlobalSet(self.heap),
                I::LocalGet(4),
                I::End,
            ],
        );
        function
    }

    /// Writes to the memory and a global after the response was read.
    fn post_return(&self) -> Function {
        use Instruction as I;
        let mut function = Function::new([]);
        let at = 70_000 % (self.plan.size() - 64);
        append(
            &mut function,
            &[
                I::I32Const(at.cast_signed()),
                I::I64Const(-0x1122_3344_5566),
                I::I64Store(memory(0)),
                I::GlobalGet(self.heap),
                I::I32Const(77),
                I::I32Add,
                I::GlobalSet(self.heap),
                I::End,
            ],
        );
        function
    }

    /// Recurses, to use the stack.
    fn recurse(&self) -> Function {
        use Instruction as I;
        let mut function = Function::new([]);
        append(
            &mut function,
            &[
                I::LocalGet(0),
                I::I32Eqz,
                I::If(BlockType::Result(ValType::I64)),
                I::LocalGet(1),
                I::Else,
                I::LocalGet(0),
                I::I32Const(1),
                I::I32Sub,
                I::LocalGet(1),
                I::I64Const(3),
                I::I64Mul,
                I::Call(self.first_function + 4),
                I::LocalGet(1),
                I::I64Xor,
                I::End,
                I::End,
            ],
        );
        function
    }

    /// The mutable globals that a request may set: all but the fuel.
    fn settable(&self) -> impl Iterator<Item = (u32, wasmparser::ValType)> {
        let fuel = self.heap - 1;
        let theirs = (0..).zip(&self.smith.globals);
        let theirs = theirs.filter(move |(number, (_, mutable))| *mutable && *number != fuel);
        let theirs = theirs.map(|(number, (ty, _))| (number, *ty));
        theirs.chain(self.own_globals())
    }

    fn own_globals(&self) -> impl Iterator<Item = (u32, wasmparser::ValType)> {
        (self.heap + 1..).zip(self.plan.globals.iter().map(|(ty, _)| parsed(*ty)))
    }
}

fn parsed(ty: ValType) -> wasmparser::ValType {
    match ty {
        ValType::I32 => wasmparser::ValType::I32,
        ValType::I64 => wasmparser::ValType::I64,
        ValType::F32 => wasmparser::ValType::F32,
        _ => wasmparser::ValType::F64,
    }
}

fn append(function: &mut Function, instructions: &[Instruction<'_>]) {
    for instruction in instructions {
        function.instruction(instruction);
    }
}

fn memory(offset: u64) -> MemArg {
    MemArg {
        offset,
        align: 0,
        memory_index: 0,
    }
}

/// Converts the value on the stack to an i64.
fn to_bits(function: &mut Function, ty: wasmparser::ValType) {
    use Instruction as I;
    use wasmparser::ValType as V;
    match ty {
        V::I32 => append(function, &[I::I64ExtendI32U]),
        V::I64 => {}
        V::F32 => append(function, &[I::I32ReinterpretF32, I::I64ExtendI32U]),
        V::F64 => append(function, &[I::I64ReinterpretF64]),
        V::V128 => append(function, &[I::I64x2ExtractLane(1)]),
        V::Ref(_) => append(function, &[I::RefIsNull, I::I64ExtendI32U]),
    }
}
