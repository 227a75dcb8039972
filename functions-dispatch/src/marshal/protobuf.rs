use functions_bytes::encoding::Protobuf;
use prost::{Message, Name};

use super::{Marshal, Unmarshal};
use crate::{Any, Error};

impl<M: Message + Name> Marshal for Protobuf<M> {
    fn marshal(&self) -> Result<Any, Error> {
        Ok(Any::known(&M::full_name(), self.0.encode_to_vec()))
    }
}

impl<M: Message + Name + Default> Unmarshal for Protobuf<M> {
    fn unmarshal(any: &Any) -> Result<Self, Error> {
        let name = M::full_name();
        if any.type_name() != name {
            return Err(Error::invalid_message(format!(
                "expected a value of type {name}, found {:?}",
                any.type_name()
            )));
        }
        let message = M::decode(&*any.value);
        message
            .map(Self)
            .map_err(|error| Error::invalid_message(error.to_string()))
    }
}
