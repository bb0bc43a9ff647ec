//! Upgrade settings of a pool for the time of the move: in words, compared, written, and put back. Decides nothing of which are wanted.

use super::step::FieldChange;
use crate::capacity::surge::DEFAULT_MAX_SURGE;
use crate::disruption::drain::DEFAULT_DRAIN_TIMEOUT_MINUTES;
use crate::model::{IntOrPercent, UpgradeSettings};
use serde_json::{Value, json};

/// `max surge 33%, drain timeout 60 minutes`: for people.
pub fn words(settings: &UpgradeSettings) -> String {
    let mut text = match &settings.max_surge {
        Some(surge) => format!("max surge {surge}"),
        None => format!("max surge {DEFAULT_MAX_SURGE} (default)"),
    };
    if let Some(unavailable) = &settings.max_unavailable
        && *unavailable != IntOrPercent::Int(0)
    {
        text.push_str(&format!(", max unavailable {unavailable}"));
    }
    if let Some(minutes) = settings
        .drain_timeout_minutes
        .filter(|minutes| *minutes > 0)
    {
        text.push_str(&format!(", drain timeout {minutes} minutes"));
    }
    if let Some(minutes) = settings.node_soak_minutes.filter(|minutes| *minutes > 0) {
        text.push_str(&format!(", soak {minutes} minutes"));
    }
    text
}

/// With what AKS takes where nothing is set (UPG-1, UPG-7, UPG-8); a drain timeout of 0 says nothing either.
fn with_defaults(settings: &UpgradeSettings) -> UpgradeSettings {
    let timeout = settings
        .drain_timeout_minutes
        .filter(|minutes| *minutes > 0);
    UpgradeSettings {
        max_surge: Some(settings.max_surge.unwrap_or(DEFAULT_MAX_SURGE)),
        max_unavailable: Some(settings.max_unavailable.unwrap_or(IntOrPercent::Int(0))),
        drain_timeout_minutes: Some(timeout.unwrap_or(DEFAULT_DRAIN_TIMEOUT_MINUTES)),
        node_soak_minutes: Some(settings.node_soak_minutes.unwrap_or(0)),
        undrainable_node_behavior: None,
    }
}

/// Whether they say the same: what was never named may come back as the default.
pub fn are_same(now: &UpgradeSettings, wanted: &UpgradeSettings) -> bool {
    with_defaults(now) == with_defaults(wanted)
}

/// What is written to undo a change. Whether AKS takes null for `as it was` is not known, nor was it recorded: what was not set is put
/// back as the default it stood for.
pub fn put_back(before: &UpgradeSettings, during: &UpgradeSettings) -> UpgradeSettings {
    let default = with_defaults(&UpgradeSettings::default());
    UpgradeSettings {
        max_surge: before.max_surge.or(during.max_surge.and(default.max_surge)),
        max_unavailable: before
            .max_unavailable
            .or(during.max_unavailable.and(default.max_unavailable)),
        drain_timeout_minutes: before.drain_timeout_minutes.or(during
            .drain_timeout_minutes
            .and(default.drain_timeout_minutes)),
        node_soak_minutes: before
            .node_soak_minutes
            .or(during.node_soak_minutes.and(default.node_soak_minutes)),
        undrainable_node_behavior: before.undrainable_node_behavior.clone(),
    }
}

/// Only what differs is written.
pub fn changes(from: &UpgradeSettings, to: &UpgradeSettings) -> Vec<FieldChange> {
    let text = |value: &Option<IntOrPercent>| {
        value
            .as_ref()
            .map_or(Value::Null, |value| json!(value.to_string()))
    };
    let number = |value: Option<u32>| value.map_or(Value::Null, |value| json!(value));
    [
        ("maxSurge", text(&from.max_surge), text(&to.max_surge)),
        (
            "maxUnavailable",
            text(&from.max_unavailable),
            text(&to.max_unavailable),
        ),
        (
            "drainTimeoutInMinutes",
            number(from.drain_timeout_minutes),
            number(to.drain_timeout_minutes),
        ),
        (
            "nodeSoakDurationInMinutes",
            number(from.node_soak_minutes),
            number(to.node_soak_minutes),
        ),
    ]
    .into_iter()
    .filter(|(_, from, to)| from != to)
    .map(|(field, _, value)| FieldChange {
        path: format!("/properties/upgradeSettings/{field}"),
        value,
    })
    .collect()
}

/// What AKS would not take of settings that a plan sets, each as a sentence (UPG-7, UPG-8).
pub fn wrong(settings: &UpgradeSettings) -> Vec<String> {
    let is_none = |value: &Option<IntOrPercent>| {
        matches!(value, Some(IntOrPercent::Int(0) | IntOrPercent::Percent(0)))
    };
    let mut wrong = Vec::new();
    let has_unavailable = settings.max_unavailable.is_some() && !is_none(&settings.max_unavailable);
    if is_none(&settings.max_surge) && !has_unavailable {
        wrong.push("max surge 0 needs max unavailable above 0 (UPG-7)".to_string());
    }
    if let Some(minutes) = settings.drain_timeout_minutes
        && minutes > 0
        && !(5..=1_440).contains(&minutes)
    {
        wrong.push(format!(
            "a drain timeout of {minutes} minutes; AKS takes 5 to 1,440 (UPG-8)"
        ));
    }
    if let Some(minutes) = settings.node_soak_minutes
        && minutes > 30
    {
        wrong.push(format!(
            "a soak of {minutes} minutes; AKS takes 0 to 30 (UPG-8)"
        ));
    }
    wrong
}
