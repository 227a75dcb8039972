use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::{ComponentItem, Type};

/// Whether a component imports a function that returns a handle.
///
/// Otherwise an instance has only one handle, that of the request. Its handle table is the same
/// after a call as before it, if the table is empty again. With two handles, the order of their
/// removal would show: the next call could get the same indices in another order.
pub(super) fn imports_return_handles(component: &Component, engine: &Engine) -> bool {
    let component = component.component_type();
    let mut imports = component.imports(engine);
    imports.any(|(_, import)| returns_handles(&import.ty, engine))
}

fn returns_handles(item: &ComponentItem, engine: &Engine) -> bool {
    match item {
        ComponentItem::ComponentInstance(instance) => {
            let mut exports = instance.exports(engine);
            exports.any(|(_, export)| returns_handles(&export.ty, engine))
        }
        ComponentItem::ComponentFunc(function) => {
            let mut results = function.results();
            function.async_() || results.any(|result| may_contain_handle(&result))
        }
        ComponentItem::Type(_) | ComponentItem::Resource(_) => false,
        _ => true,
    }
}

fn may_contain_handle(ty: &Type) -> bool {
    match ty {
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
        | Type::String
        | Type::Enum(_)
        | Type::Flags(_) => false,
        Type::List(list) => may_contain_handle(&list.ty()),
        Type::Record(record) => record.fields().any(|field| may_contain_handle(&field.ty)),
        Type::Tuple(tuple) => tuple.types().any(|ty| may_contain_handle(&ty)),
        Type::Variant(variant) => {
            let mut types = variant.cases().filter_map(|case| case.ty);
            types.any(|ty| may_contain_handle(&ty))
        }
        Type::Option(option) => may_contain_handle(&option.ty()),
        Type::Result(result) => [result.ok(), result.err()]
            .iter()
            .flatten()
            .any(may_contain_handle),
        _ => true,
    }
}
