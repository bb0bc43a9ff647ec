//! The journal against a naive acceptor: which events may follow each other, by a table of neighbours; and its file, damaged in every way.

use crate::aks::{Aks, instant};
use crate::hands::{Ills, Stage, fresh, plan_of};
use aksplan::execute::journal::{self, Event, FORMAT_VERSION, Orders, Record, RunEnd, Status};
use aksplan::execute::store::{Store, StoreError};
use aksplan::migrate::sequence::Choices;
use aksplan::migrate::{Baseline, Plan};

fn records(plan: &Plan, events: &[Event]) -> Vec<Record> {
    let opened = Event::Opened {
        id: String::new(),
        format_version: FORMAT_VERSION.to_string(),
        plan: plan.digest.clone(),
        cluster: String::new(),
    };
    std::iter::once(&opened)
        .chain(events)
        .enumerate()
        .map(|(at, event)| Record {
            n: at as u64 + 1,
            at: instant(at as i64),
            event: event.clone(),
            chain: String::new(),
        })
        .collect()
}

/// The step an event is of, and a letter for it.
fn letter(event: &Event) -> Option<(&str, char)> {
    Some(match event {
        Event::StepHeld { step } => (step, 'H'),
        Event::StepStarted { step, .. } => (step, 'S'),
        Event::WriteAccepted { step, .. } => (step, 'A'),
        Event::WriteRefused { step, .. } => (step, 'R'),
        Event::DoubtResolved { step, happened } => (step, if *happened { 'y' } else { 'n' }),
        Event::StepDone { step, .. } => (step, 'D'),
        Event::StepFailed { step, .. } => (step, 'F'),
        _ => return None,
    })
}

/// What may come after what, of one step.
fn neighbours(writes: bool, before: Option<char>) -> &'static str {
    match (writes, before) {
        (true, None | Some('R' | 'n' | 'F')) => "SH",
        (true, Some('S')) => "ARyn",
        (true, Some('A' | 'y')) => "DF",
        (false, None | Some('F')) => "S",
        (false, Some('S')) => "SDF",
        _ => "",
    }
}

/// Looks at each event in turn and at all that came before it, and remembers nothing.
fn is_legal(plan: &Plan, events: &[Event]) -> bool {
    (0..events.len()).all(|at| {
        let (before, event) = (&events[..at], &events[at]);
        let runs = before
            .iter()
            .filter(|event| matches!(event, Event::RunBegan { .. }))
            .count() as u32;
        let is_open = before
            .iter()
            .rev()
            .find(|event| matches!(event, Event::RunBegan { .. } | Event::RunEnded { .. }))
            .is_some_and(|event| matches!(event, Event::RunBegan { .. }));
        let of = |id: &str| -> Vec<char> {
            before
                .iter()
                .filter_map(letter)
                .filter(|(step, _)| *step == id)
                .map(|(_, letter)| letter)
                .collect()
        };
        let is_over = |id: &str| matches!(of(id).last(), Some('D' | 'H'));
        match event {
            Event::RunBegan { run, .. } => *run == runs + 1,
            Event::RunEnded { run, how, .. } => {
                is_open
                    && *run == runs
                    && (*how != RunEnd::Completed
                        || plan.steps.iter().all(|step| is_over(&step.id)))
            }
            Event::BaselineTaken { .. } => {
                is_open
                    && !before
                        .iter()
                        .any(|event| matches!(event, Event::BaselineTaken { .. }))
                    && !plan
                        .steps
                        .iter()
                        .any(|step| step.write.is_some() && of(&step.id).contains(&'S'))
            }
            Event::AbortAccepted => {
                is_open
                    && before
                        .iter()
                        .any(|event| matches!(event, Event::AbortStarted))
            }
            Event::AbortStarted | Event::Noticed { .. } => is_open,
            event => {
                let Some((id, letter)) = letter(event) else {
                    return false;
                };
                let Some(position) = plan.steps.iter().position(|step| step.id == id) else {
                    return false;
                };
                let history = of(id);
                let number = match event {
                    Event::StepStarted { attempt, .. } => {
                        *attempt as usize
                            == 1 + history.iter().filter(|letter| **letter == 'S').count()
                    }
                    _ => true,
                };
                is_open
                    && number
                    && plan.steps[..position].iter().all(|step| is_over(&step.id))
                    && neighbours(
                        plan.steps[position].write.is_some(),
                        history.last().copied(),
                    )
                    .contains(letter)
            }
        }
    })
}

