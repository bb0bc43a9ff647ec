use super::*;
use crate::migrate::window::is_refused;
use crate::model::{MaintenanceConfiguration, MaintenanceWindow, Schedule, Weekday};
use crate::source::{Found, read_document};
use jiff::civil::time;
use std::num::NonZeroU32;

const SCENARIO: &str = "\
apiVersion: aksplan/v1
name: quay
virtual_networks:
  - name: v
    address_space: [10.0.0.0/16]
    subnets: [{ name: nodes, cidr: 10.0.0.0/24 }]
clusters:
  - name: prod
    network_plugin: azure
    service_cidr: 172.16.0.0/16
    pools: [{ name: p, mode: System, count: 2, max_pods: 30, subnet: nodes }]
";

/// Every Sunday for four hours, from this hour of UTC on.
fn sundays(name: &str, hour: i8) -> MaintenanceConfiguration {
    MaintenanceConfiguration {
        name: name.to_string(),
        window: Some(MaintenanceWindow {
            schedule: Schedule::Weekly {
                interval_weeks: NonZeroU32::MIN,
                day_of_week: Weekday::Sunday,
            },
            duration_hours: 4,
            utc_offset_minutes: 0,
            start_date: None,
            start_time: time(hour, 0, 0, 0),
            not_allowed_dates: Vec::new(),
        }),
        ..MaintenanceConfiguration::default()
    }
}

