//! Every format of every answer, quiet or not; help, completion, manual pages, rules.

use super::{ANSWERS, COMMANDS, FINE, file, fintech, run, stdout, with};

#[test]
fn json_parses_and_yaml_says_the_same() {
    let from = fintech();
    let weird = file(
        "weird.yaml",
        &FINE
            .replace("name: p,", "name: \"p: #\\e[31m é \\u202e yes\",")
            .replace("name: nodes,", "name: \"1e3\",")
            .replace("subnet: nodes", "subnet: \"1e3\""),
    );
    for from in [&from, &weird] {
        for command in ANSWERS {
            if command == ["predict"] && *from == weird {
                continue;
            }
            let json: serde_json::Value =
                serde_json::from_str(&stdout(&with(command, &["--from", from, "-o", "json"])))
                    .unwrap_or_else(|error| panic!("{command:?}: {error}"));
            assert_eq!(json["format_version"], "1.0", "{command:?}");
            let text = stdout(&with(command, &["--from", from, "-o", "yaml"]));
            let yaml: serde_json::Value = serde_saphyr::from_str(&text)
                .unwrap_or_else(|error| panic!("{command:?}: {error}\n{text}"));
            assert_eq!(yaml, json, "{command:?}");
        }
    }
    let rules: serde_json::Value =
        serde_json::from_str(&stdout(&["explain", "-o", "json"])).expect("JSON");
    let yaml: serde_json::Value =
        serde_saphyr::from_str(&stdout(&["explain", "-o", "yaml"])).expect("YAML");
    assert_eq!(yaml, rules);
}

/// `format_version` is the first thing a reader of the stream sees.
#[test]
fn json_begins_with_its_version() {
    let from = fintech();
    for command in ANSWERS {
        let text = stdout(&with(command, &["--from", &from, "-o", "json"]));
        assert!(
            text.starts_with("{\n  \"format_version\": \"1.0\""),
            "{command:?}: {}",
            &text[..60]
        );
        assert!(text.ends_with("}\n"), "{command:?}");
    }
}

#[test]
fn markdown_tables_are_whole() {
    let from = fintech();
    for command in ANSWERS {
        let text = stdout(&with(command, &["--from", &from, "-o", "markdown"]));
        // A report is a comment that is found again by its first line.
        let text = match text.split_once('\n') {
            Some((mark, rest)) if mark.starts_with("<!-- aksplan:report:") => rest,
            _ => text.as_str(),
        };
        assert!(
            text.starts_with("# ") || text.starts_with("## "),
            "{command:?}: {text}"
        );
        let mut columns = 0;
        for line in text.lines() {
            if !line.starts_with('|') {
                columns = 0;
                continue;
            }
            let bars = line.replace("\\|", "").matches('|').count();
            assert!(columns == 0 || columns == bars, "{command:?}: {line}");
            columns = bars;
        }
    }
}

#[test]
fn quiet_leaves_out_talk_and_nothing_from_json() {
    let from = fintech();
    for command in ANSWERS {
        for format in ["table", "markdown"] {
            let loud = stdout(&with(command, &["--from", &from, "-o", format]));
            let quiet = stdout(&with(command, &["--from", &from, "-o", format, "--quiet"]));
            assert!(
                quiet.len() <= loud.len() && !quiet.is_empty(),
                "{command:?}"
            );
            assert!(!quiet.contains("Not checked"), "{command:?}");
        }
        let json = with(command, &["--from", &from, "-o", "json"]);
        assert_eq!(stdout(&json), stdout(&with(&json, &["-q"])), "{command:?}");
    }
    let gaps = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/az");
    assert!(stdout(&["capacity", "--from", gaps]).contains("Not checked"));
    assert!(!stdout(&["capacity", "--from", gaps, "-q"]).contains("Not checked"));
}

