//! Polls as they are stored.

/// A poll as it is stored: the bounds, and the encoded state and error.
#[derive(Debug, Clone, Default)]
pub(crate) struct StoredPoll {
    pub(crate) min_results: usize,
    pub(crate) max_results: usize,
    /// `PollResult` without results.
    pub(crate) result: Vec<u8>,
}

impl StoredPoll {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let bound = |results: usize| u32::try_from(results).unwrap_or(u32::MAX).to_le_bytes();
        let mut bytes = Vec::with_capacity(8 + self.result.len());
        bytes.extend(bound(self.min_results));
        bytes.extend(bound(self.max_results));
        bytes.extend(&self.result);
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Self {
        let bound = |bytes: [u8; 4]| u32::from_le_bytes(bytes) as usize;
        let Some((min, rest)) = bytes.split_first_chunk() else {
            return Self::default();
        };
        let Some((max, result)) = rest.split_first_chunk() else {
            return Self::default();
        };
        Self {
            min_results: bound(*min),
            max_results: bound(*max),
            result: result.to_vec(),
        }
    }
}
