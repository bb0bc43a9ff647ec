//! What is shown while a plan is carried out, as lines of text: one for what happens, a few for how all pools stand. Writes to nowhere, and
//! knows no terminal but its width and height.

use crate::execute::journal::RunEnd;
use crate::execute::teller::Telling;
use crate::finding::{counted, grouped};
use crate::migrate::Step;
use crate::migrate::pace::{Pace, Progress};
use crate::report::migration::shell_quote;
use crate::report::simulation::{at_least, at_most, span};
use crate::report::terminal::{clean, wrap};
use jiff::Timestamp;
use std::ffi::OsString;

/// What every look says beside what it saw.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub cluster: &'a str,
    /// When the window closes; `None`: there is none.
    pub until: Option<Timestamp>,
}

/// Below this many columns, text that goes on is set in by two and not below the time's end.
const NARROW: usize = 50;

/// How much of the window is left.
pub fn window(now: Timestamp, until: Option<Timestamp>) -> Option<String> {
    let until = until?;
    let seconds = until.as_second() - now.as_second();
    let long = u32::try_from(seconds.unsigned_abs()).unwrap_or(u32::MAX);
    let end = if until.duration_since(now).as_secs().abs() < 43_200 {
        until.strftime("%H:%M:%S UTC")
    } else {
        until.strftime("%Y-%m-%d %H:%M:%S UTC")
    };
    Some(if seconds > 0 {
        format!("window: {} left, until {end}", at_least(long))
    } else {
        format!(
            "window: closed {} ago, at {end}; AKS goes on with what it began",
            span(long)
        )
    })
}

/// The line of one look.
pub fn headline(place: &Place, step: &Step, progress: &Progress) -> String {
    let is_done = is_done(progress);
    let pace = match &progress.pace {
        _ if is_done => "waiting for AKS to finish".to_string(),
        Pace::Unknown => "nothing to compare with".to_string(),
        Pace::Ahead { seconds } => format!("{} ahead of the simulation", span(*seconds)),
        Pace::OnTime => "on time".to_string(),
        Pace::Late { seconds } => format!("{} late", span(*seconds)),
        Pace::Stuck { seconds } => format!("STUCK for {}", span(*seconds)),
    };
    let left = match (progress.left_p50, progress.left_p90) {
        (Some(p50), Some(p90)) if !is_done => format!(
            "; about {} left, nine of ten times at most {}",
            at_most(p50),
            at_most(p90)
        ),
        _ => String::new(),
    };
    let surge: u32 = progress.pools.iter().map(|pool| pool.surge).sum();
    let surge = match surge {
        0 => String::new(),
        surge => format!(
            ", {}",
            counted(u64::from(surge), "surge node", "surge nodes")
        ),
    };
    format!(
        "{}, {}: {} of {} done{surge}, after {}: {pace}{left}",
        place.cluster,
        step.id,
        progress.nodes_done,
        counted(u64::from(progress.nodes), "node", "nodes"),
        span(progress.elapsed)
    )
}

/// All nodes are: what is left is AKS's own.
fn is_done(progress: &Progress) -> bool {
    progress.nodes > 0 && progress.nodes_done >= progress.nodes
}

/// What stands below the headline: the window, what holds it up, pools, addresses.
pub fn rows(now: Timestamp, place: &Place, progress: &Progress) -> Vec<String> {
    /// More are counted, not listed.
    const SHOWN: usize = 5;
    let mut rows: Vec<String> = window(now, place.until).into_iter().collect();
    for blocked in progress.blocked.iter().take(SHOWN) {
        rows.push(format!(
            "held back {}: {} on {} by {}; {}",
            span(blocked.seconds),
            blocked.pod,
            blocked.node,
            blocked.budgets.join(" and "),
            blocked.release
        ));
    }
    if progress.blocked.len() > SHOWN {
        let more = (progress.blocked.len() - SHOWN) as u64;
        rows.push(format!(
            "and {} held back",
            counted(more, "more pod is", "more pods are")
        ));
    }
    if let Some(first) = progress.pending.first() {
        rows.push(format!(
            "{} for a node, {} for {}{}",
            counted(progress.pending.len() as u64, "pod waits", "pods wait"),
            first.pod,
            span(first.seconds),
            first
                .why
                .as_deref()
                .map_or_else(String::new, |why| format!(": {why}"))
        ));
    }
    for pool in &progress.pools {
        rows.push(format!(
            "pool {}: {} of {} done, {} draining, {} reimaging; {} surge",
            pool.name, pool.done, pool.nodes, pool.draining, pool.reimaging, pool.surge
        ));
    }
    for subnet in &progress.subnets {
        let used = subnet.used.map_or_else(|| "not read".to_string(), grouped);
        // What was foreseen for this moment is of no use once everything is done sooner.
        let foreseen = subnet.foreseen.filter(|_| !is_done(progress));
        let foreseen = foreseen.map_or_else(String::new, |(least, most)| {
            if least == most {
                format!(", foreseen {}", grouped(least.into()))
            } else {
                format!(
                    ", foreseen {} to {}",
                    grouped(least.into()),
                    grouped(most.into())
                )
            }
        });
        rows.push(format!(
            "subnet {}: {used} of {} addresses in use{foreseen}",
            subnet.name,
            grouped(subnet.usable)
        ));
    }
    if let Some(operation) = &progress.operation {
        rows.push(format!("AKS says: {operation}"));
    }
    for sentence in progress.not_read.iter().take(2) {
        rows.push(format!("not read: {sentence}"));
    }
    rows
}

