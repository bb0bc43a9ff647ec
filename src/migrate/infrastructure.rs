//! What the cluster's Terraform or Bicep must say after the move, so that the next apply does not make the cluster anew, and what a plan
//! of it must then show. Read off a migration plan; reads and runs no Terraform.
//!
//! What forces a replacement is that of terraform-provider-azurerm's `kubernetes_cluster_resource.go` with AKS API 2025-05-01 (read
//! 2026-11-23), of issues of users, and of the text of its pull request 30959. Providers differ: where an older one replaces and a newer
//! one does not, the answer says so, and which; where it is not sure, that it replaces, which at worst makes somebody look once more.

use super::plan::Plan;
use super::step::Action;
use serde::Serialize;

#[cfg(test)]
mod tests;
mod text;

/// API version of the Bicep that is printed: the one that the move is made with; it knows every field named here.
const API_VERSION: &str = "2025-10-01";

/// What to change in code, and how to see that it is right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Infrastructure {
    /// Attributes that are other after the move.
    pub attributes: Vec<Attribute>,
    /// HCL: what the cluster's resource must say while the move runs, so that nobody's apply comes in between.
    pub terraform_meanwhile: String,
    /// HCL: what it must say afterwards.
    pub terraform: String,
    pub bicep: String,
    /// What `terraform plan` and `what-if` must show then, each in a sentence.
    pub must_show: Vec<String>,
    /// What makes the cluster anew, or undoes the move's work, where it is overlooked.
    pub traps: Vec<String>,
    /// Where providers differ, and how to find out which one it is; empty where none of the answers depends on it.
    pub providers: Vec<String>,
}

/// One attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attribute {
    /// In `azurerm_kubernetes_cluster`.
    pub terraform: &'static str,
    /// In the resource of Bicep and ARM.
    pub azure: &'static str,
    /// `None`: not set.
    pub before: Option<String>,
    pub after: Option<String>,
    /// What the next apply does where the code still says what was before.
    pub if_left: Effect,
    /// What an apply would have done to make the change itself.
    pub if_applied: Effect,
}

/// What Terraform does to the cluster for one attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    Nothing,
    /// An update of the cluster; AKS may reimage every node for it.
    InPlace,
    /// Made anew by azurerm before its pull request 30959, updated in place by one that has it.
    ReplacesInOlder,
    /// The cluster is destroyed and made anew.
    Replaces,
}

/// `network_profile` of `azurerm_kubernetes_cluster`, as far as the move touches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Plugin,
    Mode,
    PodCidr,
    Policy,
    DataPlane,
}

impl Field {
    const ALL: [Field; 5] = [
        Field::Plugin,
        Field::Mode,
        Field::PodCidr,
        Field::Policy,
        Field::DataPlane,
    ];

    fn terraform(self) -> &'static str {
        match self {
            Field::Plugin => "network_profile.network_plugin",
            Field::Mode => "network_profile.network_plugin_mode",
            Field::PodCidr => "network_profile.pod_cidr",
            Field::Policy => "network_profile.network_policy",
            Field::DataPlane => "network_profile.network_data_plane",
        }
    }

    fn azure(self) -> &'static str {
        match self {
            Field::Plugin => "properties.networkProfile.networkPlugin",
            Field::Mode => "properties.networkProfile.networkPluginMode",
            Field::PodCidr => "properties.networkProfile.podCidr",
            Field::Policy => "properties.networkProfile.networkPolicy",
            Field::DataPlane => "properties.networkProfile.networkDataplane",
        }
    }

    /// The same field among a plan's facts.
    fn fact(self) -> &'static str {
        match self {
            Field::Plugin => "cluster.networkProfile.networkPlugin",
            Field::Mode => "cluster.networkProfile.networkPluginMode",
            Field::PodCidr => "cluster.networkProfile.podCidrs",
            Field::Policy => "cluster.networkProfile.networkPolicy",
            Field::DataPlane => "cluster.networkProfile.networkDataplane",
        }
    }

    /// What Terraform does where Azure says the one and the code the other. `to_overlay`: the same code says overlay mode.
    fn effect(self, azure: Option<&str>, code: Option<&str>, to_overlay: bool) -> Effect {
        if azure == code {
            return Effect::Nothing;
        }
        let in_place = |is_so: bool| match is_so {
            true => Effect::InPlace,
            false => Effect::Replaces,
        };
        match self {
            // Optional and computed there: what the code never said, or says no more, shows no difference.
            Field::PodCidr | Field::Policy if code.is_none() => Effect::Nothing,
            // Each of these forces a new resource, whatever it was, before pull request 30959.
            Field::Plugin if azure == Some("kubenet") && code == Some("azure") && to_overlay => {
                Effect::ReplacesInOlder
            }
            Field::PodCidr if azure.is_none() => Effect::ReplacesInOlder,
            Field::Plugin => Effect::Replaces,
            // A value that is set never changes in place, not even to the superset that AKS would take (EXP-1).
            Field::PodCidr => Effect::Replaces,
            Field::Mode => in_place(code == Some("overlay")),
            // From no engine to one; what is set is never changed in place. That newer providers do more was not seen.
            Field::Policy => in_place(azure.is_none()),
            // What is not set stands for azure, and from that to cilium replaces (issues 30946 and 30539).
            Field::DataPlane => Effect::Replaces,
        }
    }
}

