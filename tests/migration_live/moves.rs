//! From a plan to proof: the real binary plans the move, carries it out, and says what it did.

use super::aks::Aks;
use super::aks::small::small;
use super::binary::{command, said};
use super::control_plane::Folder;
use std::path::Path;

/// Of one call: exit code, standard output, standard error.
pub fn migrate(aks: &Aks, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = command(aks, "migrate", arguments)
        .output()
        .expect("the binary runs");
    let (out, err) = said(&output);
    (output.status.code(), out, err)
}

/// Plans the move into a file of this folder.
pub fn plan(aks: &Aks, folder: &Folder, more: &[&str]) -> String {
    let path = folder.path.join("plan.json").display().to_string();
    let mut arguments = vec![
        "--pod-cidr",
        "100.64.0.0/16",
        "--futures",
        "50",
        "--out",
        &path,
    ];
    arguments.extend(more);
    let (code, out, err) = migrate(aks, &arguments);
    assert_eq!(code, Some(0), "{out}\n{err}");
    assert!(Path::new(&path).is_file(), "{err}");
    path
}

/// What every execution here is called with: short pauses, no questions, a window.
pub const QUICK: [&str; 9] = [
    "--yes",
    "--window",
    "4h",
    "--poll",
    "0.2",
    "--settle",
    "20",
    "--futures",
    "50",
];

pub fn execute(aks: &Aks, deed: &str, plan: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let mut arguments = vec![deed, "--plan", plan];
    arguments.extend(QUICK);
    arguments.extend(more);
    migrate(aks, &arguments)
}

#[test]
fn a_plan_is_made_and_carried_out() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let folder = Folder::new();
    let plan = plan(&aks, &folder, &[]);
    let (code, out, err) = execute(&aks, "--execute", &plan, &[]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    assert!(err.contains("completed"), "{err}");
    assert_eq!(aks.used(), 12 + 4);
    assert_eq!(aks.writes().len(), 1, "{:?}", aks.writes());
}
