//! The run of medians, told: what each range holds week by week, every event with its answer, and what fails. Never counts
//! futures.

use super::draw::Medians;
use super::play::Stage;
use super::state::State;
use super::told;
use super::watch::{Failure, Kind, Outcome, Watch};
use super::world::{HOURS_A_WEEK, World};
use crate::capacity::answer::Answer;
use crate::finding::{Finding, Severity, counted, grouped};
use crate::model::{Inventory, Subject};
use crate::rule;
use jiff::civil::Date;
use std::collections::BTreeSet;

/// Addresses of a range in a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Week {
    /// Held at its end.
    pub used: u64,
    /// The most that was held at any time in it: with spikes and surge.
    pub peak: u64,
}

/// A failure with its words.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedRequest {
    pub failure: Failure,
    pub date: Date,
    pub cluster: String,
    /// `cluster/pool`; `None` where the request is about the whole cluster.
    pub pool: Option<String>,
    pub answer: Answer,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// An event, by its position in the timeline, had its answer on a day.
    Answered {
        date: Date,
        event: usize,
        outcome: Outcome,
    },
    Failed(Box<FailedRequest>),
    /// More nodes are wanted than `max_count`: pods wait, addresses or not.
    Pending {
        date: Date,
        pool: String,
        wanted: u64,
        max_count: u64,
    },
}

/// What the run of medians shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// For each range of the world its weeks, the start in front: one more than the timeline has.
    pub weeks: Vec<Vec<Week>>,
    /// In the order of time.
    pub happenings: Vec<Happening>,
    pub findings: Vec<Finding>,
}

impl Run {
    /// The first thing that fails for want of addresses.
    pub fn first_failure(&self) -> Option<&FailedRequest> {
        self.failures().next()
    }

    /// Everything that fails, doubtful ones left out.
    pub fn failures(&self) -> impl Iterator<Item = &FailedRequest> {
        self.happenings
            .iter()
            .filter_map(|happening| match happening {
                Happening::Failed(request) if !request.failure.doubtful => Some(request.as_ref()),
                _ => None,
            })
    }
}

/// Plays the medians.
pub fn run(inventory: &Inventory, world: &World) -> Run {
    let mut book = Book {
        inventory,
        weeks: vec![Vec::new(); world.ranges.len()],
        happenings: Vec::new(),
    };
    Stage::of(world).play(world, &mut Medians, &mut book);
    book.close(world);
    let mut run = Run {
        weeks: book.weeks,
        happenings: book.happenings,
        findings: Vec::new(),
    };
    run.findings = findings(world, &run);
    run
}

struct Book<'a> {
    inventory: &'a Inventory,
    weeks: Vec<Vec<Week>>,
    happenings: Vec<Happening>,
}

impl Book<'_> {
    /// Weeks in which nothing happens are as the one before ended.
    fn fill(&mut self, weeks: usize) {
        for range in &mut self.weeks {
            while let Some(last) = range.last().copied().filter(|_| range.len() < weeks) {
                range.push(Week {
                    used: last.used,
                    peak: last.used,
                });
            }
        }
    }

    fn close(&mut self, world: &World) {
        self.fill(world.weeks as usize + 1);
    }
}

impl Watch for Book<'_> {
    fn instant(&mut self, world: &World, state: &State) {
        // A week ends with the growth that it brought.
        let week = state.hour.div_ceil(HOURS_A_WEEK) as usize;
        self.fill(week + 1);
        for (range, weeks) in self.weeks.iter_mut().enumerate() {
            let used = state.used[range];
            debug_assert!(range < world.ranges.len());
            match weeks.last_mut() {
                Some(last) => {
                    last.used = used;
                    last.peak = last.peak.max(used);
                }
                None => weeks.push(Week { used, peak: used }),
            }
        }
    }

    fn failed(&mut self, world: &World, state: &State, failure: Failure) {
        self.happenings
            .push(Happening::Failed(Box::new(FailedRequest {
                failure,
                date: world.date(failure.hour),
                cluster: world.sites[failure.site].name.clone(),
                pool: failure.pool.map(|pool| world.pool_name(pool)),
                answer: told::answer(self.inventory, world, state, &failure),
            })));
    }

    fn pending(&mut self, world: &World, state: &State, pool: usize) {
        let known = &state.pools[pool];
        self.happenings.push(Happening::Pending {
            date: world.date(state.hour),
            pool: world.pool_name(pool),
            wanted: known.wanted(),
            max_count: known.bounds.map_or(known.nodes, |(_, max)| max),
        });
    }

    fn answered(&mut self, world: &World, state: &State, event: usize, outcome: Outcome) {
        self.happenings.push(Happening::Answered {
            date: world.date(state.hour),
            event,
            outcome,
        });
    }
}

