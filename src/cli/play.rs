//! How an operation is played: durations, futures, windows, and what would help. `drain`, `upgrade`, `migrate` and `report` play alike.

use super::CliError;
use super::simulation::Scene;
use crate::capacity::growth::Books;
use crate::disruption::verdicts::StaticVerdict;
use crate::finding::Finding;
use crate::migrate::foresee::{Chance, Reimage};
use crate::migrate::window::Window;
use crate::model::{Cluster, MaintenanceConfiguration};
use crate::population::Population;
use crate::report::simulation::{NamedWindow, Show, Simulation, Trace, assumptions, merged};
use crate::simulate::advice::{Trial, advise};
use crate::simulate::{Engine, Operation, Outcome, Policy, Setting, beforehand, futures};
use std::path::{Path, PathBuf};

/// How an operation is played.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Simulation")]
pub struct PlayArgs {
    /// How long things take and what AKS does not say, as YAML or JSON; see `aksplan schema policy`
    ///
    /// What is left out is taken from the objects where they show it (how long pods of a workload and nodes of a pool took to become
    /// Ready), else from defaults. Which it was is said of every duration.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Runs with durations drawn anew; 0: none
    ///
    /// Left out: 1,000, fewer above 1,000 pods, none above 20,000.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    futures: Option<u32>,

    /// Where the chance of the futures begins: the same seed, the same answer
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// The time there is for it: `4h`, `22:00-04:00` in UTC, `22:00-04:00+02:00`, or from and to as two instants
    ///
    /// The cluster's own maintenance windows are looked at as well, where they were read.
    #[arg(long, value_name = "WINDOW")]
    window: Option<String>,

    /// Do not try what would help: another surge, another order, one pod more
    #[arg(long)]
    no_advice: bool,
}

/// What an operation is about, once the cluster is known.
pub struct Asked {
    /// `drain`, `upgrade` or `migrate`.
    pub word: &'static str,
    pub title: String,
    pub operation: Operation,
    /// Whether AKS takes the request; `None`: nobody is asked, or it is not known.
    pub admitted: Option<bool>,
    /// What was found before anything moves.
    pub findings: Vec<Finding>,
    pub not_checked: Vec<String>,
    /// Reimages of every node that the plan makes beside this one.
    pub others: Vec<Reimage>,
}

impl PlayArgs {
    /// `--window`, where it is given.
    pub fn own_window(&self) -> Result<Option<Window>, CliError> {
        self.window
            .as_deref()
            .map(|text| Ok(own_window(text)?.window))
            .transpose()
    }

    /// What is said here, as it would be typed again.
    pub fn flags(&self) -> Vec<(&'static str, String)> {
        let policy = self.policy.as_ref();
        let given = [
            ("--policy", policy.map(|file| file.display().to_string())),
            ("--futures", self.futures.map(|count| count.to_string())),
            ("--seed", (self.seed != 1).then(|| self.seed.to_string())),
            ("--window", self.window.clone()),
            ("--no-advice", self.no_advice.then(String::new)),
        ];
        given
            .into_iter()
            .filter_map(|(flag, value)| Some((flag, value?)))
            .collect()
    }

    /// How long things take, as far as somebody says.
    pub fn timing(&self) -> Result<Policy, CliError> {
        let policy = self.policy.as_deref().map(read_policy).transpose()?;
        Ok(policy.unwrap_or_default())
    }

    /// Futures that are played of a cluster with so many pods.
    pub fn chance(&self, pods: usize) -> Chance {
        Chance {
            seed: self.seed,
            futures: self.futures.unwrap_or_else(|| default_futures(pods)),
        }
    }

