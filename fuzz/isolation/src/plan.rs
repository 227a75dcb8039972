use wasm_encoder::{ConstExpr, Ieee32, Ieee64, ValType};

/// The properties of a driver.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The size of the memory, in pages of WebAssembly.
    pub(crate) min_pages: u32,
    pub(crate) max_pages: Option<u32>,
    /// The address of the driver's scratch memory, for results of host calls.
    pub(crate) scratch: u32,
    /// Whether the driver reads the request's body as a whole, or in pieces.
    pub(crate) collect: bool,
    pub(crate) post_return: bool,
    /// Whether the driver has an instruction that changes a table.
    pub(crate) mutates: bool,
    pub(crate) globals: Vec<(ValType, u64)>,
    /// The initial data of the memory, with their addresses.
    pub(crate) data: Vec<(u32, Vec<u8>)>,
}

const WASM_PAGE: u32 = 65_536;

impl Plan {
    pub(crate) fn new(random: &mut fastrand::Rng) -> Self {
        let min_pages = random.u32(3..20) + if random.f64() < 0.1 { 30 } else { 0 };
        let size = min_pages * WASM_PAGE;
        let data = (0..random.u32(0..6)).map(|_| data(random, size)).collect();
        let globals = (0..random.u32(0..9)).map(|_| global(random)).collect();
        let more = random.u32(0..4);
        Self {
            min_pages,
            max_pages: (random.f64() < 0.3).then_some(min_pages + more),
            scratch: random.u32(1..size - 40_000) & !7,
            collect: random.f64() < 0.4,
            post_return: random.f64() < 0.6,
            mutates: random.f64() < 0.3,
            globals,
            data,
        }
    }

    /// The initial size of the memory in bytes.
    pub(crate) fn size(&self) -> u32 {
        self.min_pages * WASM_PAGE
    }
}

fn data(random: &mut fastrand::Rng, size: u32) -> (u32, Vec<u8>) {
    let large = if random.f64() < 0.1 { 100_000 } else { 60 };
    let lengths = [8, 100, 5000, 20_000, large];
    let length: u32 = random.choice(lengths).unwrap_or(8);
    let mut bytes = vec![0; length as usize];
    if random.bool() {
        random.fill(&mut bytes);
    } else {
        bytes.iter_mut().step_by(97).for_each(|byte| *byte = 0x5a);
    }
    (random.u32(0..size - length), bytes)
}

/// A random global. One in five is a NaN with specific bits.
fn global(random: &mut fastrand::Rng) -> (ValType, u64) {
    let types = [ValType::I32, ValType::I64, ValType::F32, ValType::F64];
    let ty = random.choice(types).unwrap_or(ValType::I32);
    let not_a_number = match ty {
        ValType::F32 => 0x7fa0_1234,
        _ => 0x7ff4_dead_beef_0001,
    };
    let bits = if random.f64() < 0.2 {
        not_a_number
    } else {
        random.u64(..)
    };
    (ty, bits)
}

/// The initializer of a global with these bits.
pub(crate) fn expression(ty: ValType, bits: u64) -> ConstExpr {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the lower bits are what is meant"
    )]
    match ty {
        ValType::I32 => ConstExpr::i32_const(bits as i32),
        ValType::I64 => ConstExpr::i64_const(bits.cast_signed()),
        ValType::F32 => ConstExpr::f32_const(Ieee32::new(bits as u32)),
        _ => ConstExpr::f64_const(Ieee64::new(bits)),
    }
}
