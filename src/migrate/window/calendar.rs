//! When a maintenance configuration is open. Never says what that permits: see [`super::gate`].
//!
//! Where Azure's documents do not say, both readings are kept apart:
//!
//! - an interval above 1 without `startDate`: nothing says what it counts from. Certain: never. Possible: on every day that fits.
//! - an interval of weeks or months whose first day falls before `startDate` in the same week or month: that week counts, or the next
//!   one does (<https://github.com/Azure/AKS/issues/5720>). Certain: never. Possible: both.
//! - day 29 to 31 in a month that has no such day. Certain: not open that month. Possible: on the month's last day, and on the day of
//!   the next month that the date would roll over to.
//! - a window that is open when a not-allowed date begins. Certain: it ends there. Possible: it runs to its end.
//! - a window whose opening falls on a not-allowed date and that would run past it. Certain: it does not open. Possible: it is open
//!   for the rest.
//!
//! Not modelled: AKS breaks windows and not-allowed dates for urgent fixes, and a change of a configuration counts only after fifteen
//! minutes.

use super::{FURTHEST, Opening, State, earlier, later, merged, offset};
use crate::model::{
    DateSpan, MaintenanceConfiguration, MaintenanceWindow, Schedule, TimeInWeek, TimeSpan,
    WeekIndex, Weekday,
};
use jiff::civil::{self, Date};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// Which openings count where Azure's documents leave it open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Only those that every reading has: for what may be done in a window.
    Certain,
    /// Those that any reading has: for what may come upon somebody in a window.
    Possible,
}

/// Whether the configuration's window is open.
pub fn state_at(configuration: &MaintenanceConfiguration, now: Timestamp) -> State {
    let soon = later(now, SignedDuration::from_secs(1));
    let holding = |reading| {
        openings(configuration, now, soon, reading)
            .map(|all| all.into_iter().find(|opening| opening.holds(now)))
    };
    match (holding(Reading::Certain), holding(Reading::Possible)) {
        (Err(why), _) | (_, Err(why)) => State::Unknown { why },
        (Ok(Some(opening)), _) => State::Open { until: opening.end },
        (Ok(None), Ok(Some(_))) => State::Unknown {
            why: format!(
                "{}: whether it is open now is not said by Azure's documents (what an interval counts from, a day that the month \
                 does not have, or a window that meets a not-allowed date)",
                configuration.name
            ),
        },
        (Ok(None), Ok(None)) => State::Closed {
            opens_next: openings(configuration, now, later(now, FURTHEST), Reading::Certain)
                .unwrap_or_default()
                .into_iter()
                .find(|opening| opening.start > now),
        },
    }
}

/// All openings that share an instant with `from` to just before `to`, whole, sorted, and one where they touch.
///
/// # Errors
/// Why nobody can say when the configuration is open: a part of it is not understood, or it names no time at all.
pub fn openings(
    configuration: &MaintenanceConfiguration,
    from: Timestamp,
    to: Timestamp,
    reading: Reading,
) -> Result<Vec<Opening>, String> {
    let name = &configuration.name;
    if let Some(part) = configuration.not_understood.first() {
        return Err(format!("{name}: a part of it is not understood: {part}"));
    }
    let window = configuration.window.as_ref();
    let older = &configuration.time_in_week;
    let found = match (window, older.is_empty()) {
        (None, true) => return Err(format!("{name}: it names no time")),
        // Azure takes one or the other. Which of both counts is not known.
        (Some(_), false) => {
            return Err(format!("{name}: it has maintenanceWindow and timeInWeek"));
        }
        (Some(window), true) => {
            let Some(offset) = offset(window.utc_offset_minutes) else {
                return Err(format!("{name}: its utcOffset is no offset"));
            };
            if window
                .not_allowed_dates
                .iter()
                .any(|span| span.end < span.start)
            {
                return Err(format!(
                    "{name}: a span of notAllowedDates ends before it starts"
                ));
            }
            of_window(window, offset, from, to, reading)
        }
        (None, false) => {
            let spans = &configuration.not_allowed_time;
            if spans.iter().any(|span| span.end < span.start) {
                return Err(format!(
                    "{name}: a span of notAllowedTime ends before it starts"
                ));
            }
            of_hours(older, spans, from, to, reading)
        }
    };
    let mut found = merged(found);
    found.retain(|opening| opening.start < to && from < opening.end);
    Ok(found)
}