/// The network profile, field by field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Profile {
    values: [Option<String>; 5],
}

impl Profile {
    fn of(&self, field: Field) -> Option<&str> {
        self.values[field as usize].as_deref()
    }

    fn set(&mut self, field: Field, value: Option<&str>) {
        self.values[field as usize] = value.map(str::to_string);
    }
}

impl Infrastructure {
    /// Of the state that the plan ends in.
    pub fn of(plan: &Plan) -> Self {
        let before = before(plan);
        let after = after(plan, &before);
        let attributes: Vec<Attribute> = Field::ALL
            .into_iter()
            .filter(|field| before.of(*field) != after.of(*field))
            .map(|field| {
                let (old, new) = (before.of(field), after.of(field));
                Attribute {
                    terraform: field.terraform(),
                    azure: field.azure(),
                    before: old.map(str::to_string),
                    after: new.map(str::to_string),
                    if_left: field.effect(new, old, false),
                    if_applied: field.effect(old, new, true),
                }
            })
            .collect();
        let pools = pools_with_settings(plan);
        Infrastructure {
            terraform_meanwhile: text::terraform_meanwhile(&plan.target.name, !pools.is_empty()),
            terraform: text::terraform(&plan.target.name, &after),
            bicep: text::bicep(&plan.target.name, &after, &kept_ranges(plan)),
            must_show: must_show(),
            traps: traps(plan, &before, &after, &pools),
            providers: providers(&attributes),
            attributes,
        }
    }
}

/// The profile that the plan was made for.
fn before(plan: &Plan) -> Profile {
    let mut profile = Profile::default();
    for field in Field::ALL {
        let fact = plan.facts.get(field.fact()).map(String::as_str);
        // IPv6 ranges of a dual-stack cluster stay, and have an attribute of their own.
        let value = match field {
            Field::PodCidr => fact.and_then(|ranges| {
                ranges
                    .split(", ")
                    .find(|range| !range.is_empty() && !range.contains(':'))
            }),
            _ => fact,
        };
        let is_said = |value: &&str| {
            !value.starts_with('(') && !value.is_empty() && !value.eq_ignore_ascii_case("none")
        };
        profile.set(field, value.filter(is_said));
    }
    profile
}

/// The profile once every step is done.
fn after(plan: &Plan, before: &Profile) -> Profile {
    let mut profile = before.clone();
    for step in &plan.steps {
        match &step.action {
            Action::MoveToOverlay { pod_cidr, .. } => {
                profile.set(Field::Plugin, Some("azure"));
                profile.set(Field::Mode, Some("overlay"));
                profile.set(Field::PodCidr, Some(&pod_cidr.to_string()));
            }
            Action::RemoveNetworkPolicy { .. } => profile.set(Field::Policy, None),
            Action::EnableCilium { .. } => {
                profile.set(Field::Policy, Some("cilium"));
                profile.set(Field::DataPlane, Some("cilium"));
            }
            Action::EnableNetworkPolicy { policy } => profile.set(Field::Policy, Some(policy)),
            Action::Check
            | Action::Verify { .. }
            | Action::SetUpgradeSettings { .. }
            | Action::RestoreUpgradeSettings { .. } => {}
        }
    }
    profile
}

/// IPv6 ranges that a dual-stack cluster keeps.
fn kept_ranges(plan: &Plan) -> Vec<String> {
    plan.steps
        .iter()
        .find_map(|step| match &step.action {
            Action::MoveToOverlay { kept, .. } => {
                Some(kept.iter().map(ToString::to_string).collect())
            }
            _ => None,
        })
        .unwrap_or_default()
}

