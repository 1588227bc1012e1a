//! Days of the calendar. Nothing here reads a clock: the caller says which day it is.

use std::fmt;

/// A day, `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

impl Day {
    /// The first day of 1970, before which nothing expires.
    pub const FIRST: Self = Self { year: 1970, month: 1, day: 1 };

    /// Reads `YYYY-MM-DD`; `None` where that is no day.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut next = |len: usize| {
            let part = parts.next().filter(|part| part.len() == len && part.bytes().all(|byte| byte.is_ascii_digit()));
            part.and_then(|part| part.parse::<u16>().ok())
        };
        let (year, month, day) = (next(4)?, next(2)?, next(2)?);
        let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
        let last = Self::days_in(year, month)?;
        (parts.next().is_none() && (1..=last).contains(&day)).then_some(Self { year, month, day })
    }

    /// The day in UTC of a number of seconds since 1970-01-01, as in `SOURCE_DATE_EPOCH`; `None` after the year 9999.
    pub fn of_unix_time(seconds: u64) -> Option<Self> {
        let mut left = seconds / 86_400;
        for year in 1970..=9999 {
            for month in 1..=12 {
                let days = u64::from(Self::days_in(year, month)?);
                match left.checked_sub(days) {
                    Some(rest) => left = rest,
                    None => return Some(Self { year, month, day: u8::try_from(left).ok()?.saturating_add(1) }),
                }
            }
        }
        None
    }

    fn days_in(year: u16, month: u8) -> Option<u8> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        Some(match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        })
    }
}

impl fmt::Display for Day {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_written() {
        for good in ["2024-02-29", "1970-01-01", "9999-12-31"] {
            assert_eq!(Day::parse(good).unwrap().to_string(), good);
        }
        for bad in ["2023-02-29", "2024-13-01", "2024-00-10", "24-01-01", "2024-1-1", "2024-01-01-01", "+024-01-01", ""]
        {
            assert_eq!(Day::parse(bad), None, "{bad}");
        }
        assert!(Day::parse("2024-02-29") < Day::parse("2024-03-01"));
    }

    #[test]
    fn seconds_lead_to_the_day_in_utc() {
        for (seconds, day) in
            [(0, "1970-01-01"), (86_399, "1970-01-01"), (951_782_400, "2000-02-29"), (1_767_225_599, "2025-12-31")]
        {
            assert_eq!(Day::of_unix_time(seconds).unwrap().to_string(), day);
        }
        assert_eq!(Day::of_unix_time(u64::MAX), None);
    }
}
