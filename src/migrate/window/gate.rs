//! Whether the move may start now. Refuses when in doubt; never decides what a person may override.

use super::{FURTHEST, Opening, Reading, State, Window, later, openings, state_at, told, whole};
use crate::finding::{Severity, at_least, at_most};
use crate::model::{Cluster, MaintenanceConfiguration};
use crate::rule::{self, Rule};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// The configuration that says when AKS may upgrade Kubernetes.
pub(super) const AUTO_UPGRADE: &str = "aksManagedAutoUpgradeSchedule";
/// The configuration that says when AKS may replace node images; the only one that a node disruption policy looks at (MIG-12).
pub(super) const NODE_OS_UPGRADE: &str = "aksManagedNodeOSUpgradeSchedule";
/// The configuration of AKS's own weekly releases.
pub(super) const WEEKLY_RELEASES: &str = "default";

/// What the gate is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub now: Timestamp,
    /// When the run was first started; `now` where it has not begun.
    pub begun: Timestamp,
    /// `--window`.
    pub own: Option<&'a Window>,
    /// The cluster's own; `None`: not read.
    pub configurations: Option<&'a [MaintenanceConfiguration]>,
    /// `nodeDisruptionProfile.nodeDisruptionPolicy`.
    pub node_disruption_policy: Option<&'a str>,
    pub channels: Channels<'a>,
    /// Seconds that are still needed at the median, and by nine of ten futures; `None`: not predicted, or it does not complete.
    pub p50_seconds: Option<u32>,
    pub p90_seconds: Option<u32>,
}

/// `autoUpgradeProfile`. `None`: not read, which counts as on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Channels<'a> {
    /// `upgradeChannel`: `none`, `patch`, `stable`, `rapid`, `node-image`.
    pub auto_upgrade: Option<&'a str>,
    /// `nodeOSUpgradeChannel`: `None`, `Unmanaged`, `SecurityPatch`, `NodeImage`.
    pub node_os_upgrade: Option<&'a str>,
}

/// What an answer is about. A person may accept [`Gate::Overrun`]; no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// The clock is inside the window.
    Clock,
    /// What is left of the window is long enough.
    Overrun,
    /// The node disruption policy lets it through.
    NodeDisruption,
    /// No automatic upgrade comes in between.
    AutomaticUpgrade,
}

/// One of the gate's answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub gate: Gate,
    /// `Blocker`: the move must not start now.
    pub severity: Severity,
    pub rule: &'static Rule,
    /// What was found: a sentence with its times.
    pub evidence: String,
    /// What to do about it; empty where there is nothing to do.
    pub remedy: String,
}

/// Whether any of them forbids the start.
pub fn is_refused(answers: &[Answer]) -> bool {
    answers
        .iter()
        .any(|answer| answer.severity == Severity::Blocker)
}

impl<'a> Question<'a> {
    /// About a run that begins now, with a prediction still to be filled in.
    pub fn of(cluster: &'a Cluster, own: Option<&'a Window>, now: Timestamp) -> Self {
        Question {
            now,
            begun: now,
            own,
            configurations: cluster.maintenance.as_deref(),
            node_disruption_policy: cluster.node_disruption_policy.as_deref(),
            channels: Channels {
                auto_upgrade: cluster.auto_upgrade.channel.as_deref(),
                node_os_upgrade: cluster.auto_upgrade.node_os_channel.as_deref(),
            },
            p50_seconds: None,
            p90_seconds: None,
        }
    }

    /// Everything that can be said, in the order of [`Gate`]; at least one of each of the first two.
    pub fn answers(&self) -> Vec<Answer> {
        let mut answers = Vec::new();
        let until = self.clock(&mut answers);
        answers.push(self.overrun(until));
        answers.extend(self.node_disruption());
        self.automatic_upgrades(&mut answers);
        answers
    }