fn pools_with_settings(plan: &Plan) -> Vec<&str> {
    plan.steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::SetUpgradeSettings { pool, .. } => Some(pool.as_str()),
            _ => None,
        })
        .collect()
}

fn must_show() -> Vec<String> {
    [
        "`terraform plan` after the edit: `No changes. Your infrastructure matches the configuration.` Anything with `forces \
         replacement` or `must be replaced` on the cluster: stop, and do not apply.",
        "`az deployment group what-if`: no change of `properties.networkProfile`.",
        "Before the edit, `terraform plan -refresh-only` shows the new network profile as changed outside of Terraform: that is the \
         move, and is accepted into the state.",
    ]
    .map(str::to_string)
    .to_vec()
}

/// What the answers depend on beside the code.
fn providers(attributes: &[Attribute]) -> Vec<String> {
    let depends = |attribute: &&Attribute| {
        [attribute.if_left, attribute.if_applied].contains(&Effect::ReplacesInOlder)
    };
    let names: Vec<String> = attributes
        .iter()
        .filter(depends)
        .map(|attribute| format!("`{}`", attribute.terraform))
        .collect();
    if names.is_empty() {
        return Vec::new();
    }
    vec![
        format!(
            "azurerm before its pull request 30959 replaces the cluster for {}, also where nothing was set before \
             (hashicorp/terraform-provider-azurerm#26259, #31683); one that has it changes that in place, together with \
             `network_plugin_mode`",
            names.join(" and ")
        ),
        "the first version that has pull request 30959 is not known here: it was not merged on 2026-03-19, so no release before that day \
         has it, 4.55.0 of 2025-12-04 for one; look for 30959 in the provider's `CHANGELOG.md`, and for the version in use in \
         `.terraform.lock.hcl`"
            .to_string(),
        "`pod_cidr` is computed there: code that never said it shows no difference of it after the move, and the cluster is replaced all \
         the same, for `network_plugin_mode`"
            .to_string(),
    ]
}

fn traps(plan: &Plan, before: &Profile, after: &Profile, pools: &[&str]) -> Vec<String> {
    let mut traps = vec![
        "code without `network_plugin_mode = \"overlay\"` makes the next apply replace the cluster: any other value, and none, forces it"
            .to_string(),
        format!(
            "`pod_cidr` must be exactly {}: a change of a value that is set replaces the cluster, even to the superset that AKS would \
             grow into in place (EXP-1); grow it with `az aks update --pod-cidr` and edit the code afterwards",
            after.of(Field::PodCidr).unwrap_or("what AKS says")
        ),
        "let nobody apply from the first write until the code is edited: a pipeline on a timer counts".to_string(),
        format!(
            "Bicep and ARM templates: deploy with API version {API_VERSION} or later, and with the mode and the pod CIDR said; what AKS \
             does with a body that leaves them out is not documented"
        ),
    ];
    if before.of(Field::Plugin) == Some("kubenet") {
        traps.push(
            "from kubenet: `network_plugin` kubenet → azure is in place only together with overlay mode, and only in a provider with pull \
             request 30959; older ones replace the cluster (hashicorp/terraform-provider-azurerm#31683)"
                .to_string(),
        );
    }
    match (before.of(Field::Policy), after.of(Field::Policy)) {
        (Some(old), None) => traps.push(format!(
            "`network_policy = \"{old}\"` left in the code installs the engine again, in place: every node is reimaged once more (MIG-26)"
        )),
        (Some(old), Some(new)) if old != new => traps.push(format!(
            "`network_policy = \"{old}\"` left in the code replaces the cluster: from {new} nothing is in place"
        )),
        _ => {}
    }
    if after.of(Field::DataPlane) != before.of(Field::DataPlane) {
        traps.push(
            "`network_data_plane` left out stands for azure: with Cilium on, that replaces the cluster \
             (hashicorp/terraform-provider-azurerm#30946)"
                .to_string(),
        );
    }
    if !pools.is_empty() {
        traps.push(format!(
            "while the move runs, `upgrade_settings` of {} {} not what the code says; the plan puts them back, and an apply in between \
             would do so too early. `drain_timeout_in_minutes` taken out of `default_node_pool` replaces the cluster",
            pools.join(", "),
            if pools.len() == 1 { "is" } else { "are" }
        ));
    }
    if !kept_ranges(plan).is_empty() {
        traps.push(
            "a dual-stack cluster says `pod_cidrs`, with the new IPv4 range first, instead of `pod_cidr`"
                .to_string(),
        );
    }
    traps
}
