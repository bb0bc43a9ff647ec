//! Dates worked out by hand on a calendar: January 1, 2026 is a Thursday, November 22, 2026 a Sunday, and 2028 is a leap year.

use super::*;
use crate::finding::Severity;
use crate::model::{
    DateSpan, MaintenanceConfiguration, MaintenanceWindow, Schedule, TimeInWeek, TimeSpan,
    WeekIndex, Weekday,
};
use std::num::NonZeroU32;

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("a number above 0")
}

fn daily(interval_days: u32) -> Schedule {
    Schedule::Daily {
        interval_days: number(interval_days),
    }
}

fn weekly(interval_weeks: u32, day_of_week: Weekday) -> Schedule {
    Schedule::Weekly {
        interval_weeks: number(interval_weeks),
        day_of_week,
    }
}

fn absolute(interval_months: u32, day_of_month: u32) -> Schedule {
    Schedule::AbsoluteMonthly {
        interval_months: number(interval_months),
        day_of_month: number(day_of_month),
    }
}

fn relative(interval_months: u32, week_index: WeekIndex, day_of_week: Weekday) -> Schedule {
    Schedule::RelativeMonthly {
        interval_months: number(interval_months),
        week_index,
        day_of_week,
    }
}

fn node_os(window: MaintenanceWindow) -> MaintenanceConfiguration {
    MaintenanceConfiguration {
        name: "aksManagedNodeOSUpgradeSchedule".to_string(),
        window: Some(window),
        ..MaintenanceConfiguration::default()
    }
}

/// From 22:00 for six hours, UTC.
fn nights(schedule: Schedule) -> MaintenanceWindow {
    MaintenanceWindow {
        schedule,
        duration_hours: 6,
        utc_offset_minutes: 0,
        start_date: None,
        start_time: jiff::civil::time(22, 0, 0, 0),
        not_allowed_dates: Vec::new(),
    }
}

fn from(start_date: &str, window: MaintenanceWindow) -> MaintenanceWindow {
    MaintenanceWindow {
        start_date: Some(start_date.parse().expect(start_date)),
        ..window
    }
}

fn east(minutes: i32, start_time: &str, window: MaintenanceWindow) -> MaintenanceWindow {
    MaintenanceWindow {
        utc_offset_minutes: minutes,
        start_time: start_time.parse().expect(start_time),
        ..window
    }
}

fn without(dates: &[(&str, &str)], window: MaintenanceWindow) -> MaintenanceWindow {
    let span = |(start, end): &(&str, &str)| DateSpan {
        start: start.parse().expect(start),
        end: end.parse().expect(end),
    };
    MaintenanceWindow {
        not_allowed_dates: dates.iter().map(span).collect(),
        ..window
    }
}

/// Openings as `05-31 22:00/06-01 04:00`, of the days from one to just before the other.
fn told_openings(
    configuration: &MaintenanceConfiguration,
    days: (&str, &str),
    reading: Reading,
) -> Vec<String> {
    let midnight = |day: &str| at(&format!("{day}T00:00Z"));
    let all = openings(configuration, midnight(days.0), midnight(days.1), reading).unwrap();
    let short = |instant: Timestamp| instant.strftime("%m-%d %H:%M").to_string();
    all.iter()
        .map(|opening| format!("{}/{}", short(opening.start), short(opening.end)))
        .collect()
}

/// The same openings for certain and possibly.
#[track_caller]
fn check(window: MaintenanceWindow, days: (&str, &str), expected: &[&str]) {
    check_both(window, days, expected, expected);
}

#[track_caller]
fn check_both(window: MaintenanceWindow, days: (&str, &str), certain: &[&str], possible: &[&str]) {
    let configuration = node_os(window);
    assert_eq!(
        told_openings(&configuration, days, Reading::Certain),
        certain,
        "certain"
    );
    assert_eq!(
        told_openings(&configuration, days, Reading::Possible),
        possible,
        "possible"
    );
}