fn check(plan: &Plan, events: &[Event]) -> bool {
    let legal = is_legal(plan, events);
    let replayed = Status::replay(plan, &records(plan, events));
    assert_eq!(replayed.is_ok(), legal, "{events:#?}\n{replayed:?}");
    legal
}

fn started(step: &str, attempt: u32) -> Event {
    Event::StepStarted {
        step: step.to_string(),
        attempt,
        e_tag: Some("1".to_string()),
        body: None,
    }
}

fn alphabet(steps: &[&str]) -> Vec<Event> {
    let mut events = vec![
        Event::RunBegan {
            run: 2,
            made_by: String::new(),
            holder: String::new(),
            orders: Orders::default(),
        },
        Event::RunEnded {
            run: 1,
            how: RunEnd::Stopped,
            why: String::new(),
        },
        Event::BaselineTaken {
            baseline: Baseline::default(),
        },
        Event::AbortAccepted,
    ];
    for step in steps {
        let step = step.to_string();
        events.extend([
            Event::StepHeld { step: step.clone() },
            started(&step, 1),
            started(&step, 2),
            Event::WriteAccepted {
                step: step.clone(),
                operation: None,
            },
            Event::WriteRefused {
                step: step.clone(),
                code: String::new(),
                message: String::new(),
            },
            Event::DoubtResolved {
                step: step.clone(),
                happened: true,
            },
            Event::DoubtResolved {
                step: step.clone(),
                happened: false,
            },
            Event::StepDone {
                step: step.clone(),
                evidence: Vec::new(),
            },
            Event::StepFailed {
                step,
                why: String::new(),
            },
        ]);
    }
    events
}

#[test]
fn every_sequence_of_four_is_taken_or_refused_as_the_table_of_neighbours_says() {
    let plan = plan_of(&Aks::new(None), &Choices::default());
    let began = Event::RunBegan {
        run: 1,
        made_by: String::new(),
        holder: String::new(),
        orders: Orders::default(),
    };
    let done = [
        started("1-check", 1),
        Event::StepDone {
            step: "1-check".to_string(),
            evidence: Vec::new(),
        },
    ];
    let mut counts = (0, 0);
    for (prefix, steps) in [
        (vec![began.clone()], vec!["1-check", "2-move-to-overlay"]),
        (
            [vec![began], done.to_vec()].concat(),
            vec!["2-move-to-overlay", "3-verify"],
        ),
    ] {
        let alphabet = alphabet(&steps);
        let mut sequences = vec![prefix];
        for _ in 0..4 {
            let mut longer = Vec::new();
            for sequence in &sequences {
                for event in &alphabet {
                    let mut next = sequence.clone();
                    next.push(event.clone());
                    // What cannot have happened is not gone on from.
                    if check(&plan, &next) {
                        counts.0 += 1;
                        longer.push(next);
                    } else {
                        counts.1 += 1;
                    }
                }
            }
            sequences = longer;
        }
    }
    assert!(counts.0 > 100 && counts.1 > 1000, "{counts:?}");
}

