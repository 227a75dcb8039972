//! How much of a long body is written in one step.
//!
//! While a client reads as fast as the host writes, the kernel never refuses, and the whole body would be one step, in
//! which no other connection of the thread gets on.

use std::io::IoSlice;

/// How many bytes are written until other connections have their turn. More than hyper reads at once, which is 408 KiB:
/// a piece of a body that is passed on is one write.
pub(super) const TURN: usize = 512 << 10;

/// How many pieces are written at once.
const PIECES: usize = 16;

/// The first pieces of a body, at most a turn.
pub(super) struct Pieces<'a> {
    slices: [IoSlice<'a>; PIECES],
    count: usize,
    length: usize,
}

impl<'a> Pieces<'a> {
    pub(super) fn first(pieces: &'a [IoSlice<'_>]) -> Self {
        let mut first = Self {
            slices: [IoSlice::new(&[]); PIECES],
            count: 0,
            length: 0,
        };
        for (place, piece) in first.slices.iter_mut().zip(pieces) {
            let piece = piece.get(..TURN - first.length).unwrap_or(piece);
            *place = IoSlice::new(piece);
            first.count += 1;
            first.length += piece.len();
            if first.length == TURN {
                break;
            }
        }
        first
    }

    pub(super) fn slices(&self) -> &[IoSlice<'a>] {
        self.slices.get(..self.count).unwrap_or_default()
    }

    /// How many bytes they have together.
    pub(super) fn length(&self) -> usize {
        self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A turn ends within a piece, and many short pieces are less than one.
    #[test]
    fn first_pieces_are_a_turn_at_most() {
        let long = vec![7; 2 * TURN];
        let of = |lengths: &[usize]| -> (usize, usize) {
            let pieces: Vec<_> = lengths
                .iter()
                .map(|length| IoSlice::new(&long[..*length]))
                .collect();
            let first = Pieces::first(&pieces);
            let sum = first
                .slices()
                .iter()
                .map(|piece| piece.len())
                .sum::<usize>();
            assert_eq!(sum, first.length());
            (first.slices().len(), first.length())
        };
        assert_eq!(of(&[100, 2 * TURN]), (2, TURN));
        assert_eq!(of(&[TURN, 5]), (1, TURN));
        assert_eq!(of(&[2 * TURN]), (1, TURN));
        assert_eq!(of(&[1; 100]), (PIECES, PIECES));
        assert_eq!(of(&[]), (0, 0));
    }
}