/// A line with its time, wrapped at words; what goes on is set in. `None`: as wide as it is.
pub fn timed(at: Timestamp, text: &str, width: Option<usize>) -> Vec<String> {
    hung(&format!("{}  ", at.strftime("%H:%M:%S")), text, width)
}

/// Wrapped behind what it begins with. Blanks in front of the text are kept, also in front of what goes on.
fn hung(lead: &str, text: &str, width: Option<usize>) -> Vec<String> {
    let text = clean(text);
    let own = text.len() - text.trim_start_matches(' ').len();
    let text = text.trim_start_matches(' ');
    let is_narrow = width.is_some_and(|width| width < NARROW);
    let indent = own + if is_narrow { 2 } else { lead.chars().count() };
    let Some(width) = width else {
        return vec![format!("{lead}{}{text}", " ".repeat(own))];
    };
    // The first line has the lead in front of it, which in a narrow terminal is longer than what the others are set in by.
    let before = own + lead.chars().count();
    let first = wrap(text, Some(width), before)[0].clone();
    let mut lines = vec![format!("{lead}{}{first}", " ".repeat(own))];
    let rest = text[first.len()..].trim_start_matches(' ');
    if !rest.is_empty() {
        let rest = wrap(rest, Some(width), indent);
        lines.extend(
            rest.iter()
                .map(|line| format!("{}{line}", " ".repeat(indent))),
        );
    }
    lines
}

/// How all pools stand, in no more lines than there are.
pub fn frame(
    at: Timestamp,
    place: &Place,
    step: &Step,
    progress: &Progress,
    (width, height): (usize, usize),
) -> Vec<String> {
    let mut lines = timed(at, &headline(place, step, progress), Some(width));
    let lead = " ".repeat(if width < NARROW { 2 } else { 10 });
    for row in rows(at, place, progress) {
        // What goes on is set in a little more than where the next row begins.
        for (number, line) in hung(&lead, &row, Some(width - 2)).iter().enumerate() {
            lines.push(match number {
                0 => line.clone(),
                _ => format!("  {line}"),
            });
        }
    }
    let height = height.max(2);
    if lines.len() > height {
        let more = lines.len() - height + 1;
        lines.truncate(height - 1);
        lines.push(format!(
            "{lead}{}",
            counted(more as u64, "more line", "more lines")
        ));
    }
    lines
}

