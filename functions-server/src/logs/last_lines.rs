//! Finds where the last lines begin, without keeping them in memory.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _};

use super::filter::LogFilter;
use super::segments::MAX_CHUNK;

/// How many lines there are without a time.
const MAX_LINES: usize = 1000;

/// How many bytes of files, one after the other, are before the last lines that match. Each file is read to its
/// length here.
pub(super) fn start_of_last<'f>(
    files: impl Iterator<Item = (&'f mut File, &'f u64)>,
    filter: &LogFilter,
) -> io::Result<u64> {
    let mut starts = VecDeque::new();
    // The first byte of the next line.
    let mut start = 0;
    let mut rest = Vec::new();
    for (file, length) in files {
        let mut file = file.take(*length);
        loop {
            let before = rest.len();
            (&mut file).take(MAX_CHUNK).read_to_end(&mut rest)?;
            if rest.len() == before {
                break;
            }
            let mut used = 0;
            for line in rest.split_inclusive(|byte| *byte == b'\n') {
                if line.last() != Some(&b'\n') {
                    break;
                }
                if filter.matches(line) {
                    starts.push_back(start);
                    if starts.len() > MAX_LINES {
                        starts.pop_front();
                    }
                }
                used += line.len();
                start += u64::try_from(line.len()).unwrap_or_default();
            }
            rest.drain(..used);
        }
    }
    Ok(starts.pop_front().unwrap_or(start))
}