#[test]
fn every_command_has_help_and_a_manual_page() {
    for command in COMMANDS {
        for flag in ["--help", "-h"] {
            let text = stdout(&with(command, &[flag]));
            assert!(text.contains("Usage: aksplan"), "{command:?}");
        }
        if command.first() != Some(&"help") {
            let page = stdout(&with(&["man"], command));
            let name = with(&["aksplan"], command).join("-");
            assert!(
                page.contains(&format!(".TH {name} ")) || page.contains(&format!(".TH \"{name}\"")),
                "{command:?}: {}",
                page.lines().take(3).collect::<Vec<_>>().join("\n")
            );
            assert!(page.contains(".SH SYNOPSIS"), "{command:?}");
        }
    }
    assert!(stdout(&["--version"]).starts_with("aksplan "));
    assert_eq!(
        stdout(&["man", "cidr check"]),
        stdout(&["man", "cidr", "check"])
    );
    let help = stdout(&["--help"]);
    assert!(help.contains("Exit codes: 0 fine, 1 aksplan failed, 2 bad usage or input, 3 findings at or above --fail-on"), "{help}");
}

#[test]
fn completion_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = stdout(&["completion", shell]);
        assert!(
            script.contains("aksplan") && script.contains("capacity") && script.contains("fail-on"),
            "{shell}"
        );
    }
    // The shell itself agrees that it is a script.
    let script = file("completion.bash", &stdout(&["completion", "bash"]));
    match std::process::Command::new("bash")
        .args(["-n", &script])
        .status()
    {
        Ok(status) => assert!(status.success()),
        Err(_) => println!("skipped: there is no bash"),
    }
}

#[test]
fn rules_are_explained_found_and_suggested() {
    let one = stdout(&["explain", "CLS-3"]);
    assert!(one.starts_with("CLS-3: "), "{one}");
    assert_eq!(stdout(&["explain", "cls-3"]), one, "case does not matter");
    let code = stdout(&["explain", "InsufficientSubnetSize"]);
    assert!(code.contains("InsufficientSubnetSize"), "{code}");
    let list = stdout(&["explain"]);
    assert!(list.contains("CLS-3") && list.contains("NET-1"), "{list}");
    for (unknown, hint) in [
        ("CLS-33", "did you mean CLS-3"),
        (
            "InsufficientSubnetSiz",
            "did you mean InsufficientSubnetSize",
        ),
        ("zzzzzzzzzz", "`aksplan explain` lists all"),
    ] {
        let answer = run(&["explain", unknown]);
        let told = String::from_utf8_lossy(&answer.stderr);
        assert!(
            told.contains(&format!("no rule `{unknown}`")) && told.contains(hint),
            "{told}"
        );
        assert_eq!(answer.status.code(), Some(2));
    }
}

#[test]
fn schemas_are_json_and_hold_what_is_printed() {
    let from = fintech();
    for (name, args) in [
        ("capacity", &["capacity"][..]),
        ("predict", &["predict", "--upgrade"]),
        ("predictions", &["predict"]),
        ("cidr-check", &["cidr", "check"]),
        ("cidr-suggest", &["cidr", "suggest", "--for", "service"]),
        ("compare", &["compare"]),
        ("report", &["report"]),
    ] {
        let schema: serde_json::Value =
            serde_json::from_str(&stdout(&["schema", name])).expect("a schema is JSON");
        let answer: serde_json::Value =
            serde_json::from_str(&stdout(&with(args, &["--from", &from, "-o", "json"])))
                .expect("JSON");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        if let Err(error) = validator.validate(&answer) {
            panic!("{name}: {error} at {}", error.instance_path());
        }
    }
    let rules: serde_json::Value =
        serde_json::from_str(&stdout(&["explain", "-o", "json"])).expect("JSON");
    let schema: serde_json::Value =
        serde_json::from_str(&stdout(&["schema", "explain"])).expect("a schema is JSON");
    assert!(jsonschema::is_valid(&schema, &rules));
    let schema: serde_json::Value =
        serde_json::from_str(&stdout(&["schema", "scenario"])).expect("a schema is JSON");
    let text = std::fs::read_to_string(&from).expect("the scenario is there");
    let scenario: serde_json::Value = serde_saphyr::from_str(&text).expect("YAML");
    assert!(jsonschema::is_valid(&schema, &scenario));
}
