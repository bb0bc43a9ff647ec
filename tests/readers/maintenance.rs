//! Maintenance configurations: every kind of schedule, and what becomes of one that this version does not know.

use super::{fixture, inventory};
use aksplan::model::{
    Cluster, DateSpan, MaintenanceConfiguration, Schedule, TimeInWeek, WeekIndex, Weekday,
};
use jiff::civil::{date, time};
use serde_json::{Value, json};
use std::num::NonZeroU32;

const CLUSTER: &str =
    "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c";

fn clusters() -> Vec<Cluster> {
    let names = [
        "maintenanceConfigurations",
        "virtualNetworks",
        "subnets",
        "managedClusters",
    ];
    let texts: String = names
        .iter()
        .map(|name| fixture(&format!("arm/{name}.json")))
        .collect();
    inventory(texts).clusters
}

fn named<'a>(clusters: &'a [Cluster], cluster: &str) -> &'a [MaintenanceConfiguration] {
    let cluster = clusters.iter().find(|known| known.name == cluster);
    cluster
        .and_then(|cluster| cluster.maintenance.as_deref())
        .expect("it has configurations")
}

#[test]
fn all_kinds_of_schedule_are_read() {
    let clusters = clusters();
    let some = |number| NonZeroU32::new(number).expect("a literal");
    let [auto, node_os, weekly_releases] = named(&clusters, "quay") else {
        panic!("three, in order of name")
    };
    assert_eq!(
        [&auto.name, &node_os.name, &weekly_releases.name],
        [
            "aksManagedAutoUpgradeSchedule",
            "aksManagedNodeOSUpgradeSchedule",
            "default"
        ]
    );
    let window = auto.window.as_ref().expect("it has one");
    assert_eq!(
        window.schedule,
        Schedule::Weekly {
            interval_weeks: some(3),
            day_of_week: Weekday::Friday
        }
    );
    assert_eq!((window.duration_hours, window.utc_offset_minutes), (8, 330));
    assert_eq!(
        (window.start_date, window.start_time),
        (Some(date(2026, 1, 2)), time(0, 0, 0, 0))
    );
    assert_eq!(
        window.not_allowed_dates,
        [DateSpan {
            start: date(2025, 12, 23),
            end: date(2026, 1, 5)
        }]
    );
    let window = node_os.window.as_ref().expect("it has one");
    assert_eq!(
        window.schedule,
        Schedule::RelativeMonthly {
            interval_months: some(1),
            week_index: WeekIndex::Last,
            day_of_week: Weekday::Sunday
        }
    );
    assert_eq!(
        (window.utc_offset_minutes, window.start_time),
        (-480, time(22, 30, 0, 0))
    );
    assert_eq!(weekly_releases.window, None);
    assert_eq!(
        weekly_releases.time_in_week,
        [TimeInWeek {
            day: Weekday::Tuesday,
            hour_slots: vec![1, 23]
        }]
    );
    assert_eq!(
        weekly_releases.not_allowed_time[0].end.to_string(),
        "2025-11-30T12:00:00Z"
    );
    let schedules: Vec<Schedule> = named(&clusters, "raft")
        .iter()
        .filter_map(|configuration| Some(configuration.window.as_ref()?.schedule))
        .collect();
    assert_eq!(
        schedules,
        [
            Schedule::AbsoluteMonthly {
                interval_months: some(3),
                day_of_month: some(31)
            },
            Schedule::Daily {
                interval_days: some(1)
            },
        ]
    );
    let skiff = clusters.iter().find(|cluster| cluster.name == "skiff");
    assert_eq!(
        skiff.expect("it is in the fixtures").maintenance,
        None,
        "not read"
    );
}

fn configuration(name: &str, properties: &Value) -> String {
    json!({"id": format!("{CLUSTER}/maintenanceConfigurations/{name}"), "name": name, "properties": properties}).to_string()
}

fn only(text: &str) -> (MaintenanceConfiguration, Vec<String>) {
    let cluster = json!({"id": CLUSTER, "name": "c", "properties": {"agentPoolProfiles": []}});
    let mut all = inventory(format!("{text}{cluster}"));
    let mut configurations = all.clusters[0].maintenance.take().expect("it was read");
    assert_eq!(configurations.len(), 1);
    (configurations.remove(0), all.not_checked)
}

#[test]
fn what_is_not_understood_is_kept_and_said() {
    let window = |schedule: Value, more: Value| {
        let mut window = json!({"schedule": schedule, "durationHours": 4, "startTime": "01:00"});
        let fields = window.as_object_mut().expect("an object");
        fields.extend(more.as_object().expect("an object").clone());
        json!({ "maintenanceWindow": window })
    };
    let daily = json!({"daily": {"intervalDays": 1}});
    for (properties, word) in [
        (
            window(json!({"hourly": {"intervalHours": 6}}), json!({})),
            "intervalHours",
        ),
        (
            window(json!({"daily": {"intervalDays": 0}}), json!({})),
            "intervalDays",
        ),
        (
            window(
                json!({"weekly": {"intervalWeeks": 1, "dayOfWeek": "Caturday"}}),
                json!({}),
            ),
            "Caturday",
        ),
        (
            window(
                json!({"absoluteMonthly": {"intervalMonths": 1, "dayOfMonth": 32}}),
                json!({}),
            ),
            "32",
        ),
        (window(daily.clone(), json!({"startTime": "noon"})), "noon"),
        (window(daily.clone(), json!({"utcOffset": "PST"})), "PST"),
        (
            window(daily.clone(), json!({"durationHours": 1e300})),
            "1e+300",
        ),
        (
            window(daily.clone(), json!({"startDate": "2026-02-30"})),
            "2026-02-30",
        ),
        (window(daily, json!({"notAllowedDates": "never"})), "never"),
        (json!({"maintenanceWindow": 7}), "7"),
        (
            json!({"timeInWeek": [{"day": "Monday", "hourSlots": [24]}]}),
            "24",
        ),
        (
            json!({"notAllowedTime": [{"start": "x", "end": "y"}]}),
            "start",
        ),
    ] {
        let (read, not_checked) = only(&configuration("default", &properties));
        assert_eq!(read.window, None, "{properties}");
        assert_eq!(read.not_understood.len(), 1, "{properties}");
        assert!(
            read.not_understood[0].contains(word),
            "{:?}",
            read.not_understood
        );
        assert!(
            not_checked.iter().any(|sentence| sentence.starts_with(
                "input: maintenance configuration default of cluster c is not understood: "
            ) && sentence.contains(word)),
            "{not_checked:?}"
        );
    }
    let (read, not_checked) = only(&configuration(
        "default",
        &json!({"maintenanceWindow": null}),
    ));
    assert_eq!((read.window, read.not_understood.len()), (None, 0));
    assert!(
        not_checked
            .iter()
            .all(|sentence| !sentence.contains("maintenance"))
    );
}

#[test]
fn of_a_configuration_read_twice_the_later_counts() {
    let slots = |hour: u32| json!({"timeInWeek": [{"day": "Monday", "hourSlots": [hour]}]});
    let (read, _) = only(&format!(
        "{}{}",
        configuration("default", &slots(1)),
        configuration("Default", &slots(2))
    ));
    assert_eq!(read.time_in_week[0].hour_slots, [2]);
    let alone = inventory(configuration("default", &slots(1)));
    assert_eq!(
        alone.not_checked,
        ["input: maintenance configuration of cluster c, which was not read"]
    );
}
