//! The page of a large cluster: not too large itself, and whole. What stands for many says for how many.

#[path = "../benches/measure/mod.rs"]
mod measure;

mod binary;

use aksplan::source::snapshot::{Document, Encoding, encode};
use binary::answer;
use measure::busy::inventory;

/// The page of a busy cluster of so many nodes.
fn page(nodes: usize) -> String {
    let from = format!("{}/busy-{nodes}.json.zst", env!("CARGO_TARGET_TMPDIR"));
    let mut bytes = Vec::new();
    encode(
        &Document::of(&inventory(nodes), None),
        Encoding::Zstd,
        &mut bytes,
    )
    .expect("memory takes everything");
    std::fs::write(&from, bytes).expect("the target folder is writable");
    answer(&["report", "--from", &from, "--output", "html"])
}

#[test]
fn two_hundred_nodes_are_under_two_megabytes() {
    let page = page(200);
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
}

#[test]
fn five_thousand_nodes_are_aggregated_aloud() {
    let page = page(5_000);
    // It has 0.6 MB: more than twice that is a table that grew with the nodes.
    assert!(page.len() < 1_300_000, "{} bytes", page.len());
    for said in [
        // Nodes and their surge nodes are one row a pool, and why futures and advice are missing is said.
        "5,500 nodes are drawn as their pools",
        "futures: the cluster has 150000 pods",
        "advice: nothing was tried",
    ] {
        assert!(page.contains(said), "the page does not say: {said}");
    }
}
