use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::{ComponentItem, Type};

/// How many parameters are passed without memory.
const MAX: usize = 16;

/// Whether a function that a component exports takes a parameter that lies in the instance's memory.
///
/// The component would be asked for that memory before its function is called, and so before its
/// globals are set: its allocator would run with those of the request before.
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
            parameters.len() > MAX || parameters.any(|(_, ty)| !is_one_number(&ty))
        }
        ComponentItem::Type(_) | ComponentItem::Resource(_) => false,
        _ => true,
    }
}

/// Whether it is passed as one number, whatever its value is.
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
