use std::collections::BTreeMap;

use super::{Marshal, Unmarshal, Value};
use crate::{Any, Error};

pub(super) fn marshal_list<T: Marshal>(list: &[T]) -> Result<Any, Error> {
    let members = list.iter().map(|member| Value::of(&member.marshal()?));
    Value::List(members.collect::<Result<_, _>>()?).marshal()
}

pub(super) fn unmarshal_list<T: Unmarshal>(any: &Any) -> Result<Vec<T>, Error> {
    match Value::unmarshal(any)? {
        Value::List(members) => members.into_iter().map(T::from_value).collect(),
        other => Err(other.is_not("a list")),
    }
}

impl<T: Marshal> Marshal for Vec<T> {
    fn marshal(&self) -> Result<Any, Error> {
        T::marshal_list(self)
    }
}

impl<T: Unmarshal> Unmarshal for Vec<T> {
    fn unmarshal(any: &Any) -> Result<Self, Error> {
        T::unmarshal_list(any)
    }
}

impl<T: Marshal> Marshal for BTreeMap<String, T> {
    fn marshal(&self) -> Result<Any, Error> {
        let member = |(name, member): (&String, &T)| {
            Ok::<_, Error>((name.clone(), Value::of(&member.marshal()?)?))
        };
        Value::Struct(self.iter().map(member).collect::<Result<_, _>>()?).marshal()
    }
}

impl<T: Unmarshal> Unmarshal for BTreeMap<String, T> {
    fn unmarshal(any: &Any) -> Result<Self, Error> {
        match Value::unmarshal(any)? {
            Value::Struct(members) => {
                let member = |(name, member)| Ok((name, T::from_value(member)?));
                members.into_iter().map(member).collect()
            }
            other => Err(other.is_not("a struct")),
        }
    }
}
