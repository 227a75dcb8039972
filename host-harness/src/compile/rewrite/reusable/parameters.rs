use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::{ComponentItem, Type};

/// The maximum number of parameters that are passed without memory.
const MAX_FLAT: usize = 16;

/// Whether an exported function takes a parameter that is passed in the instance's memory.
///
/// The component would allocate this memory before the wrapper sets the globals. Its allocator
/// would run with the globals of the previous request.
pub(super) fn need_memory(component: &Component, engine: &Engine) -> bool {
    let component = component.component_type();
    let mut exports = component.exports(engine);
    exports.any(|(_, export)| needs_memory(&export.ty, engine))
}

fn needs_memory(item: &ComponentItem, engine: &Engine) -> bool {
    match item {
        ComponentItem::ComponentInstance(instance) => {
            let mut exports = instance.exports(engine);
            exports.any(|(_, export)| needs_memory(&export.ty, engine))
        }
        ComponentItem::ComponentFunc(function) => {
            let mut parameters = function.params();
            parameters.len() > MAX_FLAT || parameters.any(|(_, ty)| !is_one_number(&ty))
        }
        ComponentItem::Type(_) | ComponentItem::Resource(_) => false,
        _ => true,
    }
}

/// Whether every value of the type is passed as one number.
fn is_one_number(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Bool
            | Type::S8
            | Type::U8
            | Type::S16
            | Type::U16
            | Type::S32
            | Type::U32
            | Type::S64
            | Type::U64
            | Type::Float32
            | Type::Float64
            | Type::Char
            | Type::Enum(_)
            | Type::Own(_)
            | Type::Borrow(_)
    )
}