    /// What AKS may start by itself and nothing names a time for: it holds whenever the move begins.
    pub fn at_any_time(&self) -> Vec<Answer> {
        self.channels_that_are_on()
            .into_iter()
            .filter_map(|(name, what, channel)| self.untimed(name, what, channel))
            .collect()
    }

    /// When the window that is open now closes; `None`: none is open for certain.
    pub fn until(&self) -> Option<Timestamp> {
        self.clock(&mut Vec::new()).map(|(until, _)| until)
    }

    fn named(&self, name: &str) -> Option<&MaintenanceConfiguration> {
        self.configurations?
            .iter()
            .find(|configuration| configuration.name.eq_ignore_ascii_case(name))
    }

    /// Inside the window, and until when.
    fn clock(&self, answers: &mut Vec<Answer>) -> Option<(Timestamp, i32)> {
        let (severity, evidence, remedy, until) = match self.own {
            Some(window) => self.own_clock(window),
            None => self.cluster_clock(),
        };
        answers.push(Answer {
            gate: Gate::Clock,
            severity,
            rule: &rule::MNT_1,
            evidence,
            remedy,
        });
        until
    }

    fn own_clock(&self, window: &Window) -> Clock {
        let east = window.offset_minutes();
        match window.state_at(self.begun, self.now) {
            State::Open { until } => (
                Severity::Info,
                format!("window {window} is open until {}", told(until, east)),
                String::new(),
                Some((until, east)),
            ),
            // Counted from the first write, so that no resume makes it longer by itself.
            State::Closed { .. } if matches!(window, Window::For { .. }) => (
                Severity::Blocker,
                format!(
                    "window {window} began when the plan did, at {}, and is over",
                    told(self.begun, east)
                ),
                "Name when it may go on, as a time of day or from one time to another: --window 22:00-04:00, --window FROM/TO."
                    .to_string(),
                None,
            ),
            State::Closed { opens_next } => (
                Severity::Blocker,
                format!(
                    "window {window} is closed at {}{}",
                    told(self.now, east),
                    opens_words(opens_next, east)
                ),
                "Start it in the window, or give another with --window.".to_string(),
                None,
            ),
            State::Unknown { why } => (Severity::Blocker, why, GIVE_WINDOW.to_string(), None),
        }
    }

    /// Either of the two configurations that gate what disrupts nodes: they are when the cluster's owner expects disruption.
    fn cluster_clock(&self) -> Clock {
        let refuse =
            |evidence: String| (Severity::Blocker, evidence, GIVE_WINDOW.to_string(), None);
        if self.configurations.is_none() {
            return refuse(
                "no window is given, and the cluster's maintenance configurations were not read"
                    .to_string(),
            );
        }
        let mut told_of = Vec::new();
        let mut open: Option<(&str, Timestamp, i32)> = None;
        for name in [NODE_OS_UPGRADE, AUTO_UPGRADE] {
            let Some(configuration) = self.named(name) else {
                continue;
            };
            let east = east(configuration);
            match state_at(configuration, self.now) {
                // Of two that are open the one that closes later counts.
                State::Open { until } => {
                    if open.is_none_or(|(_, known, _)| known < until) {
                        open = Some((name, until, east));
                    }
                }
                State::Closed { opens_next } => told_of.push(format!(
                    "{name} is closed at {}{}",
                    told(self.now, east),
                    opens_words(opens_next, east)
                )),
                State::Unknown { why } => told_of.push(why),
            }
        }
        if let Some((name, until, east)) = open {
            return (
                Severity::Info,
                format!("{name} is open until {}", told(until, east)),
                String::new(),
                Some((until, east)),
            );
        }
        match told_of.is_empty() {
            true => refuse(format!(
                "no window is given, and the cluster has neither {NODE_OS_UPGRADE} nor {AUTO_UPGRADE}"
            )),
            false => refuse(told_of.join("; ")),
        }
    }