/// What happens, a line each. `refused`: the reasons were told already.
pub fn of_telling(cluster: &str, telling: &Telling, refused: bool) -> Vec<String> {
    match telling {
        Telling::Began { run, resumed } => {
            let goes_on = match resumed {
                true => ", going on where the journal ends",
                false => "",
            };
            vec![format!("run {run} of the plan for {cluster}{goes_on}")]
        }
        Telling::Refused { reasons } => {
            let mut lines = vec![format!(
                "not begun: {} in the way",
                counted(reasons.len() as u64, "thing stands", "things stand")
            )];
            lines.extend(reasons.iter().map(|reason| format!("  - {reason}")));
            lines
        }
        Telling::TornRecord { bytes } => vec![format!(
            "the last run was killed while it wrote a record; its {bytes} bytes are dropped, and what it announced is looked for"
        )],
        Telling::Step { number, of, step } => {
            vec![format!("step {number} of {of}: {}", step.action.words())]
        }
        Telling::Held { step } => vec![format!("{}: holds already, nothing is written", step.id)],
        Telling::Sending { step } => vec![format!("{}: sending the one write", step.id)],
        Telling::Accepted { step } => vec![format!("{}: AKS took it", step.id)],
        Telling::Waiting { why, seconds: 0 } => vec![format!("waiting a moment: {why}")],
        Telling::Waiting { why, seconds } => vec![format!("waiting {seconds} s: {why}")],
        Telling::Notice { what } => vec![(*what).to_string()],
        Telling::Progress { .. } => Vec::new(),
        Telling::StepDone {
            step,
            seconds,
            evidence,
        } => {
            let mut lines = vec![format!("{}: done after {}", step.id, span(*seconds))];
            lines.extend(evidence.iter().map(|sentence| format!("  + {sentence}")));
            lines
        }
        Telling::StepFailed { step, why } => vec![format!("{}: failed: {why}", step.id)],
        Telling::Ended { how, why, leaves } => {
            let mut lines = vec![match (how, refused) {
                (RunEnd::Refused, true) => "refused, for what is said above".to_string(),
                _ => format!("{}: {why}", how.word()),
            }];
            lines.extend(leaves.iter().map(|sentence| format!("  {sentence}")));
            lines
        }
    }
}

