//! The report of one whole cluster, from exec to exit, at four sizes: as a page, as Markdown and as JSON, with its peak memory and size.
//!
//! `cargo bench --bench report` makes the clusters in memory (the same every time) and prints a row a size. `cargo bench --bench report
//! -- 5000` runs one size. The page of 5,000 nodes and 150,000 pods has bounds, [`MOST_MS`] and [`MOST_MB`]: above them it ends with 1.

mod measure;

use aksplan::source::snapshot::{Document, Encoding, encode};
use measure::busy::inventory;
use measure::program;
use std::path::Path;

/// Nodes.
const SIZES: [usize; 4] = [200, 500, 1_500, 5_000];
/// What the report of any of these sizes takes at the most, in each format: milliseconds from exec to exit.
const MOST_MS: f64 = 2_000.0;
/// Memory at its peak, in MB.
const MOST_MB: u64 = 500;

fn main() {
    let only: Option<usize> = std::env::args().find_map(|argument| argument.parse().ok());
    println!(
        "{:>6} {:>8} | {:>30} | {:>30} | {:>30}",
        "nodes", "pods", "page", "Markdown", "JSON"
    );
    let mut over = Vec::new();
    for nodes in SIZES {
        if only.is_none_or(|only| only == nodes) {
            over.extend(row(nodes));
        }
    }
    for line in &over {
        eprintln!("{line}: more than {MOST_MS:.0} ms or {MOST_MB} MB");
    }
    if !over.is_empty() {
        std::process::exit(1);
    }
}

/// Prints a row; gives what is over its bounds.
fn row(nodes: usize) -> Vec<String> {
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
    let mut over = Vec::new();
    let formats = ["html", "md", "json"].map(|format| {
        let to = folder.join(format!("report-{nodes}.{format}"));
        let (time, peak) = program(|command| {
            // A report that is there is looked at before it is replaced: that is not what is measured.
            let _ = std::fs::remove_file(&to);
            command.args(["report", "--from"]).arg(&from);
            command.arg("--file").arg(&to);
        });
        if time > MOST_MS || peak > MOST_MB {
            over.push(format!(
                "{format} of {nodes} nodes: {time:.0} ms, {peak} MB"
            ));
        }
        let size = std::fs::metadata(&to).map_or(0, |file| file.len());
        format!(
            "{time:>6.0} ms {peak:>4} MB {:>6.2} MB file",
            size as f64 / 1e6
        )
    });
    println!("{nodes:>6} {pods:>8} | {}", formats.join(" | "));
    over
}