    /// Nine of ten futures end in what is left.
    fn overrun(&self, until: Option<(Timestamp, i32)>) -> Answer {
        let answer = |severity, evidence: String, remedy: &str| Answer {
            gate: Gate::Overrun,
            severity,
            rule: &rule::MNT_1,
            evidence,
            remedy: remedy.to_string(),
        };
        const LATER: &str = "Start it earlier in a longer window, or make it shorter (more surge, less to drain); --accept-overrun \
                             says that it may run past the end of the window.";
        let Some((until, east)) = until else {
            return answer(
                Severity::Blocker,
                "there is no open window that it could fit into".to_string(),
                "",
            );
        };
        let left = until.duration_since(self.now).as_secs();
        let Some(p90) = self.p90_seconds else {
            return answer(
                Severity::Blocker,
                "how long nine of ten futures take is not known: it was not predicted, or too few of them complete".to_string(),
                "Simulate the move, and change what keeps it from completing; --accept-overrun starts it without knowing.",
            );
        };
        let p50 = self.p50_seconds.map_or_else(String::new, |p50| {
            format!(", half of them {}", at_most(p50))
        });
        let needs = format!(
            "nine of ten futures take {} or less{p50}; {} are left until {}",
            at_most(p90),
            at_least(whole(left)),
            told(until, east)
        );
        if i64::from(p90) <= left {
            answer(Severity::Info, needs, "")
        } else {
            answer(Severity::Blocker, needs, LATER)
        }
    }

    fn node_disruption(&self) -> Option<Answer> {
        let policy = self.node_disruption_policy?;
        let answer = |severity, evidence: String, remedy: &str| {
            Some(Answer {
                gate: Gate::NodeDisruption,
                severity,
                rule: &rule::MIG_12,
                evidence,
                remedy: remedy.to_string(),
            })
        };
        let is = |word: &str| policy.eq_ignore_ascii_case(word);
        if is("Allow") {
            return None;
        }
        if is("Block") {
            return answer(
                Severity::Blocker,
                "the node disruption policy is Block: AKS refuses the move at any time".to_string(),
                "Set nodeDisruptionPolicy to Allow, or to AllowDuringMaintenanceWindow with a window, for the time of the move.",
            );
        }
        if !is("AllowDuringMaintenanceWindow") {
            return answer(
                Severity::Blocker,
                format!("the node disruption policy is `{policy}`, which is not known here"),
                "Set nodeDisruptionPolicy to Allow for the time of the move.",
            );
        }
        const IN_WINDOW: &str = "Start it in that window: AKS refuses it elsewhere. Or set nodeDisruptionPolicy to Allow for the time \
                                 of the move.";
        if self.configurations.is_none() {
            return answer(
                Severity::Blocker,
                format!(
                    "the node disruption policy is {policy}, and the cluster's maintenance configurations were not read"
                ),
                "Read the maintenance configurations: AKS allows the move only while one of them is open.",
            );
        }
        let Some(configuration) = self.named(NODE_OS_UPGRADE) else {
            return answer(
                Severity::Info,
                format!(
                    "the node disruption policy is {policy}, and there is no {NODE_OS_UPGRADE}: AKS then allows everything at any time"
                ),
                "",
            );
        };
        let east = east(configuration);
        match state_at(configuration, self.now) {
            State::Open { until } => answer(
                Severity::Info,
                format!(
                    "the node disruption policy is {policy}; {NODE_OS_UPGRADE} is open until {}",
                    told(until, east)
                ),
                "",
            ),
            State::Closed { opens_next } => answer(
                Severity::Blocker,
                format!(
                    "the node disruption policy is {policy}; {NODE_OS_UPGRADE} is closed at {}{}",
                    told(self.now, east),
                    opens_words(opens_next, east)
                ),
                IN_WINDOW,
            ),
            State::Unknown { why } => answer(
                Severity::Blocker,
                format!("the node disruption policy is {policy}; {why}"),
                IN_WINDOW,
            ),
        }
    }