/// The command that goes on with what these arguments began: the same, with `--resume` for what was asked. A name that cannot be printed
/// is left for the person to fill in.
pub fn resume(arguments: impl IntoIterator<Item = OsString>) -> String {
    let mut words = vec!["aksplan".to_string()];
    let mut resumes = false;
    let mut has_window = false;
    let mut was_abort = false;
    for argument in arguments.into_iter().skip(1) {
        let word = argument.to_string_lossy();
        has_window |= word == "--window" || word.starts_with("--window=");
        was_abort |= word == "--abort";
        let word = match word.as_ref() {
            "--execute" | "--abort" | "--resume" if resumes => continue,
            "--execute" | "--abort" | "--resume" => {
                resumes = true;
                "--resume"
            }
            word => word,
        };
        words.push(shell_quote(word).unwrap_or_else(|| "NAME".to_string()));
    }
    // An abort needs none; what goes on afterwards does, but for a cluster that has its own.
    if was_abort && !has_window {
        words.push("--window WINDOW".to_string());
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::pace::{Blocked, PoolProgress, SubnetProgress};
    use crate::migrate::step::Action;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + seconds).unwrap()
    }

    fn step() -> Step {
        Step::of(
            2,
            Action::MoveToOverlay {
                pod_cidr: "10.244.0.0/16".parse().unwrap(),
                kept: Vec::new(),
            },
        )
    }

    fn progress(done: u32) -> Progress {
        Progress {
            elapsed: 423,
            pace: Pace::Stuck { seconds: 700 },
            left_p50: Some(568),
            left_p90: Some(900),
            nodes: 26,
            nodes_done: done,
            pools: ["system", "apps", "a-pool-whose-name-is-long"]
                .map(|name| PoolProgress {
                    name: name.to_string(),
                    nodes: 8,
                    done: 2,
                    draining: 1,
                    reimaging: 1,
                    surge: 2,
                })
                .to_vec(),
            blocked: vec![Blocked {
                node: "aks-apps-12345678-vmss00000a".to_string(),
                pod: "ledger-of-a-namespace-with-a-long-name/kafka-of-a-stateful-set-with-a-long-name-0".to_string(),
                budgets: vec!["ledger-of-a-namespace-with-a-long-name/kafka".to_string()],
                seconds: 700,
                release: "4 Ready, 4 must stay: a 5th must become Ready".to_string(),
            }],
            pending: Vec::new(),
            subnets: vec![SubnetProgress {
                name: "spoke/nodes".to_string(),
                used: Some(1_016),
                usable: 1_019,
                foreseen: Some((990, 1_019)),
            }],
            operation: Some("InProgress".to_string()),
            not_read: Vec::new(),
        }
    }

    const PLACE: Place = Place {
        cluster: "payments",
        until: None,
    };

    fn shown(done: u32, width: usize, height: usize) -> Vec<String> {
        let place = Place {
            until: Some(at(7_800)),
            ..PLACE
        };
        frame(at(0), &place, &step(), &progress(done), (width, height))
    }

    #[test]
    fn frames_stay_inside_and_break_at_words() {
        for width in [30, 40, 49, 50, 60, 80, 120] {
            let lines = shown(6, width, 100);
            let place = Place {
                until: Some(at(7_800)),
                ..PLACE
            };
            let mut words = vec![headline(&place, &step(), &progress(6))];
            words.extend(rows(at(0), &place, &progress(6)));
            for line in &lines {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
            // Nothing is lost, and no word that fits is broken.
            let room = width - if width < NARROW { 12 } else { 14 };
            let text = lines.join(" ");
            let broken: Vec<&str> = text.split_whitespace().collect();
            let whole = words.join(" ");
            for word in whole
                .split_whitespace()
                .filter(|word| word.chars().count() <= room)
            {
                assert!(
                    broken.contains(&word),
                    "{width}: {word} is broken:\n{}",
                    lines.join("\n")
                );
            }
            let letters = |text: &str| {
                text.chars()
                    .filter(|c| !c.is_whitespace())
                    .collect::<String>()
            };
            assert_eq!(
                letters(&text),
                format!("20:26:40{}", letters(&whole)),
                "{width}"
            );
        }
    }

    #[test]
    fn frames_are_no_higher_than_the_terminal() {
        for height in [2, 3, 5, 10] {
            let lines = shown(6, 60, height);
            assert_eq!(lines.len(), height.min(shown(6, 60, 100).len()));
            assert!(lines.last().unwrap().contains("more lines"), "{lines:?}");
        }
    }

    #[test]
    fn every_frame_says_which_cluster_and_how_much_of_the_window_is_left() {
        let text = shown(6, 300, 100).join("\n");
        for words in [
            "payments, 2-move-to-overlay: 6 of 26 nodes done, 6 surge nodes, after 7 min 3 s: STUCK for 12 min; about 9 min 28 s left",
            "window: 2 h 10 min left, until 22:36:40 UTC",
            "by ledger-of-a-namespace-with-a-long-name/kafka; 4 Ready, 4 must stay: a 5th must become Ready",
        ] {
            assert!(text.contains(words), "{words}:\n{text}");
        }
        assert_eq!(
            window(at(0), Some(at(-300))).unwrap(),
            "window: closed 5 min ago, at 20:21:40 UTC; AKS goes on with what it began"
        );
        assert_eq!(window(at(0), None), None);
    }

    #[test]
    fn all_done_is_not_some_time_left() {
        let text = shown(26, 200, 100).join("\n");
        assert!(
            text.contains(
                "26 of 26 nodes done, 6 surge nodes, after 7 min 3 s: waiting for AKS to finish"
            ),
            "{text}"
        );
        assert!(!text.contains("; about"), "{text}");
    }

    #[test]
    fn lines_hang_below_their_time() {
        let text = "  - nothing of this line is lost when it is wrapped at words";
        assert_eq!(
            timed(at(0), text, Some(40)).join("\n"),
            "20:26:40    - nothing of this line is\n    lost when it is wrapped at words"
        );
        assert_eq!(
            timed(at(0), text, Some(50)).join("\n"),
            "20:26:40    - nothing of this line is lost when it\n            is wrapped at words"
        );
        assert_eq!(timed(at(0), text, None), [format!("20:26:40  {text}")]);
    }

    #[test]
    fn the_command_to_go_on_is_the_one_that_began() {
        for (given, wanted) in [
            (
                "target/debug/aksplan migrate --execute --plan plan.json --window 4h --yes",
                "aksplan migrate --resume --plan plan.json --window 4h --yes",
            ),
            (
                "aksplan migrate --abort --plan plan.json --journal other.journal",
                // An abort needs no window, and what goes on does.
                "aksplan migrate --resume --plan plan.json --journal other.journal --window WINDOW",
            ),
            (
                "aksplan migrate --resume --execute --plan plan.json",
                "aksplan migrate --resume --plan plan.json",
            ),
        ] {
            assert_eq!(resume(given.split(' ').map(OsString::from)), wanted);
        }
        let odd = [
            "aksplan",
            "migrate",
            "--execute",
            "--plan",
            "my plan$(id).json",
        ];
        assert_eq!(
            resume(odd.map(OsString::from)),
            "aksplan migrate --resume --plan 'my plan$(id).json'"
        );
    }

    #[test]
    fn reasons_are_told_once() {
        let told = Telling::Ended {
            how: RunEnd::Refused,
            why: "the window is closed",
            leaves: &[],
        };
        assert_eq!(
            of_telling("prod", &told, true),
            ["refused, for what is said above"]
        );
        assert_eq!(
            of_telling("prod", &told, false),
            ["refused: the window is closed"]
        );
    }
}
