//! `aksplan explain`.

use super::output::Rendering;
use super::{CliError, Ending};
use crate::report::explain::{document, list};
use crate::report::shapes::{ExplainShape, FORMAT_VERSION, RuleShape};
use crate::rule;

/// A rule in words: what it says, its source and date, how sure it is, where it is used
///
/// Takes a rule (CLS-3) or an error code (InsufficientSubnetSize). Without one: every rule, a line each.
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// Rule id or error code
    #[arg(value_name = "RULE")]
    rule: Option<String>,

    #[command(flatten)]
    rendering: Rendering,
}

pub fn run(args: &ExplainArgs) -> Result<Ending, CliError> {
    let Some(id) = &args.rule else {
        args.rendering.print(
            || ExplainShape {
                format_version: FORMAT_VERSION,
                rules: rule::ALL
                    .iter()
                    .map(|rule| RuleShape::from(*rule))
                    .collect(),
            },
            list,
        )?;
        return Ok(Ending::Fine);
    };
    let Some(rule) = rule::find(id) else {
        let near = rule::suggest(id);
        let hint = if near.is_empty() {
            "`aksplan explain` lists all".to_string()
        } else {
            format!("did you mean {}?", near.join(" or "))
        };
        return Err(CliError::Usage(format!("no rule `{id}`; {hint}")));
    };
    args.rendering.print(
        || ExplainShape {
            format_version: FORMAT_VERSION,
            rules: vec![RuleShape::from(rule)],
        },
        || document(rule),
    )?;
    Ok(Ending::Fine)
}