    /// What AKS may start by itself while the move runs. A window that is open already is a warning: with nothing else running AKS may
    /// start any minute, or may be done; the move's own write then wins or is answered with `OperationNotAllowed`. One that opens later
    /// would come in between, and that refuses.
    fn automatic_upgrades(&self, answers: &mut Vec<Answer>) {
        for (name, what, channel) in self.channels_that_are_on() {
            let told_channel = channel_words(what, channel);
            answers.extend(self.untimed(name, what, channel));
            if let Some(configuration) = self.named(name) {
                answers.extend(self.coming(configuration, name, &told_channel, Severity::Blocker));
            }
        }
        if let Some(configuration) = self.named(WEEKLY_RELEASES) {
            // AKS's own releases have no channel that turns them off.
            answers.extend(self.coming(
                configuration,
                WEEKLY_RELEASES,
                "AKS's weekly releases",
                Severity::Warning,
            ));
        }
    }

    /// Configuration, the channel's field, and what it is set to.
    pub(super) fn channels_that_are_on(
        &self,
    ) -> Vec<(&'static str, &'static str, Option<&'a str>)> {
        let mut channels = vec![
            (AUTO_UPGRADE, "upgradeChannel", self.channels.auto_upgrade),
            (
                NODE_OS_UPGRADE,
                "nodeOSUpgradeChannel",
                self.channels.node_os_upgrade,
            ),
        ];
        channels.retain(|(_, _, channel)| {
            !channel.is_some_and(|channel| {
                // Unmanaged: the node upgrades itself, AKS starts nothing.
                ["none", "unmanaged"]
                    .iter()
                    .any(|off| channel.eq_ignore_ascii_case(off))
            })
        });
        channels
    }

    /// An automatic upgrade that nothing names a time for.
    fn untimed(&self, name: &str, what: &str, channel: Option<&str>) -> Option<Answer> {
        let told_channel = channel_words(what, channel);
        if self.configurations.is_none() {
            return Some(Answer {
                gate: Gate::AutomaticUpgrade,
                severity: Severity::Warning,
                rule: &rule::MNT_2,
                evidence: format!(
                    "{told_channel}, and the cluster's maintenance configurations were not read: an automatic upgrade may come in between"
                ),
                remedy: format!(
                    "Read the maintenance configurations, or set {what} to none for the time of the move."
                ),
            });
        }
        // A cluster of which nothing says that a channel is on needs no warning.
        if channel.is_none() || self.named(name).is_some() {
            return None;
        }
        Some(Answer {
            gate: Gate::AutomaticUpgrade,
            severity: Severity::Warning,
            rule: &rule::MNT_2,
            evidence: format!(
                "{told_channel}, and there is no {name}: AKS may upgrade at any time"
            ),
            remedy: format!("Set {what} to none for the time of the move."),
        })
    }

    /// Of a duration that is not known, a day is looked at: the longest window there is.
    fn needs(&self) -> i64 {
        i64::from(self.p90_seconds.unwrap_or(86_400).max(1))
    }

    /// The opening that the move would meet, if there is one.
    fn next_opening(
        &self,
        configuration: &MaintenanceConfiguration,
    ) -> Result<Option<Opening>, String> {
        let ends = later(self.now, SignedDuration::from_secs(self.needs()));
        let found = openings(configuration, self.now, ends, Reading::Possible)?;
        // Of two, the one that opens later is worse: AKS has not begun in it.
        let opens = found.iter().find(|opening| opening.start > self.now);
        Ok(opens.or(found.first()).copied())
    }

