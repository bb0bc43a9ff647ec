//! Planned maintenance of a cluster: when AKS may upgrade by itself. Never says whether a window is open: that needs a clock.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// One maintenance configuration. It gates what AKS starts by itself, never what a person asks for (MNT-1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MaintenanceConfiguration {
    /// `default` (AKS's own weekly releases), `aksManagedAutoUpgradeSchedule` (Kubernetes versions) or
    /// `aksManagedNodeOSUpgradeSchedule` (node images).
    pub name: String,
    /// `maintenanceWindow`.
    pub window: Option<MaintenanceWindow>,
    /// `timeInWeek`: the older form, of `default` only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub time_in_week: Vec<TimeInWeek>,
    /// `notAllowedTime`, beside the older form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_allowed_time: Vec<TimeSpan>,
    /// Azure's JSON for what this version does not understand. Where there is any, more windows or fewer may be open than the
    /// fields beside it say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_understood: Vec<String>,
}

impl MaintenanceConfiguration {
    /// What a cluster's configurations are told apart and sorted by: Azure does not regard case.
    pub fn key(&self) -> String {
        self.name.to_ascii_lowercase()
    }
}

/// A window that comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MaintenanceWindow {
    pub schedule: Schedule,
    /// Hours, 4 to 24. What was started in the window may run past its end; nothing new starts then.
    pub duration_hours: u32,
    /// Minutes east of UTC, of every date and time here; 0 where Azure names none.
    pub utc_offset_minutes: i32,
    /// The first day on which the schedule counts. `None`: it counts already.
    #[schemars(with = "Option<String>")]
    pub start_date: Option<Date>,
    /// When the window opens.
    #[schemars(with = "String")]
    pub start_time: Time,
    /// Days on which no window opens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_allowed_dates: Vec<DateSpan>,
}

/// How often a window opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    Daily {
        /// Days, 1 to 7.
        interval_days: NonZeroU32,
    },
    Weekly {
        /// Weeks, 1 to 4.
        interval_weeks: NonZeroU32,
        day_of_week: Weekday,
    },
    AbsoluteMonthly {
        /// Months, 1 to 6.
        interval_months: NonZeroU32,
        /// 1 to 31.
        day_of_month: NonZeroU32,
    },
    RelativeMonthly {
        /// Months, 1 to 6.
        interval_months: NonZeroU32,
        week_index: WeekIndex,
        day_of_week: Weekday,
    },
}

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// Azure's word in any case; `None` for what is no day.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "monday" => Weekday::Monday,
            "tuesday" => Weekday::Tuesday,
            "wednesday" => Weekday::Wednesday,
            "thursday" => Weekday::Thursday,
            "friday" => Weekday::Friday,
            "saturday" => Weekday::Saturday,
            "sunday" => Weekday::Sunday,
            _ => return None,
        })
    }
}

/// Which of a month's weekdays of one name.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum WeekIndex {
    First,
    Second,
    Third,
    Fourth,
    Last,
}

impl WeekIndex {
    /// Azure's word in any case; `None` for any other.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "first" => WeekIndex::First,
            "second" => WeekIndex::Second,
            "third" => WeekIndex::Third,
            "fourth" => WeekIndex::Fourth,
            "last" => WeekIndex::Last,
            _ => return None,
        })
    }
}

/// Hours of a day in which maintenance may start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimeInWeek {
    pub day: Weekday,
    /// Hours of UTC, 0 to 23; each lasts to the next.
    pub hour_slots: Vec<u32>,
}

/// Days, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DateSpan {
    #[schemars(with = "String")]
    pub start: Date,
    #[schemars(with = "String")]
    pub end: Date,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimeSpan {
    #[schemars(with = "String")]
    pub start: Timestamp,
    #[schemars(with = "String")]
    pub end: Timestamp,
}
