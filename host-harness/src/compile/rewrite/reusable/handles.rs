use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::{ComponentItem, Type};

/// Whether a component imports a function that gives it a handle.
///
/// One that does not has a single handle, that of the request, as long as it has it: its table of
/// handles is the same after a call as it was before, if it is empty then. After two, in whichever
/// order they went, the next call could get the same ones in another order.
pub(super) fn imports_return_handles(component: &Component, engine: &Engine) -> bool {
    let component = component.component_type();
    let mut imports = component.imports(engine);
    imports.any(|(_, import)| gives(&import.ty, engine))
}

fn gives(item: &ComponentItem, engine: &Engine) -> bool {
    match item {
        ComponentItem::ComponentInstance(instance) => {
            let mut exports = instance.exports(engine);
            exports.any(|(_, export)| gives(&export.ty, engine))
        }
        ComponentItem::ComponentFunc(function) => {
            let mut results = function.results();
            function.async_() || results.any(|result| may_have_handle(&result))
        }
        ComponentItem::Type(_) | ComponentItem::Resource(_) => false,
        _ => true,
    }
}

fn may_have_handle(ty: &Type) -> bool {
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
        Type::List(list) => may_have_handle(&list.ty()),
        Type::Record(record) => record.fields().any(|field| may_have_handle(&field.ty)),
        Type::Tuple(tuple) => tuple.types().any(|ty| may_have_handle(&ty)),
        Type::Variant(variant) => {
            let mut types = variant.cases().filter_map(|case| case.ty);
            types.any(|ty| may_have_handle(&ty))
        }
        Type::Option(option) => may_have_handle(&option.ty()),
        Type::Result(result) => [result.ok(), result.err()]
            .iter()
            .flatten()
            .any(may_have_handle),
        _ => true,
    }
}
