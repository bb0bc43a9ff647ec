//! Laws of maintenance windows, against an oracle that was written differently: it lists every way in which Azure's documents can be
//! read, walks each day by day through more than a year, and asks of every quarter of an hour whether the window is open there. Certain is
//! what all of them have open; possible, what any has.

use aksplan::migrate::window::{Opening, Reading, State, Window, openings, state_at};
use aksplan::model::{
    DateSpan, MaintenanceConfiguration, MaintenanceWindow, Schedule, WeekIndex, Weekday,
};
use jiff::civil::{self, Date, Time, Weekday as Civil};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeSet;
use std::num::NonZeroU32;

const QUARTER: i64 = 900;
/// The walk begins here: February 29 is in its middle.
const FIRST: Date = civil::date(2027, 6, 1);
const DAYS: i32 = 400;

const WEEKDAYS: [(Weekday, Civil); 7] = [
    (Weekday::Monday, Civil::Monday),
    (Weekday::Tuesday, Civil::Tuesday),
    (Weekday::Wednesday, Civil::Wednesday),
    (Weekday::Thursday, Civil::Thursday),
    (Weekday::Friday, Civil::Friday),
    (Weekday::Saturday, Civil::Saturday),
    (Weekday::Sunday, Civil::Sunday),
];

fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("above 0")
}

fn schedules() -> impl Strategy<Value = Schedule> {
    let weekdays = || select(WEEKDAYS.map(|(azure, _)| azure).to_vec());
    let indexes = select(vec![
        WeekIndex::First,
        WeekIndex::Second,
        WeekIndex::Third,
        WeekIndex::Fourth,
        WeekIndex::Last,
    ]);
    prop_oneof![
        1 => (1..=7u32).prop_map(|days| Schedule::Daily {
            interval_days: number(days)
        }),
        3 => (1..=4u32, weekdays()).prop_map(|(weeks, day_of_week)| Schedule::Weekly {
            interval_weeks: number(weeks),
            day_of_week
        }),
        2 => (1..=6u32, prop_oneof![1..=31u32, 28..=31u32]).prop_map(|(months, day)| {
            Schedule::AbsoluteMonthly {
                interval_months: number(months),
                day_of_month: number(day),
            }
        }),
        1 => (1..=6u32, indexes, weekdays()).prop_map(|(months, week_index, day_of_week)| {
            Schedule::RelativeMonthly {
                interval_months: number(months),
                week_index,
                day_of_week,
            }
        }),
    ]
}

fn dates() -> impl Strategy<Value = Date> {
    // Before the walk, in it, and at ends of months more often than chance would have it.
    let any = (-90..DAYS).prop_map(|days| FIRST.saturating_add(days.days()));
    let ends = any.clone().prop_flat_map(|date| {
        let last = date.last_of_month();
        (0..4i32).prop_map(move |back| last.saturating_sub(back.days()))
    });
    prop_oneof![any, ends]
}

fn windows() -> impl Strategy<Value = MaintenanceWindow> {
    let times = (0..96i32).prop_map(|quarters| {
        Time::midnight().wrapping_add(SignedDuration::from_mins(i64::from(quarters) * 15))
    });
    let offsets = prop_oneof![
        Just(0),
        select(vec![-720, -570, -480, 60, 120, 330, 345, 840])
    ];
    let spans = vec((dates(), 0..12i32), 0..4).prop_map(|spans| {
        let span = |(start, days): (Date, i32)| DateSpan {
            start,
            end: start.saturating_add(days.days()),
        };
        spans.into_iter().map(span).collect::<Vec<_>>()
    });
    (
        schedules(),
        4..=24u32,
        offsets,
        option::of(dates()),
        times,
        spans,
    )
        .prop_map(
            |(schedule, duration_hours, utc_offset_minutes, start_date, start_time, dates)| {
                MaintenanceWindow {
                    schedule,
                    duration_hours,
                    utc_offset_minutes,
                    start_date,
                    start_time,
                    not_allowed_dates: dates,
                }
            },
        )
}

/// What becomes of day 31 in a month of thirty.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Short {
    Skipped,
    LastDay,
    RunsOn,
}

