//! The window that a person gives: `--window`. One parser for every command. Never looks at what the cluster is configured for.

use super::{Opening, State, later, merged, offset, offset_word};
use jiff::civil::Time;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use std::fmt;
use std::str::FromStr;

/// The time that somebody has for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// So many seconds from when it is begun.
    For { seconds: u32 },
    /// Every day, from a time of day by clocks so many minutes east of UTC.
    Daily {
        opens: Time,
        /// 1 to 86,400.
        seconds: u32,
        offset_minutes: i32,
    },
    /// Once: from, until just before.
    Once { from: Timestamp, to: Timestamp },
}

/// A `--window` that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    #[error(
        "window `{0}`; expected hours (4h), minutes (240m), from and to in UTC (22:00-04:00) or with an offset \
         (22:00-04:00+02:00), or two instants (2026-11-22T22:00Z/2026-11-23T04:00Z)"
    )]
    Unreadable(String),
    #[error("window `{0}` lasts no time; expected more than 0, as in 4h")]
    Empty(String),
    #[error("window `{0}` is too long; expected no more than {LONGEST_DAYS} days")]
    TooLong(String),
    #[error(
        "window `{0}` ends before it begins; expected from/to, as in 2026-11-22T22:00Z/2026-11-23T04:00Z"
    )]
    Reversed(String),
    #[error(
        "window `{0}` has an instant that is none; expected a date, a time and `Z` or an offset, as in 2026-11-22T22:00Z or \
         2026-11-23T00:00+02:00"
    )]
    NoInstant(String),
}

const DAY_SECONDS: u32 = 86_400;
/// Longer than any window: what is above is a slip of the keys.
const LONGEST_DAYS: u32 = 366;

impl Window {
    /// Seconds from its opening to its end.
    pub fn seconds(&self) -> u32 {
        match self {
            Window::For { seconds } | Window::Daily { seconds, .. } => *seconds,
            Window::Once { from, to } => {
                u32::try_from(to.duration_since(*from).as_secs()).unwrap_or(u32::MAX)
            }
        }
    }

    /// The time of day at which it opens, UTC; `None`: it opens when it is begun.
    pub fn opens(&self) -> Option<Time> {
        match self {
            Window::For { .. } => None,
            Window::Daily {
                opens,
                offset_minutes,
                ..
            } => {
                let east = SignedDuration::from_mins(i64::from(*offset_minutes));
                Some(opens.wrapping_sub(east))
            }
            Window::Once { from, .. } => Some(Offset::UTC.to_datetime(*from).time()),
        }
    }

    /// Minutes east of UTC of the clocks it was given in.
    pub fn offset_minutes(&self) -> i32 {
        match self {
            Window::Daily { offset_minutes, .. } => *offset_minutes,
            _ => 0,
        }
    }

    /// What it is at `now`, for something that was `begun` then: a run that is resumed has not more time than when it was first started.
    pub fn state_at(&self, begun: Timestamp, now: Timestamp) -> State {
        let all = self.openings(begun, now);
        match all.iter().find(|opening| opening.holds(now)) {
            Some(opening) => State::Open { until: opening.end },
            None => State::Closed {
                opens_next: all.into_iter().find(|opening| opening.start > now),
            },
        }
    }

    /// Those around `now`.
    fn openings(&self, begun: Timestamp, now: Timestamp) -> Vec<Opening> {
        let lasting = |start: Timestamp, seconds: u32| Opening {
            start,
            end: later(start, SignedDuration::from_secs(i64::from(seconds))),
        };
        match *self {
            Window::For { seconds } => vec![lasting(begun, seconds)],
            Window::Once { from, to } => vec![Opening {
                start: from,
                end: to,
            }],
            Window::Daily {
                opens,
                seconds,
                offset_minutes,
            } => {
                let Some(offset) = offset(offset_minutes) else {
                    return Vec::new();
                };
                let today = offset.to_datetime(now).date();
                let days = [today.yesterday(), Ok(today), today.tomorrow()];
                let openings = days.into_iter().flatten().filter_map(|day| {
                    let start = offset.to_timestamp(day.to_datetime(opens)).ok()?;
                    Some(lasting(start, seconds))
                });
                let openings: Vec<Opening> = openings.collect();
                // A window of a whole day never closes: each day is told by itself, or nobody would know when it ends.
                if seconds == DAY_SECONDS {
                    openings
                } else {
                    merged(openings)
                }
            }
        }
    }
}

