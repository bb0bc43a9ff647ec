//! Names that would act where they are shown: as markup, as terminal control, as links, mentions or workflow expressions. Every text
//! of an input that reaches an output is replaced by each of them in turn, and every format must stay what it is.

mod binary;
#[path = "hostile/formats.rs"]
mod formats;
#[path = "hostile/inputs.rs"]
mod inputs;

use binary::aksplan;
use formats::{FORMATS, Format};
use inputs::{Input, hostile};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

fn file(name: &str, text: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile");
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    let path = folder.join(name);
    std::fs::write(&path, text).expect("files can be written");
    path
}

/// Runs each task once, on every core.
fn on_every_core<T: Sync>(tasks: &[T], run: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    run(task);
                }
            });
        }
    });
}

/// A command that reads a file.
fn reads<'a>(command: &'a str, from: &'a str) -> Vec<&'a str> {
    match command {
        "simulate" => vec![command, from],
        command => vec![command, "--from", from],
    }
}

/// The texts of the input that may be anything, by whether it is read when one alone is replaced. What is refused is refused in
/// clean words.
fn free_texts(input: &Input, evil: usize) -> Vec<usize> {
    let positions: Vec<usize> = (0..input.texts.len()).collect();
    let free = std::sync::Mutex::new(Vec::new());
    on_every_core(&positions, |&position| {
        let text = input.with(|other| (other == position).then(|| hostile(evil, other)));
        let path = file(&format!("{}-{evil}-{position}.json", input.name), &text);
        // What is predicted or played is judged as well.
        let command = match input.name {
            "scenario" => "predict",
            "timeline" => "simulate",
            _ => "capacity",
        };
        let from = path.to_string_lossy();
        let output = aksplan(&[&reads(command, &from)[..], &["-o", "json"]].concat(), "");
        if output.status.success() {
            free.lock().expect("no test panics here").push(position);
        } else {
            formats::check_talk(&String::from_utf8_lossy(&output.stderr));
        }
    });
    let mut free = free.into_inner().expect("no test panics here");
    free.sort_unstable();
    free
}

/// Each format of each command, with every text replaced at once that may be anything, or every name alone: words that mean
/// something are kept then, so that what is said of the names is said.
fn check(
    commands: &[(&'static str, &[&str])],
    name: &'static str,
    names_only: bool,
    least: usize,
    reached: usize,
) {
    let input = Input::read(name);
    let mut tasks: Vec<(usize, PathBuf, &str, &[&str], &Format)> = Vec::new();
    for round in 0..inputs::EVILS {
        let mut free = free_texts(&input, round);
        if names_only {
            free.retain(|position| !inputs::is_meaning(&input.texts[*position]));
        }
        assert!(
            free.len() >= least,
            "{name}: only {} of {} texts may be anything",
            free.len(),
            input.texts.len()
        );
        let text =
            input.with(|position| free.contains(&position).then(|| hostile(round, position)));
        let path = file(&format!("{name}-{names_only}-{round}.json"), &text);
        for (command, more) in commands {
            for format in FORMATS
                .iter()
                .filter(|format| format.commands.contains(command))
            {
                tasks.push((round, path.clone(), command, more, format));
            }
        }
    }
    on_every_core(&tasks, |(round, path, command, more, format)| {
        let from = path.to_string_lossy();
        let arguments = [&reads(command, &from)[..], &["-o", format.name], *more].concat();
        let output = aksplan(&arguments, "");
        let talk = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "round {round}: {arguments:?}: {talk}"
        );
        formats::check_talk(&talk);
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        (format.check)(&format!("round {round}: {arguments:?}"), &text);
        // The first command says the most.
        if format.name == "json" && *command == commands[0].0 {
            let seen = inputs::positions(*round, input.texts.len(), &text);
            assert!(
                seen.len() >= reached,
                "round {round} {command}: only {} reach the output: {:?}",
                seen.len(),
                seen.iter()
                    .map(|position| &input.texts[*position])
                    .collect::<Vec<_>>()
            );
        }
    });
}

#[test]
fn a_scenario_of_hostile_names() {
    check(
        &[("predict", &[]), ("report", &[])],
        "scenario",
        true,
        15,
        8,
    );
}

#[test]
fn resources_of_hostile_names() {
    check(
        &[
            ("report", &["--futures", "3"]),
            ("migrate", &["--futures", "3"]),
            ("drain", &["--all-nodes"]),
            ("compare", &[]),
            ("readiness", &[]),
        ],
        "resources",
        true,
        20,
        10,
    );
}

#[test]
fn a_timeline_of_hostile_names() {
    check(
        &[("simulate", &["--futures", "20"])],
        "timeline",
        true,
        12,
        4,
    );
}

/// Plans the move of what is in a text; `None`: something stands in the way, said in clean words.
fn planned(name: &str, text: &str) -> Option<(String, String)> {
    // So that nothing stands in the way of a plan from the first.
    let budget = "\"minAvailable\":2";
    assert!(text.contains(budget), "no budget in {text}");
    let text = text.replace(budget, "\"minAvailable\":1");
    let from = file(&format!("planned-{name}.json"), &text);
    let plan = from.with_file_name(format!("plan-{name}.json"));
    let runbook = plan.with_extension("md");
    for old in [&plan, &runbook] {
        let _ = std::fs::remove_file(old);
    }
    let (from, to) = (from.to_string_lossy(), plan.to_string_lossy());
    let arguments = [
        "migrate",
        "--from",
        &from,
        "--futures",
        "1",
        "--no-advice",
        "--out",
        &to,
    ];
    let output = aksplan(&arguments, "");
    // What stands in the way is told whole, however long a name in it is.
    formats::no_control("standard error", &String::from_utf8_lossy(&output.stderr));
    let read = |path: &Path| std::fs::read_to_string(path).ok();
    Some((read(&plan)?, read(&runbook)?))
}

/// The plan and its runbook, which somebody opens at night.
#[test]
fn a_plan_of_hostile_names() {
    let input = Input::read("resources");
    let mut free = free_texts(&input, inputs::LONGEST);
    free.retain(|position| !inputs::is_meaning(&input.texts[*position]));
    // Azure refuses the move of networks with such names; of pods, nodes and pools they may be anything.
    let kept = std::sync::Mutex::new(Vec::new());
    on_every_core(&free, |&position| {
        let text = input.with(|other| (other == position).then(|| hostile(inputs::LONGEST, other)));
        if planned(&format!("one-{position}"), &text).is_some() {
            kept.lock().expect("no test panics here").push(position);
        }
    });
    let kept = kept.into_inner().expect("no test panics here");
    assert!(
        kept.len() >= 15,
        "only {} of {} texts",
        kept.len(),
        free.len()
    );
    for round in 0..inputs::EVILS {
        let text =
            input.with(|position| kept.contains(&position).then(|| hostile(round, position)));
        let (plan, runbook) =
            planned(&round.to_string(), &text).unwrap_or_else(|| panic!("round {round}: no plan"));
        formats::json(&format!("plan, round {round}"), &plan);
        formats::markdown(&format!("runbook, round {round}"), &runbook);
    }
}

#[test]
fn words_that_mean_something_may_be_hostile_as_well() {
    check(&[("capacity", &[])], "scenario", false, 25, 5);
    check(&[("capacity", &[])], "resources", false, 25, 1);
}
