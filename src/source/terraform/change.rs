//! What Terraform will do to one resource, and what that leaves on each side.

use super::Sides;
use super::address::{Key, ModulePath, module_path};
use super::side::{Instance, Kind};
use super::steps::Announced;
use crate::model::StepKind;
use crate::source::facts::Origin;
use crate::source::{SourceError, arm};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::sync::Arc;

/// Which resource instance it is.
pub struct Place {
    pub address: String,
    pub module: ModulePath,
    pub data: bool,
    pub kind: Kind,
    pub resource: String,
    pub key: Option<Key>,
}

impl Place {
    pub fn instance(
        &self,
        mut origin: Origin,
        values: Value,
        unknown: Value,
        sensitive: Value,
    ) -> Result<Instance, SourceError> {
        origin.address = Some(Arc::from(self.address.as_str()));
        if !values.is_object() {
            return Err(origin.error("", "expected an object of attributes"));
        }
        Ok(Instance {
            address: self.address.clone(),
            module: self.module.clone(),
            data: self.data,
            kind: self.kind,
            resource: self.resource.clone(),
            key: self.key.clone(),
            origin,
            values,
            unknown,
            sensitive,
            previous_id: None,
        })
    }
}

/// Where a resource of the JSON stands.
///
/// # Errors
/// When the module address or the index is none.
pub fn place(
    kind: Kind,
    address: String,
    module_address: &str,
    data: bool,
    (type_word, name): (&str, &str),
    index: Option<&Value>,
    origin: &Origin,
) -> Result<Place, SourceError> {
    let module = module_path(module_address)
        .ok_or_else(|| origin.error("module_address", "is not the address of a module"))?;
    let key = match index {
        None | Some(Value::Null) => None,
        Some(index) => Some(
            Key::from_json(index)
                .ok_or_else(|| origin.error("index", "expected a number or a text"))?,
        ),
    };
    let prefix = if data { "data." } else { "" };
    Ok(Place {
        address,
        module,
        data,
        kind,
        resource: format!("{prefix}{type_word}.{name}"),
        key,
    })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wire {
    actions: Vec<String>,
    before: Value,
    after: Value,
    after_unknown: Value,
    before_sensitive: Value,
    after_sensitive: Value,
    replace_paths: Option<Vec<Value>>,
}

/// The `change` of a resource.
pub struct Change(Wire);

impl Change {
    /// # Errors
    /// When it has the wrong shape.
    pub fn read(raw: &RawValue, origin: &Origin) -> Result<Self, SourceError> {
        arm::parse(raw.get(), origin, "change").map(Change)
    }

    fn does(&self, action: &str) -> bool {
        self.0.actions.iter().any(|known| known == action)
    }

    /// Puts the resource on the sides where it is.
    ///
    /// # Errors
    /// When `before` or `after` is no object.
    pub fn add(
        self,
        place: Place,
        reason: Option<&str>,
        origin: &Origin,
        sides: &mut Sides,
    ) -> Result<(), SourceError> {
        if let Some(strange) = self.0.actions.iter().find(|action| {
            !["no-op", "create", "read", "update", "delete", "forget"].contains(&action.as_str())
        }) {
            sides.tell_after(format!(
                "{}: this version does not know the action `{}`; its before and after are taken as they are",
                place.address,
                strange.chars().take(40).collect::<String>()
            ));
        }
        let (create, delete, forget) = (
            self.does("create"),
            self.does("delete"),
            self.does("forget"),
        );
        let (kind, because, why) = if create && (delete || forget) {
            let (because, why) = self.why_replaced(reason);
            if delete {
                self.tell_replacement(&place, &why, sides);
            }
            let create_before_destroy = forget || self.creates_first();
            let kind = StepKind::Replace {
                create_before_destroy,
            };
            (Some(kind), because, why)
        } else if delete {
            (Some(StepKind::Delete), Vec::new(), String::new())
        } else if self.does("update") {
            let (kind, because) = match self.rotation(&place) {
                Some((temporary_name, because)) => {
                    sides.tell_after(format!(
                        "{}: Terraform cycles the pool through the temporary pool {temporary_name}, because of {}: for a \
                         while both hold addresses",
                        place.address,
                        because.join(", ")
                    ));
                    (StepKind::Rotate { temporary_name }, because)
                }
                None => (StepKind::Update, Vec::new()),
            };
            let why = because.join(", ");
            (Some(kind), because, why)
        } else {
            (None, Vec::new(), String::new())
        };
        if let Some(kind) = kind
            && !place.data
            && matches!(place.kind, Kind::Cluster | Kind::NodePool)
        {
            sides.steps.push(Announced {
                address: place.address.clone(),
                kind,
                because,
                why,
            });
        }
        if create && forget {
            sides.tell_after(format!(
                "{}: Terraform forgets the object that is there and makes another; the first stays in Azure and is not \
                 counted in what will be",
                place.address
            ));
        }
        let at = |side: &str| Origin::new(&origin.file, format!("{}.change.{side}", origin.path));
        let wire = self.0;
        let previous_id = wire
            .before
            .get("id")
            .and_then(Value::as_str)
            .map(str::to_string);
        let mut before = None;
        if !wire.before.is_null() {
            let instance = place.instance(
                at("before"),
                wire.before,
                Value::Null,
                wire.before_sensitive,
            )?;
            before = Some(instance);
        }
        if !wire.after.is_null() {
            let mut instance = place.instance(
                at("after"),
                wire.after,
                wire.after_unknown,
                wire.after_sensitive,
            )?;
            instance.previous_id = previous_id;
            sides.after.push(instance);
        } else if forget && let Some(instance) = &before {
            // No longer Terraform's, but still there.
            sides.after.push(instance.clone());
        }
        sides.before.extend(before);
        Ok(())
    }

    /// Some changes make the provider cycle a pool through a temporary one of the same size, in an update: its name, and the
    /// attributes that change.
    fn rotation(&self, place: &Place) -> Option<(String, Vec<String>)> {
        const CYCLES: [&str; 16] = [
            "fips_enabled",
            "host_encryption_enabled",
            "kubelet_config",
            "kubelet_disk_type",
            "linux_os_config",
            "max_pods",
            "node_public_ip_enabled",
            "only_critical_addons_enabled",
            "os_disk_size_gb",
            "os_disk_type",
            "pod_subnet_id",
            "snapshot_id",
            "ultra_ssd_enabled",
            "vm_size",
            "vnet_subnet_id",
            "zones",
        ];
        let pool = |values: &'_ Value| -> Value {
            match place.kind {
                Kind::NodePool => values.clone(),
                _ => values["default_node_pool"][0].clone(),
            }
        };
        let (before, after) = (pool(&self.0.before), pool(&self.0.after));
        let unknown = pool(&self.0.after_unknown);
        let temporary = after["temporary_name_for_rotation"].as_str()?;
        let changed: Vec<String> = CYCLES
            .into_iter()
            .filter(|&name| unknown[name] == Value::Bool(true) || before[name] != after[name])
            .map(str::to_string)
            .collect();
        (!temporary.is_empty() && !changed.is_empty()).then(|| (temporary.to_string(), changed))
    }

    fn creates_first(&self) -> bool {
        let first = self.0.actions.first();
        first.is_some_and(|first| first == "create")
    }

    /// The attributes that force a replacement, and the reason in words.
    fn why_replaced(&self, reason: Option<&str>) -> (Vec<String>, String) {
        let paths: Vec<String> = self
            .0
            .replace_paths
            .iter()
            .flatten()
            .filter_map(Value::as_array)
            .map(|steps| path_text(steps))
            .collect();
        let why = match reason {
            Some("replace_because_tainted") => "it is tainted".to_string(),
            Some("replace_by_request") => "asked for with -replace".to_string(),
            Some("replace_by_triggers") => "a resource in replace_triggered_by changes".to_string(),
            _ if !self.does("delete") => {
                "Terraform forgets the one that is there, which stays in Azure".to_string()
            }
            _ if paths.is_empty() => "Terraform does not say why".to_string(),
            _ => format!("{} cannot change in place", paths.join(", ")),
        };
        (paths, why)
    }

    fn tell_replacement(&self, place: &Place, why: &str, sides: &mut Sides) {
        if !matches!(
            place.kind,
            Kind::Cluster | Kind::NodePool | Kind::Vnet | Kind::Subnet
        ) {
            return;
        }
        let name_sensitive = self.0.before_sensitive.get("name") == Some(&Value::Bool(true));
        let name = match self.0.before.get("name").and_then(Value::as_str) {
            Some(name) if !name_sensitive => name,
            _ => &place.address,
        };
        let order = if self.creates_first() {
            "create the new one, then destroy: both hold addresses for a while"
        } else {
            "destroy and create"
        };
        sides.tell_after(format!(
            "Terraform will REPLACE {} {name} ({order}): {why}",
            place.kind.word()
        ));
    }
}

/// `["default_node_pool", 0, "vm_size"]` as `default_node_pool[0].vm_size`.
fn path_text(steps: &[Value]) -> String {
    let mut text = String::new();
    for step in steps {
        match step {
            Value::String(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            Value::Number(position) => text.push_str(&format!("[{position}]")),
            _ => {}
        }
    }
    text
}