    /// Simulates what is asked, and hands it to whoever tells it.
    pub fn play<T>(
        &self,
        scene: &Scene,
        show: Show,
        ask: impl FnOnce(&Population) -> Result<Asked, CliError>,
        tell: impl FnOnce(&Simulation) -> Result<T, CliError>,
    ) -> Result<T, CliError> {
        let cluster = scene.cluster();
        let state = scene.state()?;
        let policy = self.timing()?;
        let mut windows = cluster_windows(cluster);
        if let Some(text) = &self.window {
            windows.insert(0, own_window(text)?);
        }
        let population = Population::of(cluster, state);
        let asked = ask(&population)?;
        let books = (!scene.is_nameless).then(|| Books::of(&scene.inventory));
        let now = scene.inventory.observed_at;
        let setting = Setting::of(
            &population,
            books.as_ref(),
            asked.operation.clone(),
            &policy,
            now,
        );
        let mut findings = asked.findings;
        let statics = beforehand(&setting);
        findings.extend(statics.0.iter().map(StaticVerdict::told));
        let is_refused = findings
            .iter()
            .any(|finding| finding.code == "budget-refused-beforehand");
        let admitted = if is_refused {
            Some(false)
        } else {
            asked.admitted
        };
        let (ended, log) = Engine::new(&setting).record();
        let outcome = Outcome::of(&setting, ended, log);
        let mut not_checked = scene.not_checked.clone();
        not_checked.extend(asked.not_checked);
        not_checked.extend(statics.1);
        not_checked.extend(assumptions(&setting));
        let count = self
            .futures
            .unwrap_or_else(|| default_futures(state.pods.len()));
        if count == 0 && self.futures.is_none() {
            not_checked.push(format!(
                "futures: the cluster has {} pods, more than {MOST_PODS}, so none were played; ask for them with --futures N",
                state.pods.len()
            ));
        }
        let played = (count > 0).then(|| futures(&setting, self.seed, count));
        let advice = if self.no_advice || state.pods.len() > MOST_PODS {
            if !self.no_advice {
                not_checked.push(format!(
                    "advice: nothing was tried, because the cluster has more than {MOST_PODS} pods"
                ));
            }
            Vec::new()
        } else {
            let trial = Trial {
                cluster,
                state,
                books: books.as_ref(),
                operation: &asked.operation,
                policy: &policy,
                now,
            };
            let mut advice = advise(&trial, &setting, &outcome);
            // What helps the move and stops the reimage before it is no advice.
            if let Some(other) = asked.others.iter().find(|other| other.is_before) {
                let before = Trial {
                    operation: &Operation::Move { pod_cidr: None },
                    ..trial
                };
                let is_stopped = other.undone.is_some();
                advice.retain_mut(|advice| {
                    let tried = before.run(&advice.change);
                    let completes = tried.is_some_and(|tally| tally.seconds.is_some());
                    advice.releases = is_stopped && completes;
                    is_stopped || completes
                });
            }
            advice
        };
        let trace = Trace::of(&setting, &outcome);
        let mut simulation = Simulation {
            operation: asked.word,
            title: asked.title,
            cluster: cluster.label().to_string(),
            observed_at: now,
            admitted,
            setting: &setting,
            outcome: &outcome,
            trace: &trace,
            futures: played.as_ref(),
            windows,
            findings,
            others: asked.others,
            advice: &advice,
            not_checked,
            show,
        };
        let shown = crate::report::simulation::findings(&simulation);
        simulation.findings = merged(simulation.findings, shown);
        tell(&simulation)
    }
}

/// Above, a future costs more than it tells unasked.
const MOST_PODS: usize = 20_000;
/// Pods times futures that are played unasked.
///
/// Bounds a report of 5,000 nodes to two seconds, whatever runs on them: it plays the move twice, for the plan and for the page.
const MOST_PLAYED: usize = 1_000_000;

fn default_futures(pods: usize) -> u32 {
    match pods {
        0..=1_000 => 1_000,
        1_001..=MOST_PODS => u32::try_from(MOST_PLAYED / pods).unwrap_or(1_000),
        _ => 0,
    }
}

