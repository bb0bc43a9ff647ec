//! The outer shape of `terraform show -json`: a plan or a state, split into the resources of its two sides. Only the types that
//! are read are parsed; everything else is passed over as text.

use super::Sides;
use super::change::{Change, place};
use super::configuration::Configuration;
use super::side::Kind;
use crate::source::facts::Origin;
use crate::source::{SourceError, arm};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    resource_changes: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    prior_state: Option<&'a RawValue>,
    #[serde(borrow)]
    configuration: Option<&'a RawValue>,
    #[serde(borrow)]
    values: Option<&'a RawValue>,
    #[serde(borrow)]
    deferred_changes: Option<Vec<&'a RawValue>>,
    planned_values: Option<IgnoredAny>,
    errored: Option<bool>,
    complete: Option<bool>,
}

#[derive(Deserialize)]
struct ResourceChange<'a> {
    address: String,
    mode: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    module_address: Option<String>,
    index: Option<Value>,
    deposed: Option<String>,
    action_reason: Option<String>,
    #[serde(borrow)]
    change: Option<&'a RawValue>,
}

/// Splits a document into its sides.
///
/// # Errors
/// When a part has the wrong shape.
pub fn split(document: &RawValue, origin: &Origin) -> Result<Sides, SourceError> {
    let wire: Document = arm::parse(document.get(), origin, "")?;
    let is_plan = wire.resource_changes.is_some()
        || wire.planned_values.is_some()
        || wire.configuration.is_some();
    let mut sides = Sides::default();
    if !is_plan {
        if let Some(values) = wire.values {
            let state = super::state::read(values, origin, "values")?;
            sides.before.clone_from(&state.instances);
            sides.after = state.instances;
            for sentence in state.not_read {
                sides.tell_both(sentence);
            }
        }
        if sides.after.is_empty() {
            sides.tell_both(format!(
                "{}: this Terraform state holds no AKS cluster and no network",
                origin.file
            ));
        }
        return Ok(sides);
    }
    if let Some(raw) = wire.configuration {
        sides.configuration = Configuration::read(raw, origin)?;
    }
    for (position, raw) in wire
        .resource_changes
        .unwrap_or_default()
        .into_iter()
        .enumerate()
    {
        let origin = Origin::new(&origin.file, format!("resource_changes[{position}]"));
        resource_change(raw, &origin, &mut sides)?;
    }
    if let Some(raw) = wire.prior_state {
        super::state::add_prior(raw, origin, &mut sides)?;
    }
    for (position, raw) in wire
        .deferred_changes
        .unwrap_or_default()
        .into_iter()
        .enumerate()
    {
        #[derive(Deserialize)]
        struct Deferred<'a> {
            #[serde(borrow)]
            resource_change: Option<ResourceChange<'a>>,
        }
        let deferred: Deferred =
            arm::parse(raw.get(), origin, &format!("deferred_changes[{position}]"))?;
        if let Some(change) = deferred.resource_change
            && Kind::from_type(&change.kind).is_some()
        {
            sides.tell_after(format!(
                "{}: Terraform defers {} to a later plan; it is not in what will be",
                origin.file, change.address
            ));
        }
    }
    if wire.errored == Some(true) {
        sides.tell_after(format!(
            "{}: Terraform met errors while planning; what will be is incomplete",
            origin.file
        ));
    } else if wire.complete == Some(false) {
        sides.tell_after(format!(
            "{}: the plan is not complete (-target, or deferred changes); another plan follows it",
            origin.file
        ));
    }
    if sides.before.is_empty() && sides.after.is_empty() {
        sides.tell_both(format!(
            "{}: this Terraform plan holds no AKS cluster and no network",
            origin.file
        ));
    }
    Ok(sides)
}

fn resource_change(raw: &RawValue, origin: &Origin, sides: &mut Sides) -> Result<(), SourceError> {
    let wire: ResourceChange = arm::parse(raw.get(), origin, "")?;
    let Some(kind) = Kind::from_type(&wire.kind) else {
        if wire
            .change
            .is_some_and(|change| is_of_interest(&wire.kind, change))
        {
            sides.tell_both(not_read(&wire.address, &wire.kind));
        }
        return Ok(());
    };
    if wire.deposed.is_some() {
        sides.tell_both(format!(
            "{}: an earlier object is left over from a replacement that failed; it is not counted",
            wire.address
        ));
        return Ok(());
    }
    let place = place(
        kind,
        wire.address,
        wire.module_address.as_deref().unwrap_or_default(),
        wire.mode.as_deref() == Some("data"),
        (&wire.kind, &wire.name),
        wire.index.as_ref(),
        origin,
    )?;
    let change = wire
        .change
        .ok_or_else(|| origin.error("change", "missing; expected what Terraform will do"))?;
    let change = Change::read(change, origin)?;
    change.add(place, wire.action_reason.as_deref(), origin, sides)
}

/// Other resource types that make clusters or networks. They are not read, and that is told.
pub fn is_of_interest(kind: &str, change: &RawValue) -> bool {
    const MADE: [&str; 2] = [
        "microsoft.containerservice/managedclusters",
        "microsoft.network/virtualnetworks",
    ];
    match kind {
        "azurerm_kubernetes_automatic_cluster" => true,
        // It names what it makes in its `type`; looked for as text, for the body may be anything.
        "azapi_resource" => {
            let text = change.get().to_ascii_lowercase();
            MADE.iter().any(|made| text.contains(&format!("\"{made}")))
        }
        _ => false,
    }
}

pub fn not_read(address: &str, kind: &str) -> String {
    format!("{address}: resources of type {kind} are not read; what it makes is not counted")
}