/// Longer than one opening is: days before `from` that still matter. Windows that touch make longer ones, so that the walk begins
/// early enough for the whole of one that holds `from` unless it is open for weeks.
const BEFORE: SignedDuration = SignedDuration::from_hours(24 * 15);

/// Days from two weeks before `from` to the day after `to`, by clocks with this offset.
fn days(offset: Offset, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Date> {
    let first = offset.to_datetime(earlier(from, BEFORE)).date();
    let last = offset.to_datetime(later(to, BEFORE)).date();
    std::iter::successors(Some(first), move |day| {
        day.tomorrow().ok().filter(|day| *day <= last)
    })
}

fn of_window(
    window: &MaintenanceWindow,
    offset: Offset,
    from: Timestamp,
    to: Timestamp,
    reading: Reading,
) -> Vec<Opening> {
    let lasts = SignedDuration::from_hours(i64::from(window.duration_hours));
    days(offset, from, to)
        .filter(|day| opens_on(window, *day, reading))
        .filter_map(|day| {
            let start = offset
                .to_timestamp(day.to_datetime(window.start_time))
                .ok()?;
            let end = start.checked_add(lasts).ok()?;
            allowed(
                Opening { start, end },
                &window.not_allowed_dates,
                offset,
                reading,
            )
        })
        .collect()
}

/// What the not-allowed dates leave of an opening.
fn allowed(
    mut opening: Opening,
    dates: &[DateSpan],
    offset: Offset,
    reading: Reading,
) -> Option<Opening> {
    // From the first minute of the first day to the last of the last.
    let mut spans: Vec<Opening> = dates
        .iter()
        .map(|span| {
            let midnight =
                |date: Date| offset.to_timestamp(date.to_datetime(civil::Time::midnight()));
            let after = span.end.tomorrow().ok();
            Opening {
                start: midnight(span.start).unwrap_or(Timestamp::MIN),
                end: after
                    .and_then(|after| midnight(after).ok())
                    .unwrap_or(Timestamp::MAX),
            }
        })
        .collect();
    spans = merged(spans);
    for span in spans {
        if span.holds(opening.start) {
            if reading == Reading::Certain {
                return None;
            }
            opening.start = span.end;
        } else if reading == Reading::Certain && opening.start < span.start {
            opening.end = opening.end.min(span.start);
        }
    }
    (opening.start < opening.end).then_some(opening)
}

/// Whether the schedule has the window open on this day, not looking at not-allowed dates.
fn opens_on(window: &MaintenanceWindow, day: Date, reading: Reading) -> bool {
    let start = window.start_date;
    if start.is_some_and(|start| day < start) {
        return false;
    }
    match window.schedule {
        Schedule::Daily { interval_days } => {
            let counted = start.map(|start| Counted {
                units: i64::from((day - start).get_days()),
                late: 0,
            });
            falls(interval_days.get(), counted, reading)
        }
        Schedule::Weekly {
            interval_weeks,
            day_of_week,
        } => {
            let weekday = civil_weekday(day_of_week);
            day.weekday() == weekday
                && falls(
                    interval_weeks.get(),
                    start.map(|start| weeks(start, day)),
                    reading,
                )
        }
        Schedule::AbsoluteMonthly {
            interval_months,
            day_of_month,
        } => {
            let wanted = i8::try_from(day_of_month.get()).unwrap_or(i8::MAX);
            let first = |month: Date| in_month(month, wanted);
            let month = |of: Date, date: Option<Date>| {
                date == Some(day)
                    && falls(
                        interval_months.get(),
                        start.map(|start| months(start, of, first)),
                        reading,
                    )
            };
            if month(day, first(day)) {
                return true;
            }
            if reading == Reading::Certain {
                return false;
            }
            // The month has no such day: its last day stands for it, or the days that are missing run on into the next month.
            let clamped = first(day).is_none().then(|| day.last_of_month());
            let before = day
                .first_of_month()
                .yesterday()
                .ok()
                .filter(|before| first(*before).is_none());
            let rolled = before.and_then(|before| {
                let over = wanted.checked_sub(before.days_in_month())?;
                in_month(day, over)
            });
            month(day, clamped) || before.is_some_and(|before| month(before, rolled))
        }
        Schedule::RelativeMonthly {
            interval_months,
            week_index,
            day_of_week,
        } => {
            let of = |month: Date| nth(month, week_index, day_of_week);
            of(day) == Some(day)
                && falls(
                    interval_months.get(),
                    start.map(|start| months(start, day, of)),
                    reading,
                )
        }
    }
}

/// Units of the interval since that of `startDate`, or since one of the `late` after it.
#[derive(Debug, Clone, Copy)]
struct Counted {
    units: i64,
    /// 0: the first day that fits is in the unit of `startDate` itself.
    late: i64,
}

/// Whether a day that fits is one of every `interval`th.
fn falls(interval: u32, counted: Option<Counted>, reading: Reading) -> bool {
    let interval = i64::from(interval);
    if interval == 1 {
        return true;
    }
    let is = |units: i64| units.rem_euclid(interval) == 0;
    match (counted, reading) {
        (None, reading) => reading == Reading::Possible,
        (Some(counted), Reading::Certain) => counted.late == 0 && is(counted.units),
        (Some(counted), Reading::Possible) => {
            (0..=counted.late).any(|late| is(counted.units - late))
        }
    }
}

/// Calendar weeks. A week begins on Sunday, or on Monday: where the two disagree it is not sure which is the first.
fn weeks(start: Date, day: Date) -> Counted {
    let weekday = day.weekday();
    let first = start.weekday();
    let is_sure = weekday.to_sunday_zero_offset() >= first.to_sunday_zero_offset()
        && weekday.to_monday_zero_offset() >= first.to_monday_zero_offset();
    let late = i64::from(!is_sure);
    let next = i64::from(first.until(weekday));
    let since = i64::from((day - start).get_days());
    Counted {
        units: (since - next).div_euclid(7) + late,
        late,
    }
}

/// Months; `fits`: the day that fits in a month, if it has one.
fn months(start: Date, day: Date, fits: impl Fn(Date) -> Option<Date>) -> Counted {
    let index = |date: Date| i64::from(date.year()) * 12 + i64::from(date.month());
    // No two months in a row are without a day, so that two months late is the most.
    let late = (0..3i64)
        .find(|late| {
            let month = start.first_of_month().checked_add(late.months());
            month.ok().and_then(&fits).is_some_and(|fit| fit >= start)
        })
        .unwrap_or(3);
    Counted {
        units: index(day) - index(start),
        late,
    }
}

/// `None`: the month has no such day.
fn in_month(month: Date, day: i8) -> Option<Date> {
    Date::new(month.year(), month.month(), day).ok()
}

fn nth(month: Date, index: WeekIndex, day: Weekday) -> Option<Date> {
    let nth = match index {
        WeekIndex::First => 1,
        WeekIndex::Second => 2,
        WeekIndex::Third => 3,
        WeekIndex::Fourth => 4,
        WeekIndex::Last => -1,
    };
    month.nth_weekday_of_month(nth, civil_weekday(day)).ok()
}

fn civil_weekday(day: Weekday) -> civil::Weekday {
    match day {
        Weekday::Monday => civil::Weekday::Monday,
        Weekday::Tuesday => civil::Weekday::Tuesday,
        Weekday::Wednesday => civil::Weekday::Wednesday,
        Weekday::Thursday => civil::Weekday::Thursday,
        Weekday::Friday => civil::Weekday::Friday,
        Weekday::Saturday => civil::Weekday::Saturday,
        Weekday::Sunday => civil::Weekday::Sunday,
    }
}

/// The older form: hours of UTC in a week. An hour that a not-allowed time touches is not certain; one that it covers is closed.
fn of_hours(
    week: &[TimeInWeek],
    spans: &[TimeSpan],
    from: Timestamp,
    to: Timestamp,
    reading: Reading,
) -> Vec<Opening> {
    let mut found = Vec::new();
    for date in days(Offset::UTC, from, to) {
        let of_day = week
            .iter()
            .filter(|time| civil_weekday(time.day) == date.weekday());
        for slot in of_day.flat_map(|time| &time.hour_slots) {
            let Some(hour) = i8::try_from(*slot).ok().filter(|hour| *hour < 24) else {
                continue;
            };
            let Ok(start) = Offset::UTC.to_timestamp(date.at(hour, 0, 0, 0)) else {
                continue;
            };
            let end = later(start, SignedDuration::from_hours(1));
            let is_barred = spans.iter().any(|span| match reading {
                Reading::Certain => span.start < end && start <= span.end,
                Reading::Possible => span.start <= start && end <= span.end,
            });
            if !is_barred {
                found.push(Opening { start, end });
            }
        }
    }
    found
}
