//! The values of a state: of `terraform show -json` itself, and of the `prior_state` in a plan.

use super::Sides;
use super::change::place;
use super::document::{is_of_interest, not_read};
use super::side::{Instance, Kind};
use crate::source::facts::Origin;
use crate::source::{SourceError, arm};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashSet;

#[derive(Deserialize)]
struct StateModule<'a> {
    address: Option<String>,
    #[serde(borrow)]
    resources: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    child_modules: Option<Vec<StateModule<'a>>>,
}

#[derive(Deserialize)]
struct StateResource<'a> {
    address: String,
    mode: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    index: Option<Value>,
    #[serde(borrow)]
    values: Option<&'a RawValue>,
    sensitive_values: Option<Value>,
}

/// What a state holds.
#[derive(Default)]
pub struct State {
    pub instances: Vec<Instance>,
    pub not_read: Vec<String>,
}

/// What Terraform knew before it planned: the data sources it read, and with `-target` or `-refresh-only` the resources that
/// the plan leaves out. They stay as they are.
pub fn add_prior(raw: &RawValue, origin: &Origin, sides: &mut Sides) -> Result<(), SourceError> {
    #[derive(Deserialize)]
    struct Prior<'a> {
        #[serde(borrow)]
        values: Option<&'a RawValue>,
    }
    let prior: Prior = arm::parse(raw.get(), origin, "prior_state")?;
    let Some(values) = prior.values else {
        return Ok(());
    };
    let addresses = |instances: &[Instance]| -> HashSet<String> {
        instances
            .iter()
            .map(|known| known.address.clone())
            .collect()
    };
    let ids = |instances: &[Instance]| -> HashSet<String> {
        instances
            .iter()
            .filter(|known| !known.data)
            .filter_map(|known| Some(known.values.get("id")?.as_str()?.to_ascii_lowercase()))
            .collect()
    };
    let (before, after) = (addresses(&sides.before), addresses(&sides.after));
    let managed = ids(&sides.before);
    for instance in read(values, origin, "prior_state.values")?.instances {
        let id = instance.values.get("id").and_then(Value::as_str);
        let is_managed = id.is_some_and(|id| managed.contains(&id.to_ascii_lowercase()));
        if before.contains(&instance.address) || (is_managed && !instance.data) {
            continue;
        }
        if !after.contains(&instance.address) {
            sides.after.push(instance.clone());
        }
        sides.before.push(instance);
    }
    Ok(())
}

/// All resources of a state's modules.
///
/// # Errors
/// When a part has the wrong shape.
pub fn read(values: &RawValue, origin: &Origin, path: &str) -> Result<State, SourceError> {
    #[derive(Deserialize)]
    struct Values<'a> {
        #[serde(borrow)]
        root_module: Option<StateModule<'a>>,
    }
    let values: Values = arm::parse(values.get(), origin, path)?;
    let mut found = State::default();
    if let Some(root) = values.root_module {
        state_module(root, origin, &format!("{path}.root_module"), &mut found)?;
    }
    Ok(found)
}

fn state_module(
    module: StateModule<'_>,
    origin: &Origin,
    path: &str,
    found: &mut State,
) -> Result<(), SourceError> {
    let module_address = module.address.unwrap_or_default();
    for (position, raw) in module.resources.unwrap_or_default().into_iter().enumerate() {
        let origin = Origin::new(&origin.file, format!("{path}.resources[{position}]"));
        let wire: StateResource = arm::parse(raw.get(), &origin, "")?;
        let Some(values) = wire.values else { continue };
        let Some(kind) = Kind::from_type(&wire.kind) else {
            if is_of_interest(&wire.kind, values) {
                found.not_read.push(not_read(&wire.address, &wire.kind));
            }
            continue;
        };
        let place = place(
            kind,
            wire.address,
            &module_address,
            wire.mode.as_deref() == Some("data"),
            (&wire.kind, &wire.name),
            wire.index.as_ref(),
            &origin,
        )?;
        let values: Value = arm::parse(values.get(), &origin, "values")?;
        let origin = Origin::new(&origin.file, format!("{}.values", origin.path));
        found.instances.push(place.instance(
            origin,
            values,
            Value::Null,
            wire.sensitive_values.unwrap_or_default(),
        )?);
    }
    for (position, child) in module
        .child_modules
        .unwrap_or_default()
        .into_iter()
        .enumerate()
    {
        let path = format!("{path}.child_modules[{position}]");
        state_module(child, origin, &path, found)?;
    }
    Ok(())
}