#[test]
fn every_night_and_every_third() {
    check(
        nights(daily(1)),
        ("2026-02-28", "2026-03-02"),
        // The one of the night before runs into the first day.
        &[
            "02-27 22:00/02-28 04:00",
            "02-28 22:00/03-01 04:00",
            "03-01 22:00/03-02 04:00",
        ],
    );
    check(
        from("2028-02-27", nights(daily(3))),
        ("2028-02-20", "2028-03-06"),
        // Through February 29.
        &[
            "02-27 22:00/02-28 04:00",
            "03-01 22:00/03-02 04:00",
            "03-04 22:00/03-05 04:00",
        ],
    );
    // Nobody knows of what day it counts.
    check_both(
        nights(daily(3)),
        ("2026-06-10", "2026-06-11"),
        &[],
        &["06-09 22:00/06-10 04:00", "06-10 22:00/06-11 04:00"],
    );
}

#[test]
fn windows_that_touch_are_one() {
    let window = MaintenanceWindow {
        duration_hours: 24,
        ..nights(daily(1))
    };
    let configuration = node_os(from("2026-06-10", window));
    let found = openings(
        &configuration,
        at("2026-06-09T00:00Z"),
        at("2026-06-12T00:00Z"),
        Reading::Certain,
    )
    .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].start, at("2026-06-10T22:00Z"));
    assert!(found[0].end > at("2026-06-12T22:00Z"));
}

#[test]
fn weeks() {
    check(
        nights(weekly(1, Weekday::Sunday)),
        ("2026-11-20", "2026-12-01"),
        &["11-22 22:00/11-23 04:00", "11-29 22:00/11-30 04:00"],
    );
    // From a Sunday, every other.
    check(
        from("2026-11-22", nights(weekly(2, Weekday::Sunday))),
        ("2026-11-01", "2026-12-25"),
        &[
            "11-22 22:00/11-23 04:00",
            "12-06 22:00/12-07 04:00",
            "12-20 22:00/12-21 04:00",
        ],
    );
    // From a Tuesday, Thursdays: the same week, wherever a week begins.
    check(
        from("2026-11-24", nights(weekly(3, Weekday::Thursday))),
        ("2026-11-01", "2026-12-25"),
        &["11-26 22:00/11-27 04:00", "12-17 22:00/12-18 04:00"],
    );
    // From a Tuesday, Sundays: that of its own week is over, or yet to come.
    check_both(
        from("2026-11-24", nights(weekly(2, Weekday::Sunday))),
        ("2026-11-01", "2026-12-15"),
        &[],
        &[
            "11-29 22:00/11-30 04:00",
            "12-06 22:00/12-07 04:00",
            "12-13 22:00/12-14 04:00",
        ],
    );
    // From a Sunday, Thursdays: the same week where weeks begin on Sunday, the next where they begin on Monday.
    check_both(
        from("2026-11-22", nights(weekly(2, Weekday::Thursday))),
        ("2026-11-01", "2026-12-11"),
        &[],
        &[
            "11-26 22:00/11-27 04:00",
            "12-03 22:00/12-04 04:00",
            "12-10 22:00/12-11 04:00",
        ],
    );
    // From a Thursday, every third Monday: both weeks begin after it.
    check_both(
        from("2026-11-26", nights(weekly(3, Weekday::Monday))),
        ("2026-11-20", "2027-01-01"),
        &[],
        &[
            "11-30 22:00/12-01 04:00",
            "12-14 22:00/12-15 04:00",
            "12-21 22:00/12-22 04:00",
        ],
    );
}