fn read_policy(path: &Path) -> Result<Policy, CliError> {
    let name = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| CliError::Usage(format!("{name}: {error}")))?;
    let policy: Policy = serde_saphyr::from_str(&text).map_err(|error| {
        let told = error.to_string();
        // The reader shows the place below its message, and says it twice.
        let first = told.split("-->").next().unwrap_or(&told).trim();
        let first = first.lines().next().unwrap_or(first);
        let hint = if first.contains("expected mapping start") {
            "; a duration is `{ median: 600, p90: 900 }`, in seconds"
        } else {
            ""
        };
        CliError::Usage(format!("{name}: {first}{hint}"))
    })?;
    for (field, value) in [
        ("drain_timeout_minutes", policy.drain_timeout_minutes),
        ("spot_at_once", policy.spot_at_once),
        ("eviction_retry_seconds", policy.eviction_retry_seconds),
        ("autoscaler_scan_seconds", policy.autoscaler_scan_seconds),
    ] {
        if value == Some(0) {
            return Err(CliError::Usage(format!(
                "{name}: {field} is 0; expected 1 or more"
            )));
        }
    }
    Ok(policy)
}

/// The one that is given with `--window`.
fn own_window(text: &str) -> Result<NamedWindow, CliError> {
    let window: Window = text
        .parse()
        .map_err(|error| CliError::Usage(format!("--{error}")))?;
    Ok(NamedWindow {
        source: "window".to_string(),
        window,
        is_maintenance: false,
    })
}

/// The cluster's own windows, as lengths and times of day; on which days they open is not looked at here.
fn cluster_windows(cluster: &Cluster) -> Vec<NamedWindow> {
    let configurations = cluster.maintenance.as_deref().unwrap_or_default();
    configurations
        .iter()
        .filter(|configuration| !configuration.key().eq_ignore_ascii_case("default"))
        .filter_map(cluster_window)
        .collect()
}

fn cluster_window(configuration: &MaintenanceConfiguration) -> Option<NamedWindow> {
    let window = configuration.window.as_ref()?;
    Some(NamedWindow {
        source: configuration.name.clone(),
        window: Window::Daily {
            opens: window.start_time,
            seconds: window.duration_hours.checked_mul(3_600)?,
            offset_minutes: window.utc_offset_minutes,
        },
        is_maintenance: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MaintenanceWindow, Schedule};
    use jiff::civil::Time;
    use std::num::NonZeroU32;

    #[test]
    fn a_window_that_cannot_be_read_is_named_as_a_flag() {
        assert_eq!(own_window("22:00-04:00").unwrap().window.seconds(), 21_600);
        let CliError::Usage(said) = own_window("4x").unwrap_err() else {
            panic!("a usage error is expected");
        };
        assert!(said.starts_with("--window `4x`; expected hours"), "{said}");
    }

    #[test]
    fn a_cluster_window_is_told_in_utc() {
        let configuration = MaintenanceConfiguration {
            name: "aksManagedNodeOSUpgradeSchedule".to_string(),
            window: Some(MaintenanceWindow {
                schedule: Schedule::Daily {
                    interval_days: NonZeroU32::MIN,
                },
                duration_hours: 6,
                utc_offset_minutes: 120,
                start_date: None,
                start_time: Time::constant(1, 30, 0, 0),
                not_allowed_dates: Vec::new(),
            }),
            ..MaintenanceConfiguration::default()
        };
        let window = cluster_window(&configuration).unwrap();
        assert_eq!(window.window.opens(), Some(Time::constant(23, 30, 0, 0)));
        assert_eq!(
            (window.window.seconds(), window.is_maintenance),
            (21_600, true)
        );
    }

    #[test]
    fn futures_shrink_with_the_cluster() {
        assert_eq!(default_futures(400), 1_000);
        assert_eq!(default_futures(1_000), 1_000);
        // Enough for a 99th percentile.
        assert_eq!(default_futures(10_000), 100);
        assert_eq!(default_futures(15_000), 66);
        assert_eq!(default_futures(20_001), 0);
    }
}
