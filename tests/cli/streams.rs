//! Exit codes, what goes where, and two runs giving the same bytes.

use super::{ANSWERS, FINE, command, file, fine, fintech, run, stdout, with};
use std::io::{Read, Write};
use std::process::Stdio;

fn code(args: &[&str]) -> Option<i32> {
    run(args).status.code()
}

#[test]
fn exit_codes() {
    let (bad, good) = (fintech(), fine());
    assert_eq!(
        code(&["capacity", "--from", &bad]),
        Some(0),
        "findings alone are no failure"
    );
    for (args, want) in [
        (&["capacity"][..], [3, 3, 0, 0]),
        // Its networks are fine; readiness has something to say of any cluster that is no more than a sketch.
        (&["report"], [3, 3, 3, 0]),
        (&["predict", "--upgrade", "p"], [2, 2, 0, 0]),
        (&["predict", "--scale", "apps=12"], [3, 3, 2, 2]),
        (&["cidr", "check"], [0, 0, 0, 0]),
    ] {
        let mut got = Vec::new();
        for from in [&bad, &good] {
            for severity in ["warning", "blocker"] {
                got.push(
                    code(&with(args, &["--from", from, "--fail-on", severity]))
                        .expect("an exit code"),
                );
            }
        }
        assert_eq!(got, want, "{args:?}");
    }
    let meeting = file(
        "meeting.yaml",
        &FINE.replace("pod_cidr: 10.244.0.0/16", "pod_cidr: 10.50.0.0/16"),
    );
    assert_eq!(
        code(&["cidr", "check", "--from", &meeting, "--fail-on", "blocker"]),
        Some(3)
    );
    assert_eq!(code(&["cidr", "check", "--from", &meeting]), Some(0));
    // The format changes nothing about the code.
    assert_eq!(
        code(&[
            "capacity",
            "--from",
            &bad,
            "--fail-on",
            "blocker",
            "-o",
            "json"
        ]),
        Some(3)
    );
    assert_eq!(
        code(&[
            "capacity",
            "--from",
            &bad,
            "--fail-on",
            "blocker",
            "--quiet"
        ]),
        Some(3)
    );
}

#[test]
fn bad_usage_is_2_and_says_so_on_standard_error_only() {
    for args in [
        &[][..],
        &["capacity", "--nonsense"],
        &["capacity", "-o", "xml"],
        &["capacity", "--fail-on", "info"],
        &["capaciti"],
        &["capacity"],
        &["predict", "--from", "x", "--pod-cidr", "10.0.0.0/8"],
        &["predict", "--from", "x", "--desired", "y", "--update"],
        &["explain", "NO-SUCH"],
        &["schema", "nothing"],
        &["man", "nothing"],
        &["completion", "tcsh"],
        &["cidr", "merge"],
        &["cidr", "merge", "/no/such/list"],
    ] {
        let answer = run(args);
        assert_eq!(answer.status.code(), Some(2), "{args:?}");
        assert!(answer.stdout.is_empty(), "{args:?}");
        assert!(!answer.stderr.is_empty(), "{args:?}");
    }
}

/// A full disk, as far as a program can tell.
#[test]
fn an_output_that_cannot_be_written_is_1() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        println!("skipped: there is no /dev/full");
        return;
    };
    let answer = command(&["capacity", "--from", &fintech()])
        .stdout(full)
        .output()
        .expect("it runs");
    assert_eq!(answer.status.code(), Some(1));
    let told = String::from_utf8_lossy(&answer.stderr);
    assert!(
        told.starts_with("error: the output cannot be written: "),
        "{told}"
    );
}

