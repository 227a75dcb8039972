use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Marshal, Unmarshal, wrong_type};
use crate::wire::{Field, Reader, Writer, message};
use crate::{Any, Error};

/// The seconds and nanoseconds of a `Duration` or `Timestamp`.
fn parts(any: &Any) -> Result<(i64, i32), Error> {
    let (mut seconds, mut nanoseconds) = (0, 0);
    let mut reader = Reader::new(&any.value);
    while let Some((number, field)) = reader.next()? {
        match (number, field) {
            (1, Field::Number(number)) => seconds = number.cast_signed(),
            (2, Field::Number(number)) => nanoseconds = number as i32,
            _ => {}
        }
    }
    Ok((seconds, nanoseconds))
}

fn write(writer: &mut Writer, seconds: i64, nanoseconds: u32) {
    writer.number(1, seconds.cast_unsigned());
    writer.number(2, nanoseconds.into());
}

impl Marshal for Duration {
    fn marshal(&self) -> Result<Any, Error> {
        let too_long = || Error::OutOfRange(format!("the duration {self:?} is too long"));
        let seconds = i64::try_from(self.as_secs()).map_err(|_| too_long())?;
        let value = message(|writer| write(writer, seconds, self.subsec_nanos()));
        Ok(Any::known("google.protobuf.Duration", value))
    }
}

impl Unmarshal for Duration {
    fn unmarshal(any: &Any) -> Result<Self, Error> {
        if any.type_name() != "google.protobuf.Duration" {
            return Err(wrong_type("Duration", any));
        }
        let (seconds, nanoseconds) = parts(any)?;
        match (u64::try_from(seconds), u32::try_from(nanoseconds)) {
            (Ok(seconds), Ok(nanoseconds)) if nanoseconds < 1_000_000_000 => {
                Ok(Self::new(seconds, nanoseconds))
            }
            _ => Err(Error::OutOfRange(
                "the duration is negative or malformed".into(),
            )),
        }
    }
}

impl Marshal for SystemTime {
    fn marshal(&self) -> Result<Any, Error> {
        let (seconds, nanoseconds) = match self.duration_since(UNIX_EPOCH) {
            Ok(after) => (i128::from(after.as_secs()), after.subsec_nanos()),
            Err(error) => {
                let before = error.duration();
                match before.subsec_nanos() {
                    0 => (-i128::from(before.as_secs()), 0),
                    part => (-i128::from(before.as_secs()) - 1, 1_000_000_000 - part),
                }
            }
        };
        let seconds = i64::try_from(seconds)
            .map_err(|_| Error::OutOfRange("the time is too far away".into()))?;
        let value = message(|writer| write(writer, seconds, nanoseconds));
        Ok(Any::known("google.protobuf.Timestamp", value))
    }
}

impl Unmarshal for SystemTime {
    fn unmarshal(any: &Any) -> Result<Self, Error> {
        if any.type_name() != "google.protobuf.Timestamp" {
            return Err(wrong_type("Timestamp", any));
        }
        let (seconds, nanoseconds) = parts(any)?;
        let part = u32::try_from(nanoseconds).ok();
        let part = part.filter(|part| *part < 1_000_000_000);
        let whole = Duration::from_secs(seconds.unsigned_abs());
        let whole = match seconds < 0 {
            true => UNIX_EPOCH.checked_sub(whole),
            false => UNIX_EPOCH.checked_add(whole),
        };
        let time = whole.zip(part);
        let time = time.and_then(|(whole, part)| whole.checked_add(Duration::new(0, part)));
        time.ok_or_else(|| Error::OutOfRange("the time is too far away or malformed".into()))
    }
}
