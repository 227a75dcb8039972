//! Shared by the encodings that wrap a value.

use std::error::Error;
use std::fmt;

/// The longest body that an encoding decodes unless told otherwise.
pub(super) const LIMIT: u64 = 2 * 1024 * 1024;

/// A library's error, of which only the text is of use. Its own `Debug` would be part of every
/// function.
pub(super) struct Text<E>(pub(super) E);

impl<E: fmt::Display> fmt::Display for Text<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: fmt::Display> fmt::Debug for Text<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: fmt::Display> Error for Text<E> {}

/// The parts of an encoding `$name<T>` that do not depend on its format: how its value is reached,
/// and decoding up to its limit.
macro_rules! wrapper {
    ($name:ident, $($bound:tt)+) => {
        impl<T> $name<T> {
            /// The longest body that is decoded, in bytes: 2 MiB. A longer one is refused before
            /// it is copied into the function. [`Limited`](crate::encoding::Limited) sets another.
            pub const LIMIT: u64 = crate::encoding::wrapper::LIMIT;
        }

        impl<T: $($bound)+> crate::encoding::Decode for $name<T> {
            type Error = crate::encoding::DecodeError;

            fn decode(data: crate::Data) -> Result<Self, crate::encoding::DecodeError> {
                crate::encoding::DecodeUpTo::decode_up_to(data, Self::LIMIT)
            }
        }

        impl<T: $($bound)+> crate::encoding::DecodeUpTo for $name<T> {
            fn decode_up_to(
                data: crate::Data,
                limit: u64,
            ) -> Result<Self, crate::encoding::DecodeError> {
                Self::from_bytes(&data.into_bytes_up_to(limit)?)
            }
        }

        impl<T> std::ops::Deref for $name<T> {
            type Target = T;

            fn deref(&self) -> &T {
                &self.0
            }
        }

        impl<T> std::ops::DerefMut for $name<T> {
            fn deref_mut(&mut self) -> &mut T {
                &mut self.0
            }
        }

        impl<T> From<T> for $name<T> {
            fn from(value: T) -> Self {
                Self(value)
            }
        }
    };
}

pub(super) use wrapper;