#[test]
fn days_of_a_month() {
    check(
        nights(absolute(1, 15)),
        ("2026-01-01", "2026-04-01"),
        &[
            "01-15 22:00/01-16 04:00",
            "02-15 22:00/02-16 04:00",
            "03-15 22:00/03-16 04:00",
        ],
    );
    // Day 31: through the end of the month, and of no short month for certain.
    check_both(
        nights(absolute(1, 31)),
        ("2026-01-15", "2026-05-10"),
        &["01-31 22:00/02-01 04:00", "03-31 22:00/04-01 04:00"],
        &[
            "01-31 22:00/02-01 04:00",
            "02-28 22:00/03-01 04:00",
            "03-03 22:00/03-04 04:00",
            "03-31 22:00/04-01 04:00",
            "04-30 22:00/05-01 04:00",
            "05-01 22:00/05-02 04:00",
        ],
    );
    // February 29 is there in a leap year.
    check(
        nights(absolute(1, 29)),
        ("2028-02-01", "2028-03-15"),
        &["02-29 22:00/03-01 04:00"],
    );
    check_both(
        nights(absolute(1, 29)),
        ("2027-02-01", "2027-03-15"),
        &[],
        &["02-28 22:00/03-01 04:00", "03-01 22:00/03-02 04:00"],
    );
    check_both(
        nights(absolute(1, 30)),
        ("2028-02-01", "2028-03-15"),
        &[],
        &["02-29 22:00/03-01 04:00", "03-01 22:00/03-02 04:00"],
    );
    // Every other month from the one of the first day.
    check(
        from("2026-01-10", nights(absolute(2, 15))),
        ("2026-01-01", "2026-06-01"),
        &[
            "01-15 22:00/01-16 04:00",
            "03-15 22:00/03-16 04:00",
            "05-15 22:00/05-16 04:00",
        ],
    );
    // The day of the first month is over: it counts from that month, or from the next.
    check_both(
        from("2026-01-20", nights(absolute(3, 15))),
        ("2026-01-01", "2026-08-01"),
        &[],
        &[
            "02-15 22:00/02-16 04:00",
            "04-15 22:00/04-16 04:00",
            "05-15 22:00/05-16 04:00",
            "07-15 22:00/07-16 04:00",
        ],
    );
    // Every month: it does not matter which counts.
    check(
        from("2026-01-20", nights(absolute(1, 15))),
        ("2026-01-01", "2026-03-01"),
        &["02-15 22:00/02-16 04:00"],
    );
}

#[test]
fn weekdays_of_a_month() {
    check(
        nights(relative(1, WeekIndex::First, Weekday::Thursday)),
        ("2026-01-01", "2026-03-01"),
        &["01-01 22:00/01-02 04:00", "02-05 22:00/02-06 04:00"],
    );
    // January 2026 has five Thursdays: the last is not the fourth.
    check(
        nights(relative(1, WeekIndex::Fourth, Weekday::Thursday)),
        ("2026-01-01", "2026-03-01"),
        &["01-22 22:00/01-23 04:00", "02-26 22:00/02-27 04:00"],
    );
    check(
        nights(relative(1, WeekIndex::Last, Weekday::Thursday)),
        ("2026-01-01", "2026-03-01"),
        &["01-29 22:00/01-30 04:00", "02-26 22:00/02-27 04:00"],
    );
    // The last Saturday of October 2026 is its last day.
    check(
        nights(relative(1, WeekIndex::Last, Weekday::Saturday)),
        ("2026-10-10", "2026-11-10"),
        &["10-31 22:00/11-01 04:00"],
    );
    // February 29, 2028 is a Tuesday.
    check(
        nights(relative(1, WeekIndex::Last, Weekday::Tuesday)),
        ("2028-02-01", "2028-03-10"),
        &["02-29 22:00/03-01 04:00"],
    );
    check(
        from(
            "2026-11-01",
            nights(relative(6, WeekIndex::Second, Weekday::Sunday)),
        ),
        ("2026-01-01", "2027-06-01"),
        &["11-08 22:00/11-09 04:00", "05-09 22:00/05-10 04:00"],
    );
}