/// What is worth telling of a run: each thing once, when it happens first.
fn findings(world: &World, run: &Run) -> Vec<Finding> {
    let mut found = Vec::new();
    let (mut ranges, mut pools) = (BTreeSet::new(), BTreeSet::new());
    let mut fell_back = false;
    for happening in &run.happenings {
        match happening {
            Happening::Failed(request) if request.failure.doubtful => {
                let range = &world.ranges[request.failure.range];
                found.push(Finding::new(
                    Severity::Warning,
                    "migration-surge-cost",
                    format!(
                        "{}: {}: surge nodes of the move want {} if they still hold their pods' addresses; {} are free. The move \
                         is played as if they held one each",
                        request.date,
                        range.name,
                        counted(request.failure.wanted, "address", "addresses"),
                        grouped(request.failure.free)
                    ),
                    &[&rule::MIG_22, &rule::UPG_7],
                ).about(Subject::Cluster(request.cluster.clone())));
            }
            Happening::Failed(request) => {
                let runtime = request.failure.kind != Kind::Admission;
                if ranges.insert((request.failure.range, runtime)) {
                    found.push(Finding {
                        severity: Severity::Blocker,
                        code: if runtime {
                            "runs-dry"
                        } else {
                            "request-refused"
                        },
                        message: failure_sentence(world, request),
                        rules: request.answer.rules.clone(),
                        subject: match &request.pool {
                            Some(pool) => of_pool(pool),
                            None => Subject::Cluster(request.cluster.clone()),
                        },
                        causes: Vec::new(),
                    });
                }
                let falls_back = world.sites[request.failure.site].falls_back;
                if request.failure.kind == Kind::Surge && falls_back && !fell_back {
                    fell_back = true;
                    found.push(Finding::new(
                        Severity::Info,
                        "surge-fallback",
                        "from Kubernetes 1.35 on AKS tries again with one surge node when all of them cannot be had; played as \
                         failed",
                        &[&rule::UPG_6],
                    ).about(Subject::Cluster(request.cluster.clone())));
                }
            }
            Happening::Pending {
                date,
                pool,
                wanted,
                max_count,
            } => {
                if pools.insert(pool.clone()) {
                    found.push(Finding::new(
                        Severity::Warning,
                        "pool-ceiling",
                        format!(
                            "{date}: pool {pool} wants {}, max_count is {}: pods wait, and no address is missing for that",
                            counted(*wanted, "node", "nodes"),
                            grouped(*max_count)
                        ),
                        &[&rule::ISS_2],
                    ).about(of_pool(pool)));
                }
            }
            Happening::Answered { .. } => {}
        }
    }
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

/// The pool that is called `cluster/pool`.
fn of_pool(name: &str) -> Subject {
    match name.rsplit_once('/') {
        Some((cluster, pool)) => Subject::pool(cluster, pool),
        None => Subject::Estate,
    }
}

/// `2027-01-05: spoke/aks: pool payments/apps from 5 to 7 nodes: 218 addresses wanted, 147 available; 6 nodes fit`.
fn failure_sentence(world: &World, request: &FailedRequest) -> String {
    let failure = &request.failure;
    let who = match (&request.pool, failure.from == failure.to) {
        (Some(pool), false) => format!(
            "pool {pool} from {} to {}",
            grouped(failure.from),
            counted(failure.to, "node", "nodes")
        ),
        (Some(pool), true) => format!("pool {pool}"),
        (None, _) => format!("cluster {}", request.cluster),
    };
    let wanted = match failure.kind {
        Kind::Admission => "counted",
        _ => "wanted",
    };
    let fitting = match failure.largest.filter(|_| failure.from != failure.to) {
        Some(largest) if largest > failure.from => {
            format!("; {} fit", counted(largest, "node", "nodes"))
        }
        Some(_) => "; not one more node fits".to_string(),
        None => String::new(),
    };
    format!(
        "{}: {}: {who}: {} {wanted}, {} available{fitting}",
        request.date,
        world.ranges[failure.range].name,
        counted(failure.wanted, "address", "addresses"),
        grouped(failure.free)
    )
}
