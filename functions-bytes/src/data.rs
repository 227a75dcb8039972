use std::fmt;

use bytes::Bytes;

use crate::__private::bindings::functions::bytes::bytes::{Buffer, Data as WitData};
use crate::reader::Storage;
use crate::{ReadError, Reader};

/// A body: a handle to bytes on the host, which may still be arriving, or bytes of your own.
///
/// Passing a `Data` on, from a request to the response or to an outbound call, moves no byte into
/// the function: the host streams them from one side to the other. Only [`into_bytes`] and
/// [`into_reader`] bring them in.
///
/// ```
/// use functions_bytes::Data;
///
/// let data = Data::from("pong");
/// assert_eq!(data.len(), Some(4));
/// assert_eq!(data.into_bytes()?, b"pong");
/// # Ok::<(), functions_bytes::ReadError>(())
/// ```
///
/// [`into_bytes`]: Data::into_bytes
/// [`into_reader`]: Data::into_reader
#[must_use = "dropping a body tells the host that it is not wanted"]
pub struct Data {
    storage: Storage,
    /// Whether it is the body of a response, rather than of the request that is being answered.
    upstream: bool,
}

impl Data {
    /// Brings all the bytes into the function, waiting for the last of them.
    ///
    /// One copy, into one allocation of exactly their length. The function's memory bounds what
    /// fits: use [`into_reader`](Data::into_reader) for bodies that may be large, or
    /// [`into_bytes_up_to`](Data::into_bytes_up_to) to refuse them.
    ///
    /// # Errors
    ///
    /// [`ReadError::Closed`] when the sender went away before the end, within a
    /// [`ReadError::Upstream`] where that is not the client.
    pub fn into_bytes(self) -> Result<Vec<u8>, ReadError> {
        self.collect(None)
    }

    /// As [`into_bytes`](Data::into_bytes), but refuses more than `limit` bytes before they are
    /// copied into the function.
    ///
    /// ```
    /// use functions_bytes::{Data, ReadError};
    ///
    /// let body = Data::from(vec![0; 1025]);
    /// assert_eq!(body.into_bytes_up_to(1024), Err(ReadError::TooLarge { limit: 1024 }));
    /// ```
    ///
    /// # Errors
    ///
    /// [`ReadError::TooLarge`] when there are more; [`ReadError::Closed`] when the sender went away
    /// before the end. Each within a [`ReadError::Upstream`] where the sender is not the client.
    pub fn into_bytes_up_to(self, limit: u64) -> Result<Vec<u8>, ReadError> {
        self.collect(Some(limit))
    }

    fn at(storage: Storage) -> Self {
        Self {
            storage,
            upstream: false,
        }
    }

    fn collect(self, limit: Option<u64>) -> Result<Vec<u8>, ReadError> {
        let read = match (self.storage, limit) {
            (Storage::Host(buffer), limit) => {
                Buffer::into_bytes(buffer, limit).map_err(ReadError::from_wit)
            }
            (Storage::Memory(bytes), Some(limit)) if bytes.len() as u64 > limit => {
                Err(ReadError::TooLarge { limit })
            }
            (Storage::Memory(bytes), _) => Ok(bytes),
            #[cfg(not(target_family = "wasm"))]
            (Storage::Arriving(arrival), limit) => crate::arrival::collect(arrival, limit),
        };
        read.map_err(|error| error.of(self.upstream))
    }

    /// How many bytes there are, where that is known: `None` while a body that was sent without a
    /// length is still arriving.
    #[must_use]
    pub fn len(&self) -> Option<u64> {
        match &self.storage {
            Storage::Host(buffer) => buffer.length(),
            Storage::Memory(bytes) => Some(bytes.len() as u64),
            #[cfg(not(target_family = "wasm"))]
            Storage::Arriving(arrival) => arrival.length(),
        }
    }

    /// Whether there are no bytes, where that is known.
    #[must_use]
    pub fn is_empty(&self) -> Option<bool> {
        self.len().map(|length| length == 0)
    }

    /// Reads the bytes chunk by chunk, in constant memory.
    pub fn into_reader(self) -> Reader {
        Reader::new(self.storage, self.upstream)
    }
}