#[test]
fn an_offset_pushes_the_date_over_midnight() {
    // 02:00 in India is 20:30 of the day before.
    check(
        east(330, "02:00", nights(weekly(1, Weekday::Monday))),
        ("2026-11-20", "2026-11-25"),
        &["11-22 20:30/11-23 02:30"],
    );
    // 20:00 in California is 04:00 of the next day; the first of the month is over there.
    check(
        east(-480, "20:00", nights(absolute(1, 31))),
        ("2026-01-28", "2026-02-10"),
        &["02-01 04:00/02-01 10:00"],
    );
    // The first day is one of the offset's: 2026-12-31 20:30 UTC is New Year in India.
    check(
        from("2027-01-01", east(330, "02:00", nights(daily(1)))),
        ("2026-12-30", "2027-01-01"),
        &["12-31 20:30/01-01 02:30"],
    );
}

#[test]
fn not_allowed_dates_are_of_the_offset_and_whole_at_both_ends() {
    // The example of Azure's documents: +02:00 and 2022-12-23 to 2023-01-03 is blocked from 2022-12-22 22:00 to 2023-01-03 22:00 UTC.
    let holidays = [("2022-12-23", "2023-01-03")];
    let day = |start: &str| {
        let window = MaintenanceWindow {
            duration_hours: 4,
            ..nights(daily(1))
        };
        without(&holidays, east(120, start, window))
    };
    // 20:00 to 24:00 there touches no blocked minute.
    check(
        day("20:00"),
        ("2022-12-21", "2022-12-24"),
        &["12-21 18:00/12-21 22:00", "12-22 18:00/12-22 22:00"],
    );
    check(
        day("00:00"),
        ("2023-01-03", "2023-01-05"),
        &["01-03 22:00/01-04 02:00", "01-04 22:00/01-05 02:00"],
    );
    // Open when they begin: it ends there, or runs on.
    check_both(
        day("22:00"),
        ("2022-12-22", "2022-12-24"),
        &["12-22 20:00/12-22 22:00"],
        &["12-22 20:00/12-23 00:00"],
    );
    // Would have opened on the last of them: not at all, or when they end.
    check_both(
        day("22:00"),
        ("2023-01-03", "2023-01-04"),
        &[],
        &["01-03 22:00/01-04 00:00"],
    );
    // Two spans that touch are one.
    let two = without(
        &[("2026-06-11", "2026-06-11"), ("2026-06-10", "2026-06-10")],
        nights(daily(1)),
    );
    check_both(
        two,
        ("2026-06-10", "2026-06-13"),
        &["06-12 22:00/06-13 04:00"],
        // The certain one of the 9th ends at midnight.
        &[
            "06-09 22:00/06-10 04:00",
            "06-12 00:00/06-12 04:00",
            "06-12 22:00/06-13 04:00",
        ],
    );
}

#[test]
fn the_older_form_is_hours_of_utc() {
    let configuration = MaintenanceConfiguration {
        name: "default".to_string(),
        time_in_week: vec![
            TimeInWeek {
                day: Weekday::Sunday,
                hour_slots: vec![23, 1, 2],
            },
            TimeInWeek {
                day: Weekday::Monday,
                hour_slots: vec![0],
            },
        ],
        not_allowed_time: vec![TimeSpan {
            start: at("2026-11-29T01:30Z"),
            end: at("2026-11-29T03:00Z"),
        }],
        ..MaintenanceConfiguration::default()
    };
    let days = ("2026-11-22", "2026-12-01");
    assert_eq!(
        told_openings(&configuration, days, Reading::Certain),
        [
            "11-22 01:00/11-22 03:00",
            "11-22 23:00/11-23 01:00",
            "11-29 23:00/11-30 01:00"
        ]
    );
    assert_eq!(
        told_openings(&configuration, days, Reading::Possible),
        [
            "11-22 01:00/11-22 03:00",
            "11-22 23:00/11-23 01:00",
            "11-29 01:00/11-29 02:00",
            "11-29 23:00/11-30 01:00"
        ]
    );
}

