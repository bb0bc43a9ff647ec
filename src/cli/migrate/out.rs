//! `--out`: the plan and its runbook, to files that their owner alone can read. What stands in the way is told all at once, and then
//! nothing is written.

use super::super::output::escaped;
use super::super::simulation::{Scene, SimulationArgs};
use super::super::{CliError, Ending};
use crate::execute::store::write_private;
use crate::finding::{Finding, counted};
use crate::migrate::build::{Refused, Request, build};
use crate::migrate::sequence::Sequence;
use crate::migrate::verify::verify;
use crate::model::IpNet;
use crate::report::{markdown, migration};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A plan that is asked for.
pub struct Wanted<'a> {
    pub out: &'a Path,
    pub runbook: Option<&'a Path>,
    pub pod_cidr: IpNet,
    pub superset: Option<IpNet>,
    pub sequence: Sequence,
    pub findings: Vec<Finding>,
    pub not_checked: Vec<String>,
}

/// Makes the plan and writes it.
pub fn write(
    scene: &Scene,
    simulation: &SimulationArgs,
    wanted: Wanted,
) -> Result<Ending, CliError> {
    let pods = scene.state().map_or(0, |state| state.pods.len());
    let policy = simulation.play.timing()?;
    let window = simulation.play.own_window()?;
    let made = build(Request {
        inventory: &scene.inventory,
        cluster: scene.index,
        pod_cidr: wanted.pod_cidr,
        superset: wanted.superset,
        sequence: wanted.sequence,
        policy: &policy,
        chance: simulation.play.chance(pods),
        window,
        findings: wanted.findings,
        not_checked: wanted.not_checked,
        made_by: format!("aksplan {}", env!("CARGO_PKG_VERSION")),
    });
    let mut talk = std::io::stderr();
    let plan = match made {
        Ok(plan) => plan,
        Err(Refused(reasons)) => {
            // Nobody may be listening any more; the exit code says it as well.
            let _ = writeln!(
                talk,
                "no plan was written: {} in the way",
                counted(reasons.len() as u64, "thing stands", "things stand")
            );
            for reason in &reasons {
                let _ = writeln!(talk, "  - {}", crate::report::terminal::clean(reason));
            }
            return Ok(Ending::Findings);
        }
    };
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |error: std::io::Error| {
            CliError::Write(std::io::Error::new(
                error.kind(),
                format!("{path}: {error}"),
            ))
        }
    };
    let runbook = wanted
        .runbook
        .map_or_else(|| beside(wanted.out, "md"), Path::to_path_buf);
    let others = ["journal", "evidence.md"].map(|ending| beside(wanted.out, ending));
    if runbook == wanted.out || others.iter().any(|other| other == wanted.out) {
        return Err(CliError::Usage(format!(
            "--out {}: runbook, journal and evidence lie beside the plan under its name with another ending; name it plan.json",
            wanted.out.display()
        )));
    }
    let wrong = verify(&plan);
    // One without an id is for reading; any other that does not verify would be refused in the window.
    if plan.target.id.is_some() && !wrong.is_empty() {
        let _ = writeln!(
            talk,
            "no plan was written: it would not verify: {}",
            crate::report::terminal::clean(&wrong.join("; "))
        );
        return Ok(Ending::Findings);
    }
    write_private(wanted.out, &escaped(&plan.to_text())).map_err(failed(wanted.out))?;
    let file = wanted.out.display().to_string();
    let window = window.map(|window| window.to_string());
    let text = markdown::render(&migration::runbook(migration::Runbook {
        plan: &plan,
        file: &file,
        window: window.as_deref(),
    }));
    write_private(&runbook, &text).map_err(failed(&runbook))?;
    let then = match wrong.as_slice() {
        // What is told to be carried out is what the runbook says, word for word.
        [] => migration::start(migration::Runbook {
            plan: &plan,
            file: &file,
            window: window.as_deref(),
        })
        .map_or_else(String::new, |line| format!("; carry it out with: {line}")),
        wrong => format!(
            "; for reading only, it cannot be carried out: {}",
            wrong.join("; ")
        ),
    };
    let _ = writeln!(
        talk,
        "plan of {} written to {}, runbook to {}{then}",
        counted(plan.steps.len() as u64, "step", "steps"),
        wanted.out.display(),
        runbook.display(),
    );
    Ok(Ending::Fine)
}

/// A file beside the plan: its name with another ending.
pub fn beside(plan: &Path, ending: &str) -> PathBuf {
    plan.with_extension(ending)
}
