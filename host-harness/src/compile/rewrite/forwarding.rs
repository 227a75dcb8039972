use wasm_encoder::{Function, Instruction};

/// A function that runs `before`, and then passes its parameters on to `call`.
pub(super) fn forwarding(
    before: &[Instruction<'_>],
    parameters: u32,
    call: &[Instruction<'_>],
) -> Function {
    let mut function = Function::new([]);
    for instruction in before {
        function.instruction(instruction);
    }
    for parameter in 0..parameters {
        function.instruction(&Instruction::LocalGet(parameter));
    }
    for instruction in call {
        function.instruction(instruction);
    }
    function.instruction(&Instruction::End);
    function
}
