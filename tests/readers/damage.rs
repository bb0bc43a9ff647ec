//! Arbitrary bytes, and every fixture cut, mutated and spliced: an answer or an error, never a panic.

use super::{fixture, fixtures};
use aksplan::source::{Found, read_document};
use proptest::prelude::*;
use std::sync::LazyLock;

static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    for dialect in ["az", "arm"] {
        let mut names: Vec<_> = std::fs::read_dir(fixtures(dialect))
            .expect("fixtures are there")
            .map(|entry| {
                entry
                    .expect("readable")
                    .file_name()
                    .into_string()
                    .expect("a plain name")
            })
            .collect();
        names.sort();
        seeds.extend(
            names
                .iter()
                .map(|name| fixture(&format!("{dialect}/{name}")).into_bytes()),
        );
    }
    seeds.push(super::shapes::OBJECTS.as_bytes().to_vec());
    seeds.push(super::shapes::SCENARIO.as_bytes().to_vec());
    seeds.push(include_bytes!("../../scenarios/fintech.yaml").to_vec());
    seeds
});

/// Words that make a mutated byte more than noise.
const WORDS: [&str; 24] = [
    "null",
    "true",
    "-1",
    "1e400",
    "9223372036854775808",
    "4294967296",
    "0.5",
    "\"\"",
    "{}",
    "[]",
    "[[]]",
    "\"10.0.0.0/0\"",
    "\"::/0\"",
    "\"0.0.0.0/32\"",
    "\"10.0.0.1/8\"",
    "\"100%\"",
    "\"\\u0000\"",
    "\"/\"",
    "\"//\"",
    "\"StaticBlock\"",
    "\"overlay\"",
    "\"kubenet\"",
    "\u{feff}",
    "&a *a",
];

fn survives(bytes: &[u8]) {
    // What is read is assessed as well: an inventory that panics later is no better.
    if let Ok(loaded) = read_document("x", bytes).and_then(Found::assemble) {
        let scope = aksplan::capacity::Scope::default();
        let assessment = aksplan::capacity::assess(&loaded.current, &scope);
        let _ = aksplan::report::capacity::document(&loaded.current, &assessment, "x");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        survives(&bytes);
    }

    #[test]
    fn arbitrary_text_that_looks_like_something(text in "[\\[\\]{}\":,a-z0-9 .\\n/&*|>#!%@-]{0,200}") {
        survives(text.as_bytes());
        survives(format!("{{{text}").as_bytes());
        survives(format!("apiVersion: aksplan/v1\n{text}").as_bytes());
    }

    #[test]
    fn cut_anywhere(seed in any::<prop::sample::Index>(), at in any::<prop::sample::Index>()) {
        let seed = seed.get(&SEEDS);
        survives(&seed[..at.index(seed.len())]);
        survives(&seed[at.index(seed.len())..]);
    }

    #[test]
    fn bytes_flipped(seed in any::<prop::sample::Index>(), flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = seed.get(&SEEDS).clone();
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        survives(&bytes);
    }

    /// Values replaced by values: the JSON stays valid, so the mistake reaches the lowering and the joining.
    #[test]
    fn values_replaced(
        seed in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(&WORDS[..])), 1..6),
    ) {
        let text = String::from_utf8(seed.get(&SEEDS).clone()).expect("seeds are text");
        let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
        for (at, word) in changes {
            let line = at.get_mut(&mut lines);
            if let Some(colon) = line.find(": ") {
                let comma = if line.ends_with(',') { "," } else { "" };
                *line = format!("{}: {word}{comma}", &line[..colon]);
            }
        }
        survives(lines.join("\n").as_bytes());
    }

    #[test]
    fn two_halves(first in any::<prop::sample::Index>(), second in any::<prop::sample::Index>(), at in any::<prop::sample::Index>()) {
        let (first, second) = (first.get(&SEEDS), second.get(&SEEDS));
        let mut bytes = first[..at.index(first.len())].to_vec();
        bytes.extend_from_slice(&second[at.index(second.len())..]);
        survives(&bytes);
        survives(&[first.as_slice(), second.as_slice()].concat());
    }
}
