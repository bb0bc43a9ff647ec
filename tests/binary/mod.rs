//! Runs the real program, as a person in the root of the repository would.

#![allow(dead_code, reason = "every test file uses a part of this")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The root of the repository: everything is run from there, so that paths in outputs are the same on every machine.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs `aksplan` with these arguments and this input: no colour, no terminal.
pub fn aksplan(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_aksplan"))
        .args(arguments)
        .current_dir(root())
        .env("NO_COLOR", "1")
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program that cargo has just built starts");
    let mut stdin = child.stdin.take().expect("a pipe was asked for");
    // A program that does not read its input may have closed it already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("the program ends")
}

/// What `aksplan` prints when all is well.
///
/// # Panics
/// When it ends with anything but 0, or says something on standard error.
pub fn answer(arguments: &[&str]) -> String {
    let output = aksplan(arguments, "");
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && talk.is_empty(),
        "aksplan {} ended with {}: {talk}",
        arguments.join(" "),
        output.status
    );
    String::from_utf8(output.stdout).expect("aksplan prints UTF-8")
}

/// The scenarios that are shipped, by name, sorted.
pub fn scenarios() -> Vec<String> {
    names_in("scenarios", "yaml")
}

/// Files in a folder with this extension, without it, sorted.
pub fn names_in(folder: &str, extension: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(root().join(folder))
        .unwrap_or_else(|error| panic!("{folder}: {error}"))
        .map(|entry| entry.expect("a readable entry").file_name())
        .filter_map(|name| {
            let name = name.to_str().expect("a UTF-8 file name");
            Some(name.strip_suffix(extension)?.strip_suffix('.')?.to_string())
        })
        .collect();
    names.sort();
    names
}
