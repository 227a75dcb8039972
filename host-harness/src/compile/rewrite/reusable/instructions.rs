use wasmparser::{FunctionBody, Operator, for_each_operator};

use super::unknown;
use crate::compile::NotReusable;
use crate::pool::seeded_bugs::{self, Bug};

/// Fails unless a function body changes nothing but locals, memory and globals.
pub(super) fn changes_only_memory_and_globals(
    function: &FunctionBody<'_>,
) -> Result<(), NotReusable> {
    let mut operators = function.get_operators_reader().map_err(unknown)?;
    while !operators.eof() {
        check(&operators.read().map_err(unknown)?)?;
    }
    Ok(())
}

/// Fails unless the instruction is of an examined proposal, and neither changes a table nor drops a
/// segment.
fn check(operator: &Operator<'_>) -> Result<(), NotReusable> {
    if seeded_bugs::is_on(Bug::InstructionsUnchecked) {
        return Ok(());
    }
    let is_known = match operator {
        Operator::TableSet { .. }
        | Operator::TableGrow { .. }
        | Operator::TableFill { .. }
        | Operator::TableCopy { .. }
        | Operator::TableInit { .. }
        | Operator::ElemDrop { .. }
        | Operator::MemoryInit { .. }
        | Operator::DataDrop { .. } => return Err(NotReusable::Segments),
        other => matches!(
            proposal(other),
            "mvp"
                | "sign_extension"
                | "saturating_float_to_int"
                | "bulk_memory"
                | "reference_types"
                | "tail_call"
                | "simd"
                | "relaxed_simd"
        ),
    };
    is_known.then_some(()).ok_or(NotReusable::Instructions)
}

/// The proposal that added an instruction.
fn proposal(operator: &Operator<'_>) -> &'static str {
    macro_rules! proposals {
        ($(@$proposal:ident $op:ident $({ $($payload:tt)* })? => $visit:ident ($($arity:tt)*))*) => {
            match operator {
                $(Operator::$op { .. } => stringify!($proposal),)*
                _ => "",
            }
        };
    }
    for_each_operator!(proposals)
}
