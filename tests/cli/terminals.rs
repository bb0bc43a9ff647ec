//! Colour only where it is wanted, and nothing wider than the terminal.

use super::{ANSWERS, COMMANDS, command, fintech, with};
use std::process::Command;

fn has_colour(bytes: &[u8]) -> bool {
    bytes.contains(&0x1B)
}

#[test]
fn a_pipe_has_no_colour_unless_it_is_forced() {
    let from = fintech();
    for args in ANSWERS {
        for format in ["table", "json", "yaml", "markdown"] {
            let args = with(args, &["--from", &from, "-o", format]);
            let output = |variables: &[(&str, &str)]| {
                command(&args)
                    .envs(variables.iter().copied())
                    .output()
                    .expect("it runs")
                    .stdout
            };
            let plain = output(&[]);
            assert!(!has_colour(&plain), "{args:?}");
            assert_eq!(output(&[("NO_COLOR", "1")]), plain, "{args:?}");
            assert_eq!(output(&[("TERM", "dumb")]), plain, "{args:?}");
            let forced = output(&[("CLICOLOR_FORCE", "1")]);
            assert_eq!(has_colour(&forced), format == "table", "{args:?}");
            assert!(
                !has_colour(&output(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")])),
                "{args:?}"
            );
            // Colour is all that differs.
            assert_eq!(
                anstream::adapter::strip_bytes(&forced).into_vec(),
                plain,
                "{args:?}"
            );
        }
    }
}

#[test]
fn errors_follow_the_same_rules() {
    let told = |variables: &[(&str, &str)]| {
        command(&["capacity", "--from", "/no/such/file"])
            .envs(variables.iter().copied())
            .output()
            .expect("it runs")
            .stderr
    };
    assert!(!has_colour(&told(&[])));
    assert!(has_colour(&told(&[("CLICOLOR_FORCE", "1")])));
    assert!(!has_colour(&told(&[("NO_COLOR", "1")])));
}

/// Runs in a terminal of that width; `None` where none can be had.
fn in_terminal(width: usize, args: &[&str], variables: &str) -> Option<String> {
    let words: Vec<String> = args.iter().map(|word| format!("'{word}'")).collect();
    let script = format!(
        "stty cols {width} rows 50; {variables} {} {}",
        env!("CARGO_BIN_EXE_aksplan"),
        words.join(" ")
    );
    let answer = Command::new("script")
        .args(["-qec", &script, "/dev/null"])
        .env("TERM", "xterm-256color")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .stdin(std::process::Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(answer.stdout).ok()?;
    if !answer.status.success() {
        println!("skipped: no terminal here: {text}");
        return None;
    }
    Some(text.replace('\r', ""))
}

#[test]
fn a_terminal_has_colour_unless_it_is_refused() {
    let from = fintech();
    let Some(text) = in_terminal(120, &["capacity", "--from", &from], "") else {
        return;
    };
    assert!(has_colour(text.as_bytes()));
    for refused in ["NO_COLOR=1", "TERM=dumb"] {
        let text = in_terminal(120, &["capacity", "--from", &from], refused)
            .expect("there was a terminal just now");
        assert!(!has_colour(text.as_bytes()), "{refused}");
    }
    let text = in_terminal(120, &["capacity", "--from", &from, "-o", "json"], "")
        .expect("there was a terminal just now");
    assert!(
        !has_colour(text.as_bytes()) && serde_json::from_str::<serde_json::Value>(&text).is_ok()
    );
}

/// Tables and text; a single word that is longer than the line, such as a link in a message of the service, stays whole so
/// that it can be copied.
#[test]
fn nothing_is_wider_than_the_terminal() {
    let from = fintech();
    let mut all: Vec<Vec<&str>> = ANSWERS
        .iter()
        .map(|args| with(args, &["--from", &from]))
        .collect();
    let payments = super::scenario("payments").to_string_lossy().into_owned();
    let quick = [
        "--from",
        payments.as_str(),
        "--futures",
        "5",
        "--no-advice",
        "--pods",
    ];
    all.push(with(&["migrate"], &quick));
    all.push(with(
        &["drain", "--pool", "system", "--ignore-daemonsets"],
        &quick,
    ));
    all.push(vec!["explain"]);
    all.push(vec!["explain", "CLS-3"]);
    all.extend(COMMANDS.iter().map(|args| with(args, &["--help"])));
    for width in [60, 80, 100] {
        for args in &all {
            let Some(text) = in_terminal(width, args, "") else {
                return;
            };
            let plain = anstream::adapter::strip_str(&text).to_string();
            for line in plain.lines() {
                let is_one_word = line.trim().split(' ').count() == 1;
                // What is to be copied is set in and never broken.
                let is_code = args[0] == "report" && line.starts_with("  ");
                assert!(
                    line.chars().count() <= width || is_one_word || is_code,
                    "{width} {args:?}: {line}"
                );
            }
        }
    }
}
