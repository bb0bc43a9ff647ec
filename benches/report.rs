//! The report of one whole cluster, from exec to exit, at four sizes: as a page, as Markdown and as JSON, with its peak memory and size.
//!
//! `cargo bench --bench report` makes the clusters in memory (the same every time) and prints a row a size. `cargo bench --bench report
//! -- 5000` runs one size. The page of 5,000 nodes and 150,000 pods is meant to take under 2 s and 500 MB.

mod measure;

use aksplan::source::snapshot::{Document, Encoding, encode};
use measure::busy::inventory;
use measure::program;
use std::path::Path;

/// Nodes.
const SIZES: [usize; 4] = [200, 500, 1_500, 5_000];

fn main() {
    let only: Option<usize> = std::env::args().find_map(|argument| argument.parse().ok());
    println!(
        "{:>6} {:>8} | {:>30} | {:>30} | {:>30}",
        "nodes", "pods", "page", "Markdown", "JSON"
    );
    for nodes in SIZES {
        if only.is_none_or(|only| only == nodes) {
            row(nodes);
        }
    }
}

fn row(nodes: usize) {
    let inventory = inventory(nodes);
    let state = inventory.clusters[0].kubernetes.as_deref();
    let pods = state.map_or(0, |state| state.pods.len());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/.cache");
    std::fs::create_dir_all(&folder).expect("benches/.cache can be written");
    let from = folder.join(format!("report-{nodes}.json.zst"));
    let mut bytes = Vec::new();
    encode(&Document::of(&inventory, None), Encoding::Zstd, &mut bytes)
        .expect("memory takes everything");
    std::fs::write(&from, &bytes).expect("disk space");
    drop(inventory);
    let formats = ["html", "md", "json"].map(|format| {
        let to = folder.join(format!("report-{nodes}.{format}"));
        let (time, peak) = program(|command| {
            // A report that is there is looked at before it is replaced: that is not what is measured.
            let _ = std::fs::remove_file(&to);
            command.args(["report", "--from"]).arg(&from);
            command.arg("--file").arg(&to);
        });
        let size = std::fs::metadata(&to).map_or(0, |file| file.len());
        format!(
            "{time:>6.0} ms {peak:>4} MB {:>6.2} MB file",
            size as f64 / 1e6
        )
    });
    println!("{nodes:>6} {pods:>8} | {}", formats.join(" | "));
}