#[test]
fn a_journal_that_is_edited_is_refused() {
    let mut stage = Stage::long("edited");
    stage.run(Ills::default());
    let events: Vec<Event> = stage.events()[1..].to_vec();
    assert!(check(&stage.plan, &events));
    for one in 0..events.len() {
        let mut without = events.clone();
        without.remove(one);
        check(&stage.plan, &without);
        let mut twice = events.clone();
        twice.insert(one, events[one].clone());
        check(&stage.plan, &twice);
        for other in 0..one {
            let mut swapped = events.clone();
            swapped.swap(one, other);
            check(&stage.plan, &swapped);
        }
    }
    // In the file itself no line may be changed, lost, doubled or moved, whatever sense it makes.
    let text = std::fs::read_to_string(&stage.journal).expect("a journal");
    let lines: Vec<&str> = text.lines().collect();
    let refused = |lines: &[&str], what: &str| {
        let text = lines.join("\n") + "\n";
        assert!(journal::read(text.as_bytes()).is_err(), "{what}");
    };
    for at in 0..lines.len() - 1 {
        let mut without = lines.clone();
        without.remove(at);
        refused(&without, &format!("without line {at}"));
        let mut twice = lines.clone();
        twice.insert(at, lines[at]);
        refused(&twice, &format!("line {at} twice"));
        let mut swapped = lines.clone();
        swapped.swap(at, at + 1);
        refused(&swapped, &format!("lines {at} and the next"));
        let changed = lines[at].replacen("\"at\":\"2", "\"at\":\"3", 1);
        let mut other = lines.clone();
        other[at] = &changed;
        refused(&other, &format!("line {at} at another time"));
        let half = &lines[at][..lines[at].len() / 2];
        other[at] = half;
        refused(&other, &format!("half of line {at}"));
    }
    // The last as well, where it is whole: it was not torn.
    let last = lines.len() - 1;
    let changed = lines[last].replace("every step of the plan is done", "nothing was done");
    assert_ne!(changed, lines[last]);
    let mut other = lines.clone();
    other[last] = &changed;
    refused(&other, "the last line");
}

#[test]
fn only_the_journal_of_this_plan_and_of_this_format() {
    let plan = plan_of(&Aks::new(None), &Choices::default());
    let other = plan_of(&Aks::new(Some("calico")), &Choices::default());
    let all = records(&other, &[]);
    let error = Status::replay(&plan, &all).expect_err("another plan's");
    assert!(
        error.to_string().contains("the journal of another plan"),
        "{error}"
    );
    for (version, is_read) in [
        ("1.0", true),
        ("1.7", true),
        ("2.0", false),
        ("10.0", false),
        ("", false),
    ] {
        let mut all = records(&plan, &[]);
        if let Event::Opened { format_version, .. } = &mut all[0].event {
            *format_version = version.to_string();
        }
        assert_eq!(Status::replay(&plan, &all).is_ok(), is_read, "{version}");
    }
}

#[test]
fn one_at_a_time_for_its_owner_alone_and_anybody_may_look() {
    let plan = plan_of(&Aks::new(None), &Choices::default());
    let path = fresh("locked");
    assert!(Store::look(&path, &plan).expect("it reads").is_none());
    let store = Store::open(&path, &plan, instant(0)).expect("it opens");
    assert!(matches!(
        Store::open(&path, &plan, instant(0)),
        Err(StoreError::Locked(_))
    ));
    assert_eq!(
        Store::look(&path, &plan)
            .expect("it reads")
            .expect("it is there")
            .1
            .len(),
        1
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path)
            .expect("a file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    drop(store);
    assert!(Store::open(&path, &plan, instant(0)).is_ok());
    let _ = std::fs::remove_file(&path);
}

#[test]
fn a_file_that_is_no_journal_is_left_as_it_is() {
    let plan = plan_of(&Aks::new(None), &Choices::default());
    for (text, opens) in [
        ("", true),
        ("\0\0\0\0", true),
        ("{\"n\":1,\"at\":\"2026", true),
        ("{", true),
        ("all my notes in one line", false),
        ("{\"kind\":\"aksplan migration plan\"}", false),
        ("one line\n", false),
        ("one line\nand another\n", false),
    ] {
        let path = fresh("notes");
        std::fs::write(&path, text).expect("a file");
        let opened = Store::open(&path, &plan, instant(0));
        assert_eq!(opened.is_ok(), opens, "{text:?}");
        drop(opened);
        if !opens {
            assert_eq!(std::fs::read_to_string(&path).expect("a file"), text);
        }
        let _ = std::fs::remove_file(&path);
    }
}