/// Every set of days that some reading of the schedule has it open on.
fn readings(window: &MaintenanceWindow) -> Vec<BTreeSet<Date>> {
    match window.schedule {
        Schedule::Daily { interval_days } => phases(interval_days.get(), |phase| {
            let first = window.start_date.unwrap_or(walk()[0]);
            let since = walk().iter().position(|day| *day >= first);
            every(&walk()[since?..], interval_days.get(), phase, |_| true)
        })
        .take(if window.start_date.is_some() { 1 } else { 7 })
        .collect(),
        Schedule::Weekly {
            interval_weeks,
            day_of_week,
        } => {
            let weekday = civil_of(day_of_week);
            let sets = phases(interval_weeks.get(), |phase| {
                every(&walk(), interval_weeks.get(), phase, |day| {
                    day.weekday() == weekday
                })
            });
            let sets = after(sets, window.start_date);
            let Some(start) = window.start_date else {
                return sets.collect();
            };
            // The first of the weekday in the week of the start, be it before or after it; and the first after it.
            let mut firsts = vec![
                *walk()
                    .iter()
                    .find(|day| **day >= start && day.weekday() == weekday)
                    .expect("the walk is longer than a week"),
            ];
            for begins in [Civil::Sunday, Civil::Monday] {
                let mut week = start;
                while week.weekday() != begins {
                    week = week.yesterday().expect("in range");
                }
                while week.weekday() != weekday {
                    week = week.tomorrow().expect("in range");
                }
                firsts.push(week);
            }
            let all: Vec<BTreeSet<Date>> = sets.collect();
            firsts
                .into_iter()
                .map(|first| counted_from(first, 7 * interval_weeks.get(), start))
                .inspect(|set| assert!(all.contains(set) || interval_weeks.get() == 1))
                .collect()
        }
        Schedule::AbsoluteMonthly {
            interval_months,
            day_of_month,
        } => {
            let day = i8::try_from(day_of_month.get()).expect("at most 31");
            let mut all = Vec::new();
            for short in [Short::Skipped, Short::LastDay, Short::RunsOn] {
                let fits = move |first: Date| -> Option<Date> {
                    let mut date = first;
                    for _ in 1..day {
                        let next = date.tomorrow().expect("in range");
                        if next.month() != first.month() && date.month() == first.month() {
                            match short {
                                Short::Skipped => return None,
                                Short::LastDay => return Some(date),
                                Short::RunsOn => {}
                            }
                        }
                        date = next;
                    }
                    Some(date)
                };
                all.extend(of_months(interval_months.get(), window.start_date, &fits));
            }
            all
        }
        Schedule::RelativeMonthly {
            interval_months,
            week_index,
            day_of_week,
        } => {
            let weekday = civil_of(day_of_week);
            let fits = |first: Date| -> Option<Date> {
                let of_name: Vec<Date> =
                    std::iter::successors(Some(first), |day| day.tomorrow().ok())
                        .take_while(|day| day.month() == first.month())
                        .filter(|day| day.weekday() == weekday)
                        .collect();
                match week_index {
                    WeekIndex::First => of_name.first(),
                    WeekIndex::Second => of_name.get(1),
                    WeekIndex::Third => of_name.get(2),
                    WeekIndex::Fourth => of_name.get(3),
                    WeekIndex::Last => of_name.last(),
                }
                .copied()
            };
            of_months(interval_months.get(), window.start_date, &fits)
        }
    }
}

fn civil_of(day: Weekday) -> Civil {
    let found = WEEKDAYS.iter().find(|(azure, _)| *azure == day);
    found.expect("seven days are all").1
}

/// Days from half a year before the walk to a month after it.
fn walk() -> Vec<Date> {
    let first = FIRST.saturating_sub(200.days());
    (0..DAYS + 240)
        .map(|days| first.saturating_add(days.days()))
        .collect()
}

fn phases(
    interval: u32,
    set: impl Fn(u32) -> Option<BTreeSet<Date>>,
) -> impl Iterator<Item = BTreeSet<Date>> {
    (0..interval).map(move |phase| set(phase).unwrap_or_default())
}

/// Each `interval`th of the days that fit, beginning with one of the first of them.
fn every(
    days: &[Date],
    interval: u32,
    phase: u32,
    fits: impl Fn(&Date) -> bool,
) -> Option<BTreeSet<Date>> {
    let mut since = interval - phase;
    let mut set = BTreeSet::new();
    for day in days.iter().filter(|day| fits(day)) {
        if since == interval {
            set.insert(*day);
            since = 0;
        }
        since += 1;
    }
    Some(set)
}

