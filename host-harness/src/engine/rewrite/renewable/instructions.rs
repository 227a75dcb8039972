use wasmparser::{FunctionBody, Operator, for_each_operator};

/// Whether a function changes nothing but locals, memory and globals, whatever it calls.
pub(super) fn change_only_memory_and_globals(function: &FunctionBody<'_>) -> Option<bool> {
    let mut operators = function.get_operators_reader().ok()?;
    while !operators.eof() {
        if !is_known(&operators.read().ok()?) {
            return Some(false);
        }
    }
    Some(true)
}

/// Whether an instruction is one of those that were looked at, and is none that changes a table or
/// drops a segment.
fn is_known(operator: &Operator<'_>) -> bool {
    match operator {
        Operator::TableSet { .. }
        | Operator::TableGrow { .. }
        | Operator::TableFill { .. }
        | Operator::TableCopy { .. }
        | Operator::TableInit { .. }
        | Operator::ElemDrop { .. }
        | Operator::MemoryInit { .. }
        | Operator::DataDrop { .. } => false,
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
    }
}

/// With which part of the standard an instruction came.
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