#[test]
fn states() {
    let sundays = node_os(nights(weekly(1, Weekday::Sunday)));
    let next = Opening {
        start: at("2026-11-29T22:00Z"),
        end: at("2026-11-30T04:00Z"),
    };
    for (now, expected) in [
        (
            "2026-11-22T22:00Z",
            State::Open {
                until: at("2026-11-23T04:00Z"),
            },
        ),
        (
            "2026-11-23T03:59:59Z",
            State::Open {
                until: at("2026-11-23T04:00Z"),
            },
        ),
        (
            "2026-11-23T04:00Z",
            State::Closed {
                opens_next: Some(next),
            },
        ),
    ] {
        assert_eq!(state_at(&sundays, at(now)), expected, "{now}");
    }
    let is_unknown = |configuration: &MaintenanceConfiguration, now: &str, says: &str| {
        let state = state_at(configuration, at(now));
        assert!(
            matches!(&state, State::Unknown { why } if why.contains(says)),
            "{state:?}"
        );
    };
    is_unknown(&node_os(nights(daily(2))), "2026-11-22T23:00Z", "interval");
    let mut strange = sundays.clone();
    strange.not_understood = vec!["maintenanceWindow: {\"lunar\":{}}".to_string()];
    is_unknown(&strange, "2026-11-22T23:00Z", "lunar");
    is_unknown(
        &MaintenanceConfiguration::default(),
        "2026-11-22T23:00Z",
        "no time",
    );
    let mut both = sundays.clone();
    both.time_in_week = vec![TimeInWeek {
        day: Weekday::Sunday,
        hour_slots: vec![22],
    }];
    is_unknown(&both, "2026-11-22T23:00Z", "timeInWeek");
    let reversed = node_os(without(&[("2026-06-02", "2026-06-01")], nights(daily(1))));
    is_unknown(&reversed, "2026-11-22T23:00Z", "ends before");
    // An interval of nobody knows what: closed at noon, and nothing is promised.
    assert_eq!(
        state_at(&node_os(nights(daily(2))), at("2026-11-22T12:00Z")),
        State::Closed { opens_next: None }
    );
}

#[test]
fn a_window_that_a_person_gives() {
    let daily = |opens: &str, minutes: u32, offset_minutes| Window::Daily {
        opens: opens.parse().unwrap(),
        seconds: minutes * 60,
        offset_minutes,
    };
    for (text, expected, again) in [
        ("4h", Window::For { seconds: 14_400 }, "4h"),
        ("240m", Window::For { seconds: 14_400 }, "4h"),
        ("90 min", Window::For { seconds: 5_400 }, "90m"),
        ("2 days", Window::For { seconds: 172_800 }, "48h"),
        ("22:00-04:00", daily("22:00", 360, 0), "22:00-04:00"),
        ("22:00–04:00", daily("22:00", 360, 0), "22:00-04:00"),
        ("22:00-04:00Z", daily("22:00", 360, 0), "22:00-04:00"),
        (
            "22:00-04:00+02:00",
            daily("22:00", 360, 120),
            "22:00-04:00+02:00",
        ),
        (
            "22:00-04:00-09:30",
            daily("22:00", 360, -570),
            "22:00-04:00-09:30",
        ),
        ("00:00-24:00", daily("00:00", 1_440, 0), "00:00-00:00"),
        ("01:30-01:30", daily("01:30", 1_440, 0), "01:30-01:30"),
        ("24:00-01:00", daily("00:00", 60, 0), "00:00-01:00"),
        (
            "2026-11-22T22:00Z/2026-11-23T06:00+02:00",
            Window::Once {
                from: at("2026-11-22T22:00Z"),
                to: at("2026-11-23T04:00Z"),
            },
            "2026-11-22T22:00:00Z/2026-11-23T04:00:00Z",
        ),
    ] {
        let window: Window = text.parse().unwrap();
        assert_eq!(window, expected, "{text}");
        assert_eq!(window.to_string(), again, "{text}");
        assert_eq!(again.parse(), Ok(expected), "{again}");
    }
    for (text, says) in [
        ("", "expected hours"),
        ("h", "expected hours"),
        ("4", "expected hours"),
        ("4x", "expected hours"),
        ("-4h", "expected hours"),
        ("25:00-04:00", "expected hours"),
        ("24:01-04:00", "expected hours"),
        ("22:00-04:61", "expected hours"),
        ("22:00", "expected hours"),
        ("22:0-04:00", "expected hours"),
        ("22:00-04:00+15:00", "expected hours"),
        ("22:00-04:00+é", "expected hours"),
        ("22:00-04:00 CET", "expected hours"),
        ("0h", "no time"),
        ("99999999999h", "no more than 366 days"),
        ("99999999999999999999999h", "no more than 366 days"),
        ("2026-11-23T04:00Z/2026-11-22T22:00Z", "ends before"),
        ("2026-11-22T22:00Z/2026-11-22T22:00Z", "ends before"),
        (
            "2026-11-22T22:00/2026-11-23T04:00",
            "expected a date, a time and `Z`",
        ),
        (
            "2026-02-30T22:00Z/2026-11-23T04:00Z",
            "expected a date, a time and `Z`",
        ),
        (
            "2026-11-22T22:00Z/2028-11-23T04:00Z",
            "no more than 366 days",
        ),
    ] {
        let error = text.parse::<Window>().unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
        assert!(error.contains(&format!("`{text}`")), "{text}: {error}");
    }
}

