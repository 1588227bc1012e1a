//! `--limit NAME=VALUE`, and the table behind `--limit help`.

use crate::limits::{LIMITS, Limit, Limits, amount};
use std::str::FromStr;

/// What `--limit` was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LimitArg {
    /// The table, please.
    Help,
    /// One limit changed.
    Set(Limit, u64),
}

impl FromStr for LimitArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "help" {
            return Ok(Self::Help);
        }
        let (name, value) = text.split_once('=').ok_or("not of the form NAME=VALUE; `--limit help` lists the names")?;
        let row = LIMITS.iter().find(|row| row.name == name).ok_or("no such limit; `--limit help` lists them")?;
        let value = amount(value).ok_or("the value is not a whole number, such as 1000000, 64K, 512M or 8G")?;
        Ok(Self::Set(row.limit, value))
    }
}

/// The limits with all changes; `None` where the table was asked for.
pub(super) fn limits(arguments: &[LimitArg]) -> Option<Limits> {
    arguments.iter().try_fold(Limits::default(), |limits, argument| match argument {
        LimitArg::Help => None,
        LimitArg::Set(limit, value) => Some(limits.with(*limit, *value)),
    })
}

/// The table of limits: name, default, meaning.
pub(super) fn table() -> String {
    let row = |row: &crate::limits::LimitInfo| format!("{:<10} {:>12}  {}\n", row.name, short(row.default), row.help);
    let head = format!("{:<10} {:>12}  {}\n", "limit", "default", "what it limits, for one file");
    LIMITS.iter().map(row).fold(head, |table, row| table + &row)
}

/// The shortest form that [`amount`] reads back.
fn short(value: u64) -> String {
    let unit = |(shift, _): &(u32, char)| value.trailing_zeros() >= *shift && (1..1024).contains(&(value >> shift));
    match [(30, 'G'), (20, 'M'), (10, 'K')].into_iter().find(unit) {
        Some((shift, unit)) => format!("{}{unit}", value >> shift),
        None => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for row in &LIMITS {
            assert_eq!(amount(&short(row.default)), Some(row.default), "{}", row.name);
        }
        for bad in ["", "K", "-1", "1.5", "1k", "18446744073709551615K", "0x10"] {
            assert_eq!(amount(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn the_last_of_two_wins_and_help_asks_for_the_table() {
        let set = |text: &str| text.parse::<LimitArg>().unwrap();
        let two = limits(&[set("streams=1"), set("streams=2K")]).unwrap();
        assert_eq!(two.get(Limit::Streams), 2048);
        assert!(limits(&[set("streams=1"), set("help")]).is_none());
        assert!("colour=1".parse::<LimitArg>().is_err());
    }
}
