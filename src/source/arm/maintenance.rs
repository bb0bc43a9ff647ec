//! Maintenance configurations. What this version does not understand is kept as Azure wrote it, and said; it is never an error:
//! no address depends on it.

use super::Unfolded;
use crate::model::{
    DateSpan, MaintenanceConfiguration, MaintenanceWindow, Schedule, TimeInWeek, TimeSpan,
    WeekIndex, Weekday,
};
use crate::source::facts::{MaintenanceFact, Origin};
use crate::source::{SourceError, wire};
use jiff::Timestamp;
use jiff::civil::Time;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::num::NonZeroU32;

/// What is kept of a part that is not understood.
const LONGEST: usize = 400;

pub(super) fn configuration(
    read: Unfolded<wire::MaintenanceConfiguration>,
    origin: &Origin,
) -> Result<MaintenanceFact, SourceError> {
    let cluster = read.id().and_then(|id| id.parent()).ok_or_else(|| {
        origin.error(
            "id",
            "a maintenance configuration without an id names no cluster",
        )
    })?;
    let mut not_understood = Vec::new();
    let mut configuration = MaintenanceConfiguration {
        name: read.name(origin)?,
        ..MaintenanceConfiguration::default()
    };
    configuration.window = part(
        "maintenanceWindow",
        read.body.maintenance_window,
        window,
        &mut not_understood,
    );
    configuration.time_in_week = part(
        "timeInWeek",
        read.body.time_in_week,
        |days| all(days, time_in_week),
        &mut not_understood,
    )
    .unwrap_or_default();
    configuration.not_allowed_time = part(
        "notAllowedTime",
        read.body.not_allowed_time,
        |spans| all(spans, time_span),
        &mut not_understood,
    )
    .unwrap_or_default();
    configuration.not_understood = not_understood;
    Ok(MaintenanceFact {
        origin: origin.clone(),
        cluster,
        configuration,
    })
}

/// The sentence for a part that is not understood.
pub(super) fn not_understood(fact: &MaintenanceFact, part: &str) -> String {
    format!(
        "{}: maintenance configuration {} of cluster {} is not understood: {part}",
        fact.origin.file,
        fact.configuration.name,
        fact.cluster.name()
    )
}

fn part<'a, W: Deserialize<'a>, T>(
    name: &str,
    raw: Option<&'a RawValue>,
    lower: impl FnOnce(W) -> Option<T>,
    not_understood: &mut Vec<String>,
) -> Option<T> {
    let raw = raw?;
    let lowered = serde_json::from_str(raw.get()).ok().and_then(lower);
    if lowered.is_none() {
        let mut text = raw.get().split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((end, _)) = text.char_indices().nth(LONGEST) {
            text.truncate(end);
            text.push('…');
        }
        not_understood.push(format!("{name}: {text}"));
    }
    lowered
}

fn all<W, T>(list: Vec<W>, lower: impl FnMut(W) -> Option<T>) -> Option<Vec<T>> {
    list.into_iter().map(lower).collect()
}

fn window(wire: wire::MaintenanceWindow) -> Option<MaintenanceWindow> {
    let duration_hours = up_to(24, wire.duration_hours)?.get();
    let date_span = |span: wire::Span| {
        Some(DateSpan {
            start: span.start.parse().ok()?,
            end: span.end.parse().ok()?,
        })
    };
    Some(MaintenanceWindow {
        schedule: schedule(wire.schedule)?,
        duration_hours,
        utc_offset_minutes: match wire.utc_offset.filter(|text| !text.is_empty()) {
            Some(text) => offset(&text)?,
            None => 0,
        },
        start_date: match wire.start_date.filter(|text| !text.is_empty()) {
            Some(text) => Some(text.parse().ok()?),
            None => None,
        },
        start_time: time(&wire.start_time)?,
        not_allowed_dates: all(wire.not_allowed_dates.unwrap_or_default(), date_span)?,
    })
}

/// The one schedule that is given.
fn schedule(wire: wire::MaintenanceSchedule) -> Option<Schedule> {
    match (
        wire.daily,
        wire.weekly,
        wire.absolute_monthly,
        wire.relative_monthly,
    ) {
        (Some(daily), None, None, None) => Some(Schedule::Daily {
            interval_days: positive(daily.interval_days)?,
        }),
        (None, Some(weekly), None, None) => Some(Schedule::Weekly {
            interval_weeks: positive(weekly.interval_weeks)?,
            day_of_week: Weekday::from_word(&weekly.day_of_week)?,
        }),
        (None, None, Some(monthly), None) => Some(Schedule::AbsoluteMonthly {
            interval_months: positive(monthly.interval_months)?,
            day_of_month: up_to(31, monthly.day_of_month)?,
        }),
        (None, None, None, Some(monthly)) => Some(Schedule::RelativeMonthly {
            interval_months: positive(monthly.interval_months)?,
            week_index: WeekIndex::from_word(&monthly.week_index)?,
            day_of_week: Weekday::from_word(&monthly.day_of_week)?,
        }),
        _ => None,
    }
}

fn time_in_week(wire: wire::TimeInWeek) -> Option<TimeInWeek> {
    let hour = |slot: wire::Whole| u32::try_from(slot.0).ok().filter(|hour| *hour < 24);
    Some(TimeInWeek {
        day: Weekday::from_word(&wire.day)?,
        hour_slots: all(wire.hour_slots, hour)?,
    })
}

fn time_span(wire: wire::Span) -> Option<TimeSpan> {
    Some(TimeSpan {
        start: wire.start.parse::<Timestamp>().ok()?,
        end: wire.end.parse::<Timestamp>().ok()?,
    })
}

fn positive(number: wire::Whole) -> Option<NonZeroU32> {
    /// The service allows less; this only keeps sums of dates in range.
    const MOST: u32 = 1_000;
    up_to(MOST, number)
}

fn up_to(most: u32, number: wire::Whole) -> Option<NonZeroU32> {
    let number = u32::try_from(number.0).ok().and_then(NonZeroU32::new)?;
    (number.get() <= most).then_some(number)
}

/// `HH:mm`, as the service wants it, with or without seconds.
fn time(text: &str) -> Option<Time> {
    text.contains(':').then(|| text.parse().ok())?
}

/// Minutes of `+05:30` or `-08:00`.
fn offset(text: &str) -> Option<i32> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let digits = |part: &str| {
        (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse::<i32>().ok())?
    };
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_times() {
        assert_eq!(offset("+05:30"), Some(330));
        assert_eq!(offset("-08:00"), Some(-480));
        for bad in ["", "05:30", "+5:30", "+05:60", "+24:00", "+é:00", "+0a:00"] {
            assert_eq!(offset(bad), None, "{bad}");
        }
        assert_eq!(time("00:00"), Some(jiff::civil::time(0, 0, 0, 0)));
        assert_eq!(time("23:59"), Some(jiff::civil::time(23, 59, 0, 0)));
        for bad in ["", "24:00", "noon", "9"] {
            assert_eq!(time(bad), None, "{bad}");
        }
    }
}
