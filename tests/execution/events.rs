//! Events, a line each: every kind that there is comes up in some run, and every line is what the published schema says.

use crate::aks::{Aks, Fate, instant};
use crate::hands::{Ills, Send, Stage, long_choices};
use aksplan::cli::event::{Event, line};
use aksplan::cli::lines::Place;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write;

fn schema() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/reports/schema/event.schema.json"
    );
    let text = std::fs::read_to_string(path).expect("the published schema");
    serde_json::from_str(&text).expect("a schema is JSON")
}

/// Names of events that the schema knows.
fn known(schema: &Value) -> BTreeSet<String> {
    let kinds = schema["oneOf"].as_array().expect("one of several events");
    kinds
        .iter()
        .map(|kind| {
            let name = kind["properties"]["event"]["const"].as_str();
            name.expect("an event has a name").to_string()
        })
        .collect()
}

fn lines() -> Vec<String> {
    let mut lines = Vec::new();
    let mut take = |stage: &mut Stage| lines.append(&mut stage.heard.1);

    // Refused, then a torn record, a write that is lost, one that is put off, an interrupt, and the rest.
    let mut stage = Stage::long("events");
    stage.run_refusing(Ills::default(), &["the window is closed".to_string()]);
    let mut journal = std::fs::OpenOptions::new()
        .append(true)
        .open(&stage.journal)
        .expect("a journal");
    journal.write_all(b"{\"n\":").expect("it can be torn");
    drop(journal);
    stage.run(Ills {
        sends: [(1, Send::LostOnTheWay), (2, Send::Busy)].into(),
        interrupt: Some(80),
        ..Ills::default()
    });
    stage.run(Ills::default());
    take(&mut stage);

    // One that fails.
    let mut aks = Aks::new(None);
    aks.fates.insert(0, Fate::Fails(1));
    let mut stage = Stage::of("events", aks, &Default::default());
    stage.run(Ills::default());
    take(&mut stage);

    // What holds already is not written: somebody has done it by hand meanwhile.
    let mut stage = Stage::of("events", Aks::new(Some("calico")), &long_choices());
    stage.aks.cluster_mut().pools[1].upgrade.max_surge = Some(aksplan::model::IntOrPercent::Int(2));
    stage.run(Ills::default());
    take(&mut stage);

    let place = Place {
        cluster: "prod",
        until: None,
    };
    for event in [
        Event::Note { what: "a note" },
        Event::GoOn {
            command: "aksplan migrate --resume --plan plan.json",
        },
    ] {
        lines.push(line(instant(0), &place, event));
    }
    lines
}

#[test]
fn every_line_is_what_the_schema_says() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let mut seen = BTreeSet::new();
    for line in lines() {
        assert_eq!(line.matches('\n').count(), 1, "{line}");
        assert!(line.ends_with('\n'), "{line}");
        assert!(
            line.starts_with("{\"format_version\":\"1.0\",\"at\":\"2026-"),
            "{line}"
        );
        let event: Value = serde_json::from_str(&line).expect("JSON");
        let problems: Vec<String> = validator
            .iter_errors(&event)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{line}{}", problems.join("\n"));
        assert_eq!(event["cluster"], "prod", "{line}");
        seen.insert(event["event"].as_str().expect("a name").to_string());
    }
    assert_eq!(seen, known(&schema));
    // The schema is no rubber stamp.
    for wrong in [
        r#"{"format_version":"1.0","at":"x","cluster":"prod","event":"held"}"#,
        r#"{"format_version":"1.0","at":"x","cluster":"prod","event":"unheard-of"}"#,
        r#"{"format_version":"1.0","at":"x","event":"held","step":"1-check"}"#,
    ] {
        let event: Value = serde_json::from_str(wrong).expect("JSON");
        assert!(!validator.is_valid(&event), "{wrong}");
    }
}