/// No bytes.
impl Default for Data {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

/// Shows where the bytes are and how many, never what they are.
impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.storage {
            Storage::Host(_) => "Data::Host",
            Storage::Memory(_) => "Data::Here",
            #[cfg(not(target_family = "wasm"))]
            Storage::Arriving(_) => "Data::Arriving",
        };
        f.debug_struct(name).field("len", &self.len()).finish()
    }
}

impl From<Vec<u8>> for Data {
    fn from(bytes: Vec<u8>) -> Self {
        Self::at(Storage::Memory(bytes))
    }
}

impl From<&[u8]> for Data {
    fn from(bytes: &[u8]) -> Self {
        Self::from(bytes.to_vec())
    }
}

impl From<String> for Data {
    fn from(text: String) -> Self {
        Self::from(text.into_bytes())
    }
}

impl From<&str> for Data {
    fn from(text: &str) -> Self {
        Self::from(text.as_bytes())
    }
}

/// Without a copy where the `Bytes` is the only owner of what it shows.
impl From<Bytes> for Data {
    fn from(bytes: Bytes) -> Self {
        Self::from(Vec::from(bytes))
    }
}

/// The body that the host calls a function with.
#[doc(hidden)]
pub fn from_buffer(buffer: Buffer) -> Data {
    Data::at(Storage::Host(buffer))
}

/// The same body, as that of a response to a request of the function's own, or as nobody's in
/// particular: who is to blame when it cannot be read.
#[doc(hidden)]
pub fn set_upstream(data: Data, upstream: bool) -> Data {
    Data { upstream, ..data }
}

/// A body that a native program receives.
#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
pub fn from_arrival(arrival: impl crate::arrival::Arrival + 'static) -> Data {
    Data::at(Storage::Arriving(Box::new(arrival)))
}

/// A body on its way to the host.
#[doc(hidden)]
#[must_use]
pub fn into_wit(data: Data) -> WitData {
    match data.storage {
        Storage::Host(buffer) => WitData::Buffer(buffer),
        Storage::Memory(bytes) => WitData::Value(bytes),
        #[cfg(not(target_family = "wasm"))]
        Storage::Arriving(arrival) => {
            // Natively, no host takes the body.
            WitData::Value(crate::arrival::collect(arrival, None).unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every way to make a body holds the bytes it was made of.
    #[test]
    fn conversions_keep_the_bytes() {
        let all = [
            Data::from(b"abc".to_vec()),
            Data::from(&b"abc"[..]),
            Data::from("abc"),
            Data::from(String::from("abc")),
            Data::from(Bytes::from_static(b"abc")),
        ];
        for data in all {
            assert_eq!((data.len(), data.is_empty()), (Some(3), Some(false)));
            assert_eq!(data.into_bytes().unwrap(), b"abc");
        }
        assert_eq!(Data::default().is_empty(), Some(true));
    }

    /// A limit lets through what is just as long, and nothing longer.
    #[test]
    fn limit_is_inclusive() {
        for (length, fits) in [(9, true), (10, true), (11, false)] {
            let read = Data::from(vec![1; length]).into_bytes_up_to(10);
            assert_eq!(read.is_ok(), fits, "{length} bytes");
        }
    }

    /// What is wrong with an upstream's body says so, and what is wrong with any other does not.
    #[test]
    fn errors_know_the_sender() {
        let too_large = ReadError::TooLarge { limit: 1 };
        let body = |upstream| set_upstream(Data::from("ab"), upstream);
        let read = |upstream| body(upstream).into_bytes_up_to(1).unwrap_err();
        assert_eq!(read(false), too_large);
        assert_eq!(read(true), ReadError::Upstream(Box::new(too_large)));
        assert_eq!(
            read(true).to_string(),
            "the response of an upstream could not be used: the body is longer than 1 bytes"
        );
        assert_eq!(body(true).into_bytes().unwrap(), b"ab");
    }

    /// A body does not show its bytes in a log.
    #[test]
    fn debug_hides_the_bytes() {
        assert_eq!(
            format!("{:?}", Data::from("secret")),
            "Data::Here { len: Some(6) }"
        );
    }
}