/// A cluster with these windows and both channels set to this.
fn cluster(windows: Option<Vec<MaintenanceConfiguration>>, channel: Option<&str>) -> Cluster {
    let found = read_document("estate", SCENARIO.as_bytes());
    let inventory = found.and_then(Found::assemble).unwrap().current;
    let mut cluster = inventory.clusters[0].clone();
    cluster.maintenance = windows;
    cluster.auto_upgrade.channel = channel.map(str::to_string);
    cluster.auto_upgrade.node_os_channel = channel.map(str::to_string);
    cluster
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A Friday morning.
const NOW: &str = "2026-11-20T09:00:00Z";

fn minutes(p90: u32) -> Option<Seconds> {
    Some(Seconds {
        p50: p90 * 30,
        p90: p90 * 60,
        p99: p90 * 90,
    })
}

fn look(cluster: &Cluster, own: Option<&str>, p90: u32) -> (Vec<String>, Vec<&'static str>) {
    let own: Option<Window> = own.map(|text| text.parse().unwrap());
    let (ahead, findings) = ahead(cluster, own.as_ref(), Some(instant(NOW)), minutes(p90));
    let lines = ahead.openings.iter().map(|next| {
        format!(
            "{} {} {:?} by {} {}",
            next.window,
            next.opens_words(),
            next.fits,
            next.start_by_words().unwrap_or("never".to_string()),
            next.against.len()
        )
    });
    (
        lines.collect(),
        findings.iter().map(|finding| finding.code).collect(),
    )
}

#[test]
fn a_schedule_that_is_open_alone() {
    let node_images = || Some(vec![sundays("aksmanagednodeosupgradeschedule", 1)]);
    let (lines, codes) = look(&cluster(node_images(), Some("None")), None, 60);
    assert_eq!(
        lines,
        [
            "aksManagedNodeOSUpgradeSchedule 2026-11-22 01:00 UTC Some(true) by 2026-11-22 04:00 UTC 0",
            "aksManagedNodeOSUpgradeSchedule 2026-11-29 01:00 UTC Some(true) by 2026-11-29 04:00 UTC 0",
            "aksManagedNodeOSUpgradeSchedule 2026-12-06 01:00 UTC Some(true) by 2026-12-06 04:00 UTC 0",
        ]
    );
    assert_eq!(codes, Vec::<&str>::new());
    // Five hours do not fit in four.
    let (lines, codes) = look(&cluster(node_images(), Some("None")), None, 300);
    assert!(lines[0].contains("Some(false) by never 0"), "{lines:?}");
    assert_eq!(codes, ["window-too-short"]);
    // AKS has its own use for it; and where no schedule says when, it is at any time.
    let (lines, codes) = look(&cluster(node_images(), Some("NodeImage")), None, 60);
    assert!(lines[0].ends_with("by 2026-11-22 04:00 UTC 1"), "{lines:?}");
    assert_eq!(
        codes,
        ["automatic-upgrade-at-any-time", "automatic-upgrade-ahead"]
    );
}

#[test]
fn an_upgrade_in_the_middle_bounds_the_start() {
    let both = Some(vec![
        sundays("aksManagedAutoUpgradeSchedule", 2),
        sundays("default", 12),
    ]);
    let cluster = cluster(both, Some("stable"));
    // 22:00 to 06:00, and AKS from 02:00 on: whoever begins after 01:00 meets it.
    let own = "2026-11-21T22:00Z/2026-11-22T06:00Z";
    let (lines, codes) = look(&cluster, Some(own), 60);
    assert!(
        lines[0].ends_with("2026-11-21 22:00 UTC Some(true) by 2026-11-22 01:00 UTC 0"),
        "{lines:?}"
    );
    assert_eq!(codes, ["automatic-upgrade-at-any-time"]);
    // A longer move meets it whenever it begins.
    let (lines, codes) = look(&cluster, Some(own), 300);
    assert!(lines[0].ends_with("Some(true) by never 1"), "{lines:?}");
    assert!(codes.contains(&"automatic-upgrade-ahead"), "{codes:?}");
    // The others are AKS's alone.
    assert!(
        lines[1..]
            .iter()
            .all(|line| line.contains("None by never 0"))
    );
    assert_eq!(lines.len(), 7);
}

/// What a plan says of a window is what the gate says when somebody stands in it.
#[test]
fn the_gate_agrees() {
    for hour in [0, 1, 3, 20] {
        for (channel, p90) in [("none", 30), ("patch", 30), ("patch", 200), ("none", 300)] {
            let windows = vec![
                sundays("aksManagedNodeOSUpgradeSchedule", 0),
                sundays("aksManagedAutoUpgradeSchedule", hour),
            ];
            let cluster = cluster(Some(windows), Some(channel));
            for own in [None, Some("23:00-05:00"), Some("21:30-01:30+01:00")] {
                let own: Option<Window> = own.map(|text| text.parse().unwrap());
                let (ahead, _) = ahead(&cluster, own.as_ref(), Some(instant(NOW)), minutes(p90));
                let refused = |at: Timestamp| {
                    let question = Question {
                        p90_seconds: Some(p90 * 60),
                        ..Question::of(&cluster, own.as_ref(), at)
                    };
                    is_refused(&question.answers())
                };
                let said = ahead.openings.iter().filter(|next| next.permits);
                let mut count = 0;
                for next in said {
                    count += 1;
                    let refuses = next.fits == Some(false)
                        || next
                            .against
                            .iter()
                            .any(|words| words.contains("is refused"));
                    assert_eq!(refused(instant(&next.opens)), refuses, "{next:?}");
                    if let Some(by) = &next.start_by {
                        assert!(!refused(instant(by)), "{next:?}");
                        let after = later(instant(by), SignedDuration::from_secs(1));
                        // Where two are open, the other one may have time left.
                        let is_in_another = ahead.openings.iter().any(|other| {
                            other.window != next.window
                                && instant(&other.opens) <= after
                                && after < instant(&other.closes)
                        });
                        assert!(is_in_another || refused(after), "{next:?}");
                    }
                }
                assert!(count >= 3);
            }
        }
    }
}

#[test]
fn what_cannot_be_said_is_said() {
    let weekly = || Some(vec![sundays("aksManagedAutoUpgradeSchedule", 2)]);
    let cases: &[(Cluster, Option<&str>, Option<&str>, &str)] = &[
        (cluster(weekly(), None), None, None, "is not known"),
        (
            cluster(weekly(), None),
            Some("4h"),
            Some(NOW),
            "counts from the start",
        ),
        (
            cluster(None, None),
            Some("22:00-04:00"),
            None,
            "is not known",
        ),
    ];
    for (cluster, own, now, expected) in cases {
        let own: Option<Window> = own.map(|text| text.parse().unwrap());
        let (ahead, _) = ahead(cluster, own.as_ref(), now.map(instant), minutes(60));
        assert!(
            ahead.not_known.iter().any(|said| said.contains(expected)),
            "{expected}: {ahead:?}"
        );
    }
    // Nothing known of a time, but of the channels.
    let (ahead, findings) = ahead(&cluster(None, None), None, None, minutes(60));
    assert_eq!(ahead, Ahead::default());
    assert_eq!(findings.len(), 1);
    assert!(findings[0].message.contains("were not read"));
}