#[test]
fn a_given_window_is_open() {
    let begun = at("2026-11-22T23:00Z");
    let open = |until: &str| State::Open { until: at(until) };
    let closed = |next: Option<(&str, &str)>| State::Closed {
        opens_next: next.map(|(start, end)| Opening {
            start: at(start),
            end: at(end),
        }),
    };
    for (window, now, expected) in [
        ("4h", "2026-11-22T23:00Z", open("2026-11-23T03:00Z")),
        // Resumed later: not four hours more.
        ("4h", "2026-11-23T02:59Z", open("2026-11-23T03:00Z")),
        ("4h", "2026-11-23T03:00Z", closed(None)),
        (
            "22:00-04:00",
            "2026-11-23T03:59Z",
            open("2026-11-23T04:00Z"),
        ),
        (
            "22:00-04:00",
            "2026-11-23T04:00Z",
            closed(Some(("2026-11-23T22:00Z", "2026-11-24T04:00Z"))),
        ),
        (
            "22:00-04:00",
            "2026-11-23T22:00Z",
            open("2026-11-24T04:00Z"),
        ),
        // 00:00 to 06:00 in Madrid in winter is 23:00 to 05:00.
        (
            "00:00-06:00+01:00",
            "2026-11-22T23:00Z",
            open("2026-11-23T05:00Z"),
        ),
        (
            "00:00-06:00+01:00",
            "2026-11-22T22:59Z",
            closed(Some(("2026-11-22T23:00Z", "2026-11-23T05:00Z"))),
        ),
        // 20:00 to 23:00 in California is of the next day here.
        (
            "20:00-23:00-08:00",
            "2026-11-23T06:59Z",
            open("2026-11-23T07:00Z"),
        ),
        (
            "00:00-24:00",
            "2026-11-23T06:59Z",
            open("2026-11-24T00:00Z"),
        ),
        (
            "2026-12-01T22:00Z/2026-12-02T04:00Z",
            "2026-11-23T00:00Z",
            closed(Some(("2026-12-01T22:00Z", "2026-12-02T04:00Z"))),
        ),
        (
            "2026-12-01T22:00Z/2026-12-02T04:00Z",
            "2026-12-02T03:00Z",
            open("2026-12-02T04:00Z"),
        ),
        (
            "2026-12-01T22:00Z/2026-12-02T04:00Z",
            "2026-12-02T04:00Z",
            closed(None),
        ),
    ] {
        let read: Window = window.parse().unwrap();
        assert_eq!(read.state_at(begun, at(now)), expected, "{window} at {now}");
    }
}