    /// Windows of AKS that the move would meet, in few words.
    pub(super) fn met(&self) -> Vec<String> {
        let mut configurations: Vec<(&'static str, String)> = self
            .channels_that_are_on()
            .into_iter()
            .map(|(name, what, channel)| (name, channel_words(what, channel)))
            .collect();
        configurations.push((WEEKLY_RELEASES, "AKS's weekly releases".to_string()));
        let mut met = Vec::new();
        for (name, channel) in configurations {
            let Some(configuration) = self.named(name) else {
                continue;
            };
            let then = if name == WEEKLY_RELEASES {
                "AKS may come in between"
            } else {
                "the start is refused"
            };
            let words = match self.next_opening(configuration) {
                Ok(None) => continue,
                Ok(Some(opening)) if opening.start <= self.now => {
                    format!("{name} is open: AKS may start its own upgrade any minute ({channel})")
                }
                Ok(Some(opening)) => format!(
                    "{name} opens {} after the start: {then} ({channel})",
                    at_least(whole(opening.start.duration_since(self.now).as_secs()))
                ),
                Err(why) => format!("{why}: {then} ({channel})"),
            };
            met.push(words);
        }
        met
    }

    /// When windows open, after now and before then, in which an automatic upgrade refuses the start.
    pub(super) fn openings_of_aks(&self, then: Timestamp) -> Vec<Timestamp> {
        self.channels_that_are_on()
            .into_iter()
            .filter_map(|(name, ..)| self.named(name))
            .filter_map(|configuration| {
                openings(configuration, self.now, then, Reading::Possible).ok()
            })
            .flatten()
            .map(|opening| opening.start)
            .filter(|start| *start > self.now)
            .collect()
    }

    /// The window's next opening before the move ends.
    fn coming(
        &self,
        configuration: &MaintenanceConfiguration,
        name: &str,
        told_channel: &str,
        opening_is: Severity,
    ) -> Option<Answer> {
        let answer = |severity, evidence: String, remedy: String| {
            Some(Answer {
                gate: Gate::AutomaticUpgrade,
                severity,
                rule: &rule::MNT_2,
                evidence,
                remedy,
            })
        };
        let east = east(configuration);
        let opening = match self.next_opening(configuration) {
            Ok(found) => found?,
            Err(why) => {
                return answer(
                    opening_is,
                    format!(
                        "{told_channel}; {why}: whether an automatic upgrade comes in between cannot be said"
                    ),
                    format!(
                        "Correct {name}, or turn automatic upgrades off for the time of the move."
                    ),
                );
            }
        };
        if opening.start <= self.now {
            return answer(
                Severity::Warning,
                format!(
                    "{told_channel}; {name} may be open until {}: AKS may start its own upgrade any minute, and answer the move with \
                     OperationNotAllowed",
                    told(opening.end, east)
                ),
                "Turn automatic upgrades off for the time of the move, or start it when AKS is done.".to_string(),
            );
        }
        answer(
            opening_is,
            format!(
                "{told_channel}; {name} opens at {}, {} after the start, and the move may take {}: an automatic upgrade would come in between",
                told(opening.start, east),
                at_least(whole(opening.start.duration_since(self.now).as_secs())),
                at_most(whole(self.needs()))
            ),
            format!(
                "Turn automatic upgrades off for the time of the move, put the day among {name}'s notAllowedDates, or start it after {}.",
                told(opening.end, east)
            ),
        )
    }
}

/// Severity, evidence, remedy, and until when it is open by clocks of which offset.
type Clock = (Severity, String, String, Option<(Timestamp, i32)>);

const GIVE_WINDOW: &str =
    "Start it in the window, or say with --window when it may run, as in --window 22:00-04:00.";

pub(super) fn channel_words(what: &str, channel: Option<&str>) -> String {
    channel.map_or_else(
        || format!("{what} is not known, and taken to be on"),
        |channel| format!("{what} is {channel}"),
    )
}

fn east(configuration: &MaintenanceConfiguration) -> i32 {
    configuration
        .window
        .as_ref()
        .map_or(0, |window| window.utc_offset_minutes)
}

fn opens_words(opening: Option<Opening>, east: i32) -> String {
    match opening {
        Some(opening) => format!(
            "; it opens at {}, until {}",
            told(opening.start, east),
            told(opening.end, east)
        ),
        None => format!(
            "; it is not known to open within {} days",
            FURTHEST.as_hours() / 24
        ),
    }
}
