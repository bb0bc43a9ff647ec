//! The page of a large cluster: not too large itself, and whole. What stands for many says for how many.

#[path = "../benches/measure/mod.rs"]
mod measure;

mod binary;

use aksplan::source::snapshot::{Document, Encoding, encode};
use binary::answer;
use measure::busy::inventory;

/// The page of a busy cluster of so many nodes.
fn page(nodes: usize, more: &[&str]) -> String {
    let from = format!("{}/busy-{nodes}.json.zst", env!("CARGO_TARGET_TMPDIR"));
    let mut bytes = Vec::new();
    encode(
        &Document::of(&inventory(nodes), None),
        Encoding::Zstd,
        &mut bytes,
    )
    .expect("memory takes everything");
    std::fs::write(&from, bytes).expect("the target folder is writable");
    let arguments = ["report", "--from", &from, "--output", "html"];
    answer(&[&arguments[..], more].concat())
}

#[test]
fn two_hundred_nodes_are_under_two_megabytes() {
    let page = page(200, &[]);
    println!("{} bytes", page.len());
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
}

#[test]
fn five_thousand_nodes_are_aggregated_aloud() {
    let page = page(5_000, &[]);
    println!("{} bytes", page.len());
    assert!(page.len() < 10_000_000, "{} bytes", page.len());
}