/// `| head -1`: the reader takes a line and leaves.
#[test]
fn a_reader_that_leaves_is_no_failure() {
    let list: String = (0..200_000u32)
        .map(|number| {
            format!(
                "10.{}.{}.{}/32\n",
                number >> 16,
                number >> 8 & 255,
                number & 255
            )
        })
        .collect();
    let list = file("list.txt", &list);
    let blocked = fintech();
    // More than a pipe holds, so that the writer meets a closed one.
    let gate = [
        "report",
        "--from",
        &blocked,
        "-o",
        "html",
        "--fail-on",
        "blocker",
    ];
    for (args, code) in [
        (&["cidr", "overlaps", &list, &list][..], 0),
        (&["explain", "-o", "json"], 0),
        (&["completion", "bash"], 0),
        (&["man", "predict"], 0),
        (&["schema", "report"], 0),
        // What was found is found, whoever reads it.
        (&gate, 3),
    ] {
        let mut child = command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut pipe = child.stdout.take().expect("it is piped");
        let mut one = [0; 1];
        pipe.read_exact(&mut one)
            .expect("there is something to read");
        drop(pipe);
        let answer = child.wait_with_output().expect("it ends");
        assert_eq!(
            answer.status.code(),
            Some(code),
            "{args:?}: {}",
            String::from_utf8_lossy(&answer.stderr)
        );
        assert!(answer.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn two_runs_give_the_same_bytes() {
    let from = fintech();
    for args in ANSWERS {
        for format in ["table", "json", "yaml", "markdown"] {
            let args = with(args, &["--from", &from, "-o", format]);
            assert_eq!(stdout(&args), stdout(&args), "{args:?}");
        }
    }
}

/// The same estate, its files named in another order: no row changes, though rows may change places.
#[test]
fn the_order_of_files_changes_no_number() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/az/");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("fixtures are there")
        .map(|entry| {
            entry
                .expect("readable")
                .path()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    for command in [
        &["capacity"][..],
        &["cidr", "check"],
        &["compare", "--cluster", "quay"],
        &["predict", "--cluster", "quay", "--upgrade"],
    ] {
        let answer = |names: &[String]| -> serde_json::Value {
            let mut args = with(command, &["-o", "json"]);
            for name in names {
                args.extend(["--from", name]);
            }
            let mut value: serde_json::Value = serde_json::from_str(&stdout(&args)).expect("JSON");
            sort_arrays(&mut value);
            value
        };
        let want = answer(&names);
        let mut turned = names.clone();
        for _ in 0..names.len() {
            turned.rotate_left(1);
            assert_eq!(answer(&turned), want, "{command:?}");
        }
        turned.reverse();
        assert_eq!(answer(&turned), want, "{command:?}");
    }
}

fn sort_arrays(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Array(elements) => {
            elements.iter_mut().for_each(sort_arrays);
            elements.sort_by_key(ToString::to_string);
        }
        serde_json::Value::Object(fields) => fields.values_mut().for_each(sort_arrays),
        _ => {}
    }
}

#[test]
fn standard_input_feeds_prefix_lists_and_estates() {
    let answer = |args: &[&str], input: &str| {
        let mut child = command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        child
            .stdin
            .take()
            .expect("it is piped")
            .write_all(input.as_bytes())
            .expect("it reads");
        let answer = child.wait_with_output().expect("it ends");
        assert!(answer.status.success(), "{args:?}");
        String::from_utf8(answer.stdout).expect("text")
    };
    assert_eq!(
        answer(
            &["cidr", "merge", "-"],
            "10.0.1.0/24\n10.0.0.0/24 # office\n\n"
        ),
        "10.0.0.0/23\n"
    );
    assert_eq!(
        answer(
            &["cidr", "overlaps", "-", "--count"],
            "10.0.0.0/8\n10.1.0.0/16\n"
        ),
        "1\n"
    );
    assert_eq!(
        answer(&["cidr", "overlaps", "-"], "10.0.0.0/8\n10.1.0.0/16\n"),
        "10.0.0.0/8  10.1.0.0/16  -:1  -:2\n"
    );
    assert_eq!(
        answer(&["capacity", "--from", "-"], FINE),
        stdout(&["capacity", "--from", &fine()])
    );
}

/// Without files it is Azure that is read; where nobody is signed in, both ways on are shown. The user's own sign-in must not be
/// found here: an empty folder stands in for it, and no program is on the path.
#[test]
fn nothing_to_read_shows_both_ways_on() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_aksplan"))
        .arg("capacity")
        .env_clear()
        .env("HOME", folder)
        .env("PATH", folder)
        .output()
        .expect("the program starts");
    let talk = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{talk}");
    assert!(output.stdout.is_empty());
    assert!(talk.starts_with("error: nothing to read: "), "{talk}");
    assert!(talk.contains("--from"), "{talk}");
    if cfg!(feature = "azure") {
        assert!(talk.contains("az login"), "{talk}");
    }
}