impl FromStr for Window {
    type Err = WindowError;

    fn from_str(text: &str) -> Result<Self, WindowError> {
        let trimmed = text.trim();
        let unreadable = || WindowError::Unreadable(text.to_string());
        if let Some((from, to)) = trimmed.split_once('/') {
            let instant = |part: &str| {
                part.trim()
                    .parse::<Timestamp>()
                    .map_err(|_| WindowError::NoInstant(text.to_string()))
            };
            let (from, to) = (instant(from)?, instant(to)?);
            if to <= from {
                return Err(WindowError::Reversed(text.to_string()));
            }
            let lasts = to.duration_since(from);
            if lasts > SignedDuration::from_hours(24 * i64::from(LONGEST_DAYS)) {
                return Err(WindowError::TooLong(text.to_string()));
            }
            return Ok(Window::Once { from, to });
        }
        if trimmed.contains(':') {
            return daily(trimmed).ok_or_else(unreadable);
        }
        let digits = trimmed.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(unreadable());
        }
        let unit: u64 = match trimmed[digits.len()..].trim() {
            "h" | "hour" | "hours" => 3_600,
            "m" | "min" | "minutes" => 60,
            "s" | "seconds" => 1,
            "d" | "day" | "days" => u64::from(DAY_SECONDS),
            _ => return Err(unreadable()),
        };
        let too_long = || WindowError::TooLong(text.to_string());
        let number: u64 = digits.parse().map_err(|_| too_long())?;
        match number.checked_mul(unit) {
            Some(0) => Err(WindowError::Empty(text.to_string())),
            Some(seconds) if seconds <= u64::from(LONGEST_DAYS * DAY_SECONDS) => Ok(Window::For {
                seconds: u32::try_from(seconds).map_err(|_| too_long())?,
            }),
            _ => Err(too_long()),
        }
    }
}

/// `22:00-04:00`, `22:00-04:00+02:00`. Through midnight where `to` is before `from`; the same time twice is a day.
fn daily(text: &str) -> Option<Window> {
    let (from, rest) = text.split_once(['-', '–'])?;
    let to_ends = rest.find(['+', '-', 'Z', 'z']).unwrap_or(rest.len());
    let (to, east) = rest.split_at(to_ends);
    let opens = clock_minutes(from)?;
    let closes = clock_minutes(to)?;
    let offset_minutes = match east.trim() {
        "" | "Z" | "z" => 0,
        east => {
            let (sign, clock) = match east.split_at_checked(1)? {
                ("+", clock) => (1, clock),
                ("-", clock) => (-1, clock),
                _ => return None,
            };
            // Clocks are at most fourteen hours off.
            let minutes = clock_minutes(clock).filter(|minutes| *minutes <= 14 * 60)?;
            sign * minutes
        }
    };
    let lasts = (closes - opens - 1).rem_euclid(24 * 60) + 1;
    let opens = opens % (24 * 60);
    Some(Window::Daily {
        opens: Time::new(
            i8::try_from(opens / 60).ok()?,
            i8::try_from(opens % 60).ok()?,
            0,
            0,
        )
        .ok()?,
        seconds: u32::try_from(lasts * 60).ok()?,
        offset_minutes,
    })
}

/// Minutes from midnight: 0 to 1,440, for `24:00` is the end of a day.
fn clock_minutes(text: &str) -> Option<i32> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let number = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        let is_number =
            lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse::<i32>().ok())?
    };
    let (hours, minutes) = (number(hours, 1..=2)?, number(minutes, 2..=2)?);
    let all = hours * 60 + minutes;
    (minutes < 60 && all <= 24 * 60).then_some(all)
}

/// As it can be given again.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Window::For { seconds } if seconds % 3_600 == 0 => write!(f, "{}h", seconds / 3_600),
            Window::For { seconds } if seconds % 60 == 0 => write!(f, "{}m", seconds / 60),
            Window::For { seconds } => write!(f, "{seconds}s"),
            Window::Daily {
                opens,
                seconds,
                offset_minutes,
            } => {
                let closes = opens.wrapping_add(SignedDuration::from_secs(i64::from(*seconds)));
                write!(
                    f,
                    "{}-{}",
                    opens.strftime("%H:%M"),
                    closes.strftime("%H:%M")
                )?;
                match offset_minutes {
                    0 => Ok(()),
                    minutes => f.write_str(&offset_word(*minutes)),
                }
            }
            Window::Once { from, to } => write!(f, "{from}/{to}"),
        }
    }
}
