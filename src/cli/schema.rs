//! `aksplan schema`.

use super::migrate::event::EventShape;
use super::migrate::status::{StatusShape, VerifyShape};
use super::output::{json, write_all};
use super::{CliError, Ending};
use crate::migrate::Plan;
use crate::report::{diff, shapes};
use crate::simulate::Policy;
use crate::source::scenario::Scenario;
use crate::source::snapshot::Document;

/// The JSON Schema of an output, of a scenario or of a snapshot
#[derive(Debug, clap::Args)]
pub struct SchemaArgs {
    /// Which one
    #[arg(value_enum)]
    of: SchemaOf,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum SchemaOf {
    Scenario,
    Capacity,
    Predict,
    Predictions,
    CidrCheck,
    CidrSuggest,
    CidrMerge,
    CidrOverlaps,
    Simulate,
    Compare,
    /// What `drain`, `upgrade` and `migrate` print
    Operation,
    /// What `migrate --out` writes
    Plan,
    /// What `migrate --verify` prints
    Verify,
    /// What `migrate --status` prints
    Status,
    /// One line of what `migrate --execute -o json` prints
    Event,
    Policy,
    Explain,
    Readiness,
    Report,
    Snapshot,
    Diff,
}

pub fn run(args: &SchemaArgs) -> Result<Ending, CliError> {
    // An output always has all of its fields, null where there is nothing to say.
    let outputs = || {
        schemars::generate::SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator()
    };
    let schema = match args.of {
        SchemaOf::Scenario => schemars::schema_for!(Scenario),
        SchemaOf::Diff => outputs().into_root_schema_for::<diff::DiffShape>(),
        // Read as well as written: what may be left out is not asked for.
        SchemaOf::Snapshot => schemars::schema_for!(Document),
        SchemaOf::Capacity => outputs().into_root_schema_for::<shapes::CapacityShape>(),
        SchemaOf::Predict => outputs().into_root_schema_for::<shapes::PredictShape>(),
        SchemaOf::Predictions => outputs().into_root_schema_for::<shapes::PredictionsShape>(),
        SchemaOf::CidrCheck => outputs().into_root_schema_for::<shapes::CidrCheckShape>(),
        SchemaOf::CidrSuggest => outputs().into_root_schema_for::<shapes::SuggestShape>(),
        SchemaOf::CidrMerge => outputs().into_root_schema_for::<shapes::MergeShape>(),
        SchemaOf::CidrOverlaps => outputs().into_root_schema_for::<shapes::ListOverlapsShape>(),
        SchemaOf::Simulate => outputs().into_root_schema_for::<shapes::growth::SimulateShape>(),
        SchemaOf::Compare => outputs().into_root_schema_for::<shapes::CompareShape>(),
        SchemaOf::Operation => {
            outputs().into_root_schema_for::<shapes::simulation::SimulationShape>()
        }
        SchemaOf::Plan => schemars::schema_for!(Plan),
        SchemaOf::Verify => outputs().into_root_schema_for::<VerifyShape>(),
        SchemaOf::Status => outputs().into_root_schema_for::<StatusShape>(),
        SchemaOf::Event => outputs().into_root_schema_for::<EventShape>(),
        SchemaOf::Policy => schemars::schema_for!(Policy),
        SchemaOf::Explain => outputs().into_root_schema_for::<shapes::ExplainShape>(),
        SchemaOf::Readiness => {
            outputs().into_root_schema_for::<shapes::readiness::ReadinessShape>()
        }
        SchemaOf::Report => outputs().into_root_schema_for::<shapes::review::ReportShape>(),
    };
    write_all(&json(&schema)?)?;
    Ok(Ending::Fine)
}
