//! What the README shows is what happens: every command in a `console` block is run, and must print what stands below it and end
//! with the exit code that `$ echo $?` shows, or 0.
//!
//! A line that is only `…` stands for any number of lines, and a `…` at the end of a line for the rest of it. `cargo run --release
//! --` and `aksplan` are both the program under test; `printf '…' |` in front is its input.

mod binary;

use binary::{aksplan, root};

const ELISION: char = '…';
/// Commands that are shown but not run: they would run this test.
const NOT_RUN: [&str; 1] = ["cargo test"];

/// A command with what the README says about it.
struct Example {
    line: usize,
    command: String,
    output: Vec<String>,
    exit_code: i32,
}

fn examples() -> Vec<Example> {
    let text = std::fs::read_to_string(root().join("README.md")).expect("there is a README");
    let mut examples: Vec<Example> = Vec::new();
    let mut in_block = false;
    let mut of_exit_code = false;
    for (position, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            in_block = line == "```console";
            of_exit_code = false;
            continue;
        }
        if !in_block {
            continue;
        }
        match line.strip_prefix("$ ") {
            Some("echo $?") => of_exit_code = true,
            Some(command) => {
                of_exit_code = false;
                // A blank line may part a command from what stands above it.
                if let Some(above) = examples.last_mut() {
                    above.output.pop_if(|line| line.is_empty());
                }
                examples.push(Example {
                    line: position + 1,
                    command: command.to_string(),
                    output: Vec::new(),
                    exit_code: 0,
                });
            }
            None => {
                let example = examples.last_mut().expect("output below a command");
                if of_exit_code {
                    example.exit_code = line.parse().expect("`echo $?` prints a number");
                } else {
                    example.output.push(line.to_string());
                }
            }
        }
    }
    examples
}

/// Splits at blanks outside of single quotes: all that the README needs of a shell.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in command.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("never empty").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Arguments and input of the program, or why this is no command of it.
fn parse(command: &str) -> Result<(Vec<String>, String), String> {
    let (input, command) = match command.split_once(" | ") {
        Some((printf, command)) => match words(printf).as_slice() {
            [name, text] if name == "printf" => (text.replace("\\n", "\n"), command),
            _ => return Err(format!("`{printf}` is no printf with one text")),
        },
        None => (String::new(), command),
    };
    let arguments = ["cargo run --release -- ", "aksplan "]
        .iter()
        .find_map(|program| command.strip_prefix(program))
        .ok_or("neither `aksplan …` nor `cargo run --release -- …`; put it into an `sh` block")?;
    if arguments.contains(['|', '>', '<', '$', '"']) {
        return Err("more of a shell than this test knows".to_string());
    }
    Ok((words(arguments), input))
}

/// Whether the lines that were printed are those that are shown.
fn is_shown(shown: &[String], printed: &[&str]) -> bool {
    let Some((first, rest)) = shown.split_first() else {
        return printed.is_empty();
    };
    if first.chars().eq([ELISION]) {
        return (0..=printed.len()).any(|skipped| is_shown(rest, &printed[skipped..]));
    }
    let Some((line, printed)) = printed.split_first() else {
        return false;
    };
    let same = match first.strip_suffix(ELISION) {
        Some(beginning) => line.starts_with(beginning),
        None => line == first,
    };
    same && is_shown(rest, printed)
}

#[test]
fn every_example_is_true() {
    let examples = examples();
    // Snapshots are written there; a build elsewhere has made none.
    std::fs::create_dir_all(root().join("target")).expect("a writable root");
    let mut run = 0;
    let mut wrong = Vec::new();
    for example in &examples {
        // The planner from files alone has no such command.
        let is_live = example.command.starts_with("aksplan permissions azure");
        if NOT_RUN.contains(&example.command.as_str()) || (is_live && !cfg!(feature = "azure")) {
            continue;
        }
        let mut fail = |problem: String| {
            wrong.push(format!(
                "README.md, line {}: $ {}\n{problem}",
                example.line, example.command
            ));
        };
        let (arguments, input) = match parse(&example.command) {
            Ok(parsed) => parsed,
            Err(problem) => {
                fail(problem);
                continue;
            }
        };
        run += 1;
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = aksplan(&arguments, &input);
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8(printed).expect("aksplan prints UTF-8");
        if output.status.code() != Some(example.exit_code) {
            fail(format!(
                "ended with {}, the README says {}:\n{printed}",
                output.status, example.exit_code
            ));
        } else if !example.output.is_empty()
            && !is_shown(&example.output, &printed.lines().collect::<Vec<_>>())
        {
            fail(format!("prints something else:\n{printed}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
    assert!(
        run > 5,
        "only {run} examples were found: has the form changed?"
    );
}

#[test]
fn elisions_stand_for_lines_and_ends_of_lines() {
    let printed = ["a", "b with more", "c", "d"];
    let shown = |lines: &[&str]| {
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        is_shown(&lines, &printed)
    };
    assert!(shown(&["a", "b with more", "c", "d"]));
    assert!(shown(&["a", "b …", "…"]));
    assert!(shown(&["…", "c", "d"]));
    assert!(shown(&["a", "…", "d", "…"]));
    assert!(!shown(&["a", "b with more"]));
    assert!(!shown(&["…", "c"]));
    assert!(!shown(&["a", "c", "…"]));
}