/// A question with every fact in favour.
fn question<'a>(now: &str, configurations: &'a [MaintenanceConfiguration]) -> Question<'a> {
    Question {
        now: at(now),
        begun: at(now),
        own: None,
        configurations: Some(configurations),
        node_disruption_policy: None,
        channels: Channels {
            auto_upgrade: Some("none"),
            node_os_upgrade: Some("None"),
        },
        p50_seconds: Some(3_600),
        p90_seconds: Some(7_200),
    }
}

/// What it refuses and warns of, in order.
fn said(question: &Question) -> Vec<(Gate, Severity)> {
    let mut all: Vec<(Gate, Severity)> = question
        .answers()
        .iter()
        .map(|answer| (answer.gate, answer.severity))
        .collect();
    all.retain(|(_, severity)| *severity > Severity::Info);
    all
}

const REFUSED: Severity = Severity::Blocker;

#[test]
fn the_clock_and_what_is_left() {
    let sundays = [node_os(nights(weekly(1, Weekday::Sunday)))];
    assert_eq!(said(&question("2026-11-22T22:00Z", &sundays)), []);
    // Two hours to the second still fit; one second less does not.
    assert_eq!(said(&question("2026-11-23T02:00:00Z", &sundays)), []);
    let late = question("2026-11-23T02:00:01Z", &sundays);
    assert_eq!(said(&late), [(Gate::Overrun, REFUSED)]);
    let evidence = &late.answers()[1].evidence;
    assert!(
        evidence.contains("take 2 h or less")
            && evidence.contains("1 h 59 min are left until 2026-11-23 04:00 UTC"),
        "{evidence}"
    );
    let out = question("2026-11-23T04:00Z", &sundays);
    assert_eq!(
        said(&out),
        [(Gate::Clock, REFUSED), (Gate::Overrun, REFUSED)]
    );
    assert!(
        out.answers()[0]
            .evidence
            .contains("opens at 2026-11-29 22:00 UTC")
    );
    // No window at all, and none that was read.
    let none = question("2026-11-22T22:00Z", &[]);
    assert_eq!(
        said(&none),
        [(Gate::Clock, REFUSED), (Gate::Overrun, REFUSED)]
    );
    let unread = Question {
        configurations: None,
        ..question("2026-11-22T22:00Z", &[])
    };
    assert_eq!(
        said(&unread),
        [(Gate::Clock, REFUSED), (Gate::Overrun, REFUSED)]
    );
    // A person's window counts instead of the cluster's.
    let mine: Window = "06:00-10:00+01:00".parse().unwrap();
    let own = Question {
        own: Some(&mine),
        ..question("2026-11-23T05:00Z", &sundays)
    };
    assert_eq!(said(&own), []);
    assert!(
        own.answers()[0]
            .evidence
            .contains("2026-11-23 09:00 UTC (10:00 at +01:00)"),
        "{:?}",
        own.answers()[0]
    );
    let unpredicted = Question {
        p90_seconds: None,
        ..own
    };
    assert_eq!(said(&unpredicted), [(Gate::Overrun, REFUSED)]);
}

#[test]
fn the_node_disruption_policy() {
    let sundays = [node_os(nights(weekly(1, Weekday::Sunday)))];
    let mine: Window = "24h".parse().unwrap();
    let asked = |policy, now, configurations| Question {
        own: Some(&mine),
        node_disruption_policy: Some(policy),
        configurations,
        ..question(now, &[])
    };
    const IN: &str = "2026-11-22T23:00Z";
    const OUT: &str = "2026-11-23T12:00Z";
    let refused = vec![(Gate::NodeDisruption, REFUSED)];
    for (policy, now, configurations, expected) in [
        ("Allow", OUT, Some(&sundays[..]), vec![]),
        ("Block", IN, Some(&sundays[..]), refused.clone()),
        (
            "AllowDuringMaintenanceWindow",
            IN,
            Some(&sundays[..]),
            vec![],
        ),
        (
            "allowduringmaintenancewindow",
            OUT,
            Some(&sundays[..]),
            refused.clone(),
        ),
        // The trap: without that window, everything is allowed.
        ("AllowDuringMaintenanceWindow", OUT, Some(&[]), vec![]),
        ("Sometimes", IN, Some(&sundays[..]), refused.clone()),
    ] {
        assert_eq!(
            said(&asked(policy, now, configurations)),
            expected,
            "{policy} {now}"
        );
    }
    let unread = asked("AllowDuringMaintenanceWindow", IN, None);
    assert_eq!(said(&unread), refused);
    // A window of another name is not the one that the policy looks at.
    let mut other = sundays.clone();
    other[0].name = "aksManagedAutoUpgradeSchedule".to_string();
    assert_eq!(
        said(&asked("AllowDuringMaintenanceWindow", OUT, Some(&other))),
        []
    );
}

