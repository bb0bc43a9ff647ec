//! `aksplan schema`.

use super::output::{json, write_all};
use super::{CliError, Ending};
use crate::report::shapes;
use crate::source::scenario::Scenario;

/// The JSON Schema of an output, or of a scenario
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
    Compare,
    Explain,
    Report,
}

pub fn run(args: &SchemaArgs) -> Result<Ending, CliError> {
    let schema = match args.of {
        SchemaOf::Scenario => schemars::schema_for!(Scenario),
        SchemaOf::Capacity => schemars::schema_for!(shapes::CapacityShape),
        SchemaOf::Predict => schemars::schema_for!(shapes::PredictShape),
        SchemaOf::Predictions => schemars::schema_for!(shapes::PredictionsShape),
        SchemaOf::CidrCheck => schemars::schema_for!(shapes::CidrCheckShape),
        SchemaOf::CidrSuggest => schemars::schema_for!(shapes::SuggestShape),
        SchemaOf::Compare => schemars::schema_for!(shapes::CompareShape),
        SchemaOf::Explain => schemars::schema_for!(shapes::ExplainShape),
        SchemaOf::Report => schemars::schema_for!(shapes::ReportShape),
    };
    write_all(&json(&schema)?)?;
    Ok(Ending::Fine)
}
