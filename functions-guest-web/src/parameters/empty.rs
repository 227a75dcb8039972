//! What an empty value is, where there may be none.

use std::any::TypeId;
use std::marker::PhantomData;
use std::num::NonZero;

/// Whether nothing between the separators is `None` for `T`, an `Option`: of a number, or of a yes
/// or no, of which a form sends just that where the field was left blank. An empty text is a text.
///
/// It is what `serde_html_form` does, and not axum, for which it is an error. What is in the
/// `Option` cannot be tried first: serde gives it up with the first try.
pub(super) fn is_none<T: ?Sized>() -> bool {
    let id = id::<T>();
    macro_rules! is_option_of {
        ($($type:ty)*) => {
            false $(|| id == TypeId::of::<Option<$type>>())*
        };
    }
    is_option_of! {
        bool f32 f64
        i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize
        NonZero<i8> NonZero<i16> NonZero<i32> NonZero<i64> NonZero<i128> NonZero<isize>
        NonZero<u8> NonZero<u16> NonZero<u32> NonZero<u64> NonZero<u128> NonZero<usize>
    }
}

/// The id of a type, of which the lifetimes do not matter: serde's visitors do not say that theirs
/// are static.
fn id<T: ?Sized>() -> TypeId {
    trait Identified {
        fn id(&self) -> TypeId
        where
            Self: 'static;
    }

    impl<T: ?Sized> Identified for PhantomData<T> {
        fn id(&self) -> TypeId
        where
            Self: 'static,
        {
            TypeId::of::<T>()
        }
    }

    let marker: &dyn Identified = &PhantomData::<T>;
    #[expect(unsafe_code, reason = "there is no safe way to it")]
    // SAFETY: only the bound changes, and what is called looks at no value: there is none.
    let marker: &(dyn Identified + 'static) = unsafe { std::mem::transmute(marker) };
    marker.id()
}