#[test]
fn automatic_upgrades() {
    let mut auto = node_os(nights(weekly(1, Weekday::Sunday)));
    auto.name = "aksManagedAutoUpgradeSchedule".to_string();
    let configurations = [auto];
    let mine: Window = "24h".parse().unwrap();
    let asked = |now, channel: Option<&'static str>, p90| Question {
        own: Some(&mine),
        p90_seconds: Some(p90),
        channels: Channels {
            auto_upgrade: channel,
            node_os_upgrade: Some("None"),
        },
        ..question(now, &configurations)
    };
    let refused = vec![(Gate::AutomaticUpgrade, REFUSED)];
    let warned = vec![(Gate::AutomaticUpgrade, Severity::Warning)];
    for (now, channel, p90, expected) in [
        // Opens at 22:00: two hours end just then.
        ("2026-11-22T20:00:00Z", Some("patch"), 7_200, vec![]),
        (
            "2026-11-22T20:00:01Z",
            Some("patch"),
            7_200,
            refused.clone(),
        ),
        ("2026-11-22T20:00:01Z", None, 7_200, refused.clone()),
        ("2026-11-22T20:00:01Z", Some("none"), 7_200, vec![]),
        // Open already: AKS may start, or may be done.
        ("2026-11-22T23:00:00Z", Some("patch"), 7_200, warned.clone()),
        ("2026-11-23T04:00:00Z", Some("patch"), 7_200, vec![]),
    ] {
        assert_eq!(
            said(&asked(now, channel, p90)),
            expected,
            "{now} {channel:?}"
        );
    }
    // Channels of node images that start nothing.
    let of_nodes = [node_os(nights(weekly(1, Weekday::Sunday)))];
    let nodes = |word| Question {
        own: Some(&mine),
        channels: Channels {
            auto_upgrade: Some("none"),
            node_os_upgrade: Some(word),
        },
        ..question("2026-11-22T21:00Z", &of_nodes)
    };
    assert_eq!(said(&nodes("Unmanaged")), []);
    assert_eq!(said(&nodes("NodeImage")), refused);
    // Nothing holds back a channel that has no window.
    let unheld = Question {
        configurations: Some(&[]),
        ..asked("2026-11-22T12:00Z", Some("stable"), 7_200)
    };
    assert_eq!(said(&unheld), warned);
    // What may be a window is one here: every second day of nobody knows which.
    let mut second = configurations.clone();
    second[0].window.as_mut().unwrap().schedule = daily(2);
    let possible = Question {
        configurations: Some(&second),
        ..asked("2026-11-24T21:00Z", Some("patch"), 7_200)
    };
    assert_eq!(said(&possible), refused);
    assert!(is_refused(&possible.answers()));
}

#[test]
fn times_are_told_by_both_clocks() {
    for (minutes, expected) in [
        (0, "2026-11-22 22:30 UTC"),
        (60, "2026-11-22 22:30 UTC (23:30 at +01:00)"),
        (330, "2026-11-22 22:30 UTC (2026-11-23 04:00 at +05:30)"),
        (-570, "2026-11-22 22:30 UTC (13:00 at -09:30)"),
    ] {
        assert_eq!(told(at("2026-11-22T22:30Z"), minutes), expected);
    }
}