fn after(
    sets: impl Iterator<Item = BTreeSet<Date>>,
    start: Option<Date>,
) -> impl Iterator<Item = BTreeSet<Date>> {
    sets.map(move |mut set| {
        set.retain(|day| start.is_none_or(|start| *day >= start));
        set
    })
}

fn counted_from(first: Date, days: u32, start: Date) -> BTreeSet<Date> {
    let last = *walk().last().expect("it has days");
    let mut set = BTreeSet::new();
    let mut day = first;
    while day <= last {
        if day >= start {
            set.insert(day);
        }
        for _ in 0..days {
            day = day.tomorrow().expect("in range");
        }
    }
    set
}

/// Every `interval`th month: from each phase, or from the month of the start and from that of the first day after it.
fn of_months(
    interval: u32,
    start: Option<Date>,
    fits: &dyn Fn(Date) -> Option<Date>,
) -> Vec<BTreeSet<Date>> {
    let firsts: Vec<Date> = walk().into_iter().filter(|day| day.day() == 1).collect();
    let anchors: Vec<usize> = match start {
        None => (0..interval as usize).collect(),
        Some(start) => {
            let own = firsts
                .iter()
                .position(|first| first.first_of_month() == start.first_of_month())
                .expect("the start is in the walk");
            let first = (own..firsts.len())
                .find(|month| fits(firsts[*month]).is_some_and(|date| date >= start));
            [Some(own), first].into_iter().flatten().collect()
        }
    };
    let of = |anchor: usize| {
        firsts
            .iter()
            .enumerate()
            .filter(|(month, _)| month.abs_diff(anchor) % interval as usize == 0)
            .filter_map(|(_, first)| fits(*first))
            .filter(|date| start.is_none_or(|start| *date >= start))
            .collect()
    };
    anchors.into_iter().map(of).collect()
}

/// Whether a reading has the window open at this instant; `runs_on`: a not-allowed date does not close what is open.
fn is_open(
    days: &BTreeSet<Date>,
    window: &MaintenanceWindow,
    now: Timestamp,
    runs_on: bool,
) -> bool {
    let minutes = window.utc_offset_minutes;
    let there = Offset::UTC
        .to_datetime(now)
        .checked_add(SignedDuration::from_mins(i64::from(minutes)))
        .expect("in range");
    let today = there.date();
    let is_barred = |day: Date| {
        window
            .not_allowed_dates
            .iter()
            .any(|span| span.start <= day && day <= span.end)
    };
    let yesterday = today.yesterday().expect("in range");
    [yesterday, today].into_iter().any(|day| {
        if !days.contains(&day) {
            return false;
        }
        let since = there
            .duration_since(day.to_datetime(window.start_time))
            .as_secs();
        if since < 0 || since >= i64::from(window.duration_hours) * 3_600 {
            return false;
        }
        let passed: Vec<bool> = [day, today].into_iter().map(is_barred).collect();
        if runs_on {
            passed.contains(&false)
        } else {
            !passed.contains(&true)
        }
    })
}

/// Whether the law asks for the same openings, or only that none of the oracle's is missing: which of the months counts as the first
/// is not followed into every month that lacks the day.
fn is_plain(window: &MaintenanceWindow) -> bool {
    match window.schedule {
        Schedule::AbsoluteMonthly {
            interval_months,
            day_of_month,
        } => interval_months.get() == 1 || day_of_month.get() <= 28,
        _ => true,
    }
}

fn configuration(window: MaintenanceWindow) -> MaintenanceConfiguration {
    MaintenanceConfiguration {
        name: "aksManagedNodeOSUpgradeSchedule".to_string(),
        window: Some(window),
        ..MaintenanceConfiguration::default()
    }
}

fn midnight(date: Date) -> Timestamp {
    Offset::UTC
        .to_timestamp(date.at(0, 0, 0, 0))
        .expect("in range")
}

fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, rng_seed: proptest::test_runner::RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn certain_is_what_every_reading_has_and_possible_what_any_has(window in windows()) {
        let sets = readings(&window);
        prop_assert!(!sets.is_empty());
        let (from, to) = (midnight(FIRST), midnight(FIRST.saturating_add(DAYS.days())));
        let configuration = configuration(window.clone());
        let certain = openings(&configuration, from, to, Reading::Certain).expect("it is understood");
        let possible = openings(&configuration, from, to, Reading::Possible).expect("it is understood");
        for found in [&certain, &possible] {
            prop_assert!(found.windows(2).all(|pair| pair[0].end < pair[1].start), "{found:?}");
            prop_assert!(found.iter().all(|opening| opening.start < to && from < opening.end));
        }
        let holds = |found: &[Opening], now: Timestamp| found.iter().any(|opening| opening.holds(now));
        let (mut of_certain, mut of_possible) = (certain.as_slice(), possible.as_slice());
        let mut now = from;
        while now < to {
            for found in [&mut of_certain, &mut of_possible] {
                while found.first().is_some_and(|opening| opening.end <= now) {
                    *found = &found[1..];
                }
            }
            let any = sets.iter().any(|set| is_open(set, &window, now, true));
            let all = any && sets.iter().all(|set| is_open(set, &window, now, false));
            let told = (
                of_certain.first().is_some_and(|opening| opening.holds(now)),
                of_possible.first().is_some_and(|opening| opening.holds(now)),
            );
            prop_assert_eq!(told.0, all, "certain at {}", now);
            if is_plain(&window) {
                prop_assert_eq!(told.1, any, "possible at {}", now);
            } else {
                prop_assert!(told.1 || !any, "possible at {}", now);
            }
            now = now.checked_add(seconds(QUARTER)).expect("in range");
        }
        prop_assert!(!holds(&certain, to) || certain.last().is_some_and(|last| last.end > to));
    }

    /// The state of an instant is what the openings around it say, and the next opening is the first there is.
    #[test]
    fn states_are_what_openings_say(window in windows(), after in 0..DAYS * 96) {
        let configuration = configuration(window);
        let now = midnight(FIRST).checked_add(seconds(i64::from(after) * QUARTER)).expect("in range");
        let until = now.checked_add(seconds(86_400 * 400)).expect("in range");
        let certain = openings(&configuration, now, until, Reading::Certain).expect("it is understood");
        let possible = openings(&configuration, now, until, Reading::Possible).expect("it is understood");
        match state_at(&configuration, now) {
            State::Open { until } => {
                prop_assert!(certain.iter().any(|opening| opening.holds(now)));
                prop_assert!(until > now);
            }
            State::Unknown { .. } => {
                prop_assert!(possible.iter().any(|opening| opening.holds(now)));
                prop_assert!(!certain.iter().any(|opening| opening.holds(now)));
            }
            State::Closed { opens_next } => {
                prop_assert!(!possible.iter().any(|opening| opening.holds(now)));
                let first = certain.iter().find(|opening| opening.start > now);
                if let Some(first) = first {
                    prop_assert_eq!(opens_next.map(|opening| opening.start), Some(first.start));
                }
            }
        }
    }

    /// A person's daily window, against minutes of a day counted by hand.
    #[test]
    fn daily_windows_are_what_a_clock_says(
        opens in 0..1_440i64,
        lasts in 1..=1_440i64,
        east in select(vec![-720i64, -570, -60, 0, 60, 345, 840]),
        now in 0..4_000i64,
    ) {
        let closes = (opens + lasts) % 1_440;
        let clock = |minutes: i64| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let sign = if east < 0 { '-' } else { '+' };
        let text = format!("{}-{}{sign}{}", clock(opens), clock(closes), clock(east.abs()));
        let window: Window = text.parse().expect("it is a window");
        prop_assert_eq!(i64::from(window.seconds()), lasts * 60);
        prop_assert_eq!(window.to_string().parse(), Ok(window));
        let instant = midnight(FIRST).checked_add(seconds(now * 60)).expect("in range");
        // Minutes since it opened last.
        let since = (now + east - opens).rem_euclid(1_440);
        match window.state_at(instant, instant) {
            State::Open { until } => {
                prop_assert!(since < lasts);
                prop_assert_eq!(until.duration_since(instant), seconds((lasts - since) * 60));
            }
            State::Closed { opens_next } => {
                prop_assert!(since >= lasts);
                let next = opens_next.expect("it opens every day");
                prop_assert_eq!(next.start.duration_since(instant), seconds((1_440 - since) * 60));
                prop_assert_eq!(next.end.duration_since(next.start), seconds(lasts * 60));
            }
            State::Unknown { why } => prop_assert!(false, "{}", why),
        }
    }
}
