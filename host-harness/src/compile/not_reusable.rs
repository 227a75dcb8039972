/// Why a function gets a new instance for each request instead of a reset one.
///
/// The compile cache stores these numbers, so a number never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[repr(u8)]
pub(crate) enum NotReusable {
    #[error("its component has a part that the host does not know how to reset")]
    Unknown = 1,
    #[error(
        "more than one of its core modules has memory or mutable globals, or more than one instance"
    )]
    SeveralModules = 2,
    #[error("it has no memory, a 64-bit or shared memory, or more than one")]
    Memory = 3,
    #[error("one of its core modules imports a memory or a global")]
    Imports = 4,
    #[error("one of its mutable globals has no constant initial value, or there are too many")]
    Globals = 5,
    #[error("it has passive segments, or instructions that change a table or drop a segment")]
    Segments = 6,
    #[error(
        "it has instructions of a WebAssembly proposal that the host does not know how to reset"
    )]
    Instructions = 7,
    #[error("it runs code at its start")]
    Start = 8,
    #[error("it does not export exactly one function of its own module")]
    Exports = 9,
    #[error("its exported function is also called from within")]
    CalledWithin = 10,
    #[error("it defines a resource")]
    Resource = 11,
    #[error(
        "it imports a function that returns handles: it streams, waits, or sends requests or calls"
    )]
    Handles = 12,
    #[error("its exported function takes parameters that need memory of the instance")]
    Parameters = 13,
    #[error("its component does not compile with its globals reset")]
    NotCompiled = 14,
    #[error("its reuse is set to never")]
    Setting = 100,
    #[error("the host keeps no idle instances")]
    NoIdleInstances = 101,
    #[error("the host's own memory pool is not available")]
    NoPool = 102,
    #[error("its initial memory contents are too large to reset in place")]
    Image = 103,
    #[error("it is a command, which runs once")]
    Command = 104,
}

impl NotReusable {
    /// The reasons that follow from a component's form.
    const OF_COMPONENTS: [Self; 14] = [
        Self::Unknown,
        Self::SeveralModules,
        Self::Memory,
        Self::Imports,
        Self::Globals,
        Self::Segments,
        Self::Instructions,
        Self::Start,
        Self::Exports,
        Self::CalledWithin,
        Self::Resource,
        Self::Handles,
        Self::Parameters,
        Self::NotCompiled,
    ];

    /// The byte stored with a compiled component; 0 means that instances are reusable.
    pub(crate) fn to_byte(reusable: Result<(), Self>) -> u8 {
        match reusable {
            Ok(()) => 0,
            Err(reason) => reason as u8,
        }
    }

    /// The meaning of a stored byte; `None` if it has none.
    pub(crate) fn from_byte(byte: u8) -> Option<Result<(), Self>> {
        if byte == 0 {
            return Some(Ok(()));
        }
        let mut all = Self::OF_COMPONENTS.into_iter();
        all.find(|reason| *reason as u8 == byte).map(Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stored byte converts back to its reason.
    #[test]
    fn stored_bytes_round_trip() {
        for reusable in NotReusable::OF_COMPONENTS
            .map(Err)
            .into_iter()
            .chain([Ok(())])
        {
            let byte = NotReusable::to_byte(reusable);
            assert_eq!(NotReusable::from_byte(byte), Some(reusable));
        }
        assert_eq!(NotReusable::from_byte(15), None);
        assert_eq!(NotReusable::from_byte(NotReusable::Setting as u8), None);
    }
}
