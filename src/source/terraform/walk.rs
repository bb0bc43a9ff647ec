//! The walk along references: through variables, module calls and outputs, to resources.

use super::address::{Key, ModulePath, Step, whole_references};
use super::block::Field;
use super::configuration::{Configuration, Setting};
use super::follow::Target;
use super::pick::{Picks, Place, last_index, pick};
use super::side::{Kind, Side};
use std::collections::{BTreeSet, HashSet};

/// Beyond so many it does not matter how many more there are.
const MANY: usize = 8;

pub struct Walk<'a> {
    side: &'a Side,
    configuration: &'a Configuration,
    wanted: Kind,
    found: BTreeSet<Target>,
    stuck: Option<String>,
    met_resource: bool,
    visited: HashSet<(ModulePath, Option<Key>, Vec<String>)>,
    depth: usize,
}

impl<'a> Walk<'a> {
    pub fn new(side: &'a Side, configuration: &'a Configuration, wanted: Kind) -> Self {
        Walk {
            side,
            configuration,
            wanted,
            found: BTreeSet::new(),
            stuck: None,
            met_resource: false,
            visited: HashSet::new(),
            depth: 0,
        }
    }

    fn stuck(&mut self, why: String) {
        self.stuck.get_or_insert(why);
    }

    /// Whether what was visited can be known only after apply.
    pub fn is_open(&self) -> bool {
        self.stuck.is_some() || self.met_resource
    }

    pub fn outcome(self) -> Result<Target, String> {
        if let Some(why) = self.stuck {
            return Err(why);
        }
        let open: Vec<Target> = self.found.iter().copied().collect();
        match open[..] {
            [target] => Ok(target),
            [] => Err(
                "its expression leads to no resource of this plan that is yet to be made"
                    .to_string(),
            ),
            _ => {
                let mut names: Vec<&str> = open
                    .iter()
                    .map(|target| match target {
                        Target::Instance(position) | Target::InlineSubnet(position) => {
                            self.side.instances[*position].address.as_str()
                        }
                    })
                    .take(4)
                    .collect();
                if open.len() > names.len() {
                    names.push("…");
                }
                Err(format!("it may be any of {}", names.join(", ")))
            }
        }
    }

    pub fn visit(&mut self, listed: &[String], place: &Place, outer: Option<&Key>) {
        const DEEPEST: usize = 64;
        let state = (place.module.clone(), place.key.clone(), listed.to_vec());
        if self.depth >= DEEPEST {
            self.stuck("its references are nested too deep".to_string());
            return;
        }
        if !self.visited.insert(state) {
            return;
        }
        self.depth += 1;
        let whole = whole_references(listed);
        let starts = |first: &str, second: &str| {
            whole.iter().any(|steps| {
                steps.len() >= 2
                    && steps[0] == Step::Name(first.to_string())
                    && steps[1] == Step::Name(second.to_string())
            })
        };
        let picks = Picks {
            by_count: starts("count", "index"),
            by_each: starts("each", "key"),
            outer,
        };
        for steps in &whole {
            self.visit_one(steps, place, picks);
        }
        self.depth -= 1;
    }

    fn visit_one(&mut self, steps: &[Step], place: &Place, picks: Picks<'_>) {
        let name = |position: usize| match steps.get(position) {
            Some(Step::Name(name)) => Some(name.as_str()),
            _ => None,
        };
        match (name(0), name(1)) {
            (Some("count" | "path" | "terraform" | "self"), _) | (Some("each"), Some("key")) => {}
            (Some("each"), _) => {
                let repetition = place.repetition.clone();
                self.visit(&repetition, place, place.key.as_ref());
            }
            (Some("local"), Some(local)) => {
                self.stuck(format!("a plan does not show what local.{local} is"));
            }
            (Some("var"), Some(variable)) => {
                // A variable of the root module is known when the plan is made.
                let Some((call, parent, key)) = self.configuration.call_of(&place.module) else {
                    return;
                };
                let Setting::Expression(references) = call.setting(&[variable]) else {
                    return;
                };
                let siblings = place
                    .module
                    .last()
                    .and_then(|(call, _)| self.side.module_keys(&parent, call))
                    .map(|keys| keys.number);
                let outer = last_index(&steps[2..]).or(picks.outer);
                let parent = Place {
                    module: parent,
                    key: key.cloned(),
                    siblings,
                    repetition: call.repetition.clone(),
                };
                self.visit(&references, &parent, outer);
            }
            (Some("module"), Some(call)) => self.visit_module(call, &steps[2..], place, picks),
            (Some("data"), Some(kind)) => match name(2) {
                Some(resource) => {
                    let resource = format!("data.{kind}.{resource}");
                    self.visit_resource(kind, &resource, &steps[3..], place, picks);
                }
                None => self.stuck(format!("data.{kind} names no data source")),
            },
            (Some(kind), Some(resource)) => {
                let resource = format!("{kind}.{resource}");
                self.visit_resource(kind, &resource, &steps[2..], place, picks);
            }
            _ => {}
        }
    }

    fn visit_module(&mut self, call: &str, rest: &[Step], place: &Place, picks: Picks<'_>) {
        let known = self.side.module_keys(&place.module, call);
        let (explicit, rest) = match rest.split_first() {
            Some((Step::Index(key), rest)) => (Some(key), rest),
            _ => (None, rest),
        };
        let chosen: Vec<Option<Key>> = match (explicit, known) {
            (Some(key), _) => vec![Some(key.clone())],
            // A module without resources that are read may still pass something on.
            (None, None) => vec![None],
            (None, Some(known)) => match pick(known, place, picks) {
                Some(key) => vec![key],
                None => known.all.iter().cloned().collect(),
            },
        };
        for key in chosen {
            if self.found.len() > MANY {
                return;
            }
            let mut module = place.module.clone();
            module.push((call.to_string(), key));
            let Some(outputs) = self
                .configuration
                .module(&module)
                .map(|found| &found.outputs)
            else {
                self.stuck(format!("the plan does not show module.{call}"));
                return;
            };
            // `module.m[count.index].out` is listed as `module.m` only: then any output may be meant.
            let references: Vec<String> = match rest.first() {
                Some(Step::Name(output)) => match outputs.get(output) {
                    Some(references) => references.clone(),
                    None => {
                        self.stuck(format!("the plan does not show module.{call}.{output}"));
                        return;
                    }
                },
                _ => {
                    let mut all: Vec<_> = outputs.iter().collect();
                    all.sort();
                    all.into_iter()
                        .flat_map(|(_, references)| references.clone())
                        .collect()
                }
            };
            let any_output = rest.is_empty();
            let before = self.stuck.clone();
            self.visit(
                &references,
                &Place::bare(module),
                last_index(rest).or(picks.outer),
            );
            if any_output && !self.found.is_empty() {
                // Other outputs of the module lead elsewhere; the attribute tells which kind is meant.
                self.stuck = before;
            }
        }
    }

    fn visit_resource(
        &mut self,
        kind: &str,
        resource: &str,
        rest: &[Step],
        place: &Place,
        picks: Picks<'_>,
    ) {
        self.met_resource = true;
        let Some(kind) = Kind::from_type(kind) else {
            if !leads_nowhere(kind) {
                self.stuck(format!("it depends on {resource}, which is not read"));
            }
            return;
        };
        let side = self.side;
        let Some(group) = side.group(&place.module, resource) else {
            return;
        };
        let (explicit, rest) = match rest.split_first() {
            Some((Step::Index(key), rest)) => (Some(key), rest),
            _ => (None, rest),
        };
        let chosen = match explicit {
            Some(key) => Some(Some(key.clone())),
            None => pick(&group.keys, place, picks),
        };
        let positions = match &chosen {
            Some(key) => group.by_key.get(key).map_or(&[][..], Vec::as_slice),
            // A value that is not known yet does not come from a resource that is there, whose id is known.
            None if kind == self.wanted => &group.open,
            None => &group.positions,
        };
        let inline = self.wanted == Kind::Subnet
            && kind == Kind::Vnet
            && rest.first() == Some(&Step::Name("subnet".to_string()));
        for &position in positions {
            if self.found.len() > MANY {
                return;
            }
            if kind == self.wanted {
                if group.is_open(position) {
                    self.found.insert(Target::Instance(position));
                }
            } else {
                self.visit_other(position, kind, inline);
            }
        }
    }

    /// A resource that is not of the kind wanted, but may pass on what is.
    fn visit_other(&mut self, position: usize, kind: Kind, inline: bool) {
        let instance = &self.side.instances[position];
        let passes = matches!(kind, Kind::RouteTableAssociation | Kind::OtherAssociation);
        if inline {
            match instance.block().length("subnet") {
                Ok(Field::Known(1)) => {
                    self.found.insert(Target::InlineSubnet(position));
                }
                _ => self.stuck(format!(
                    "it is one of the subnets inside {}",
                    instance.address
                )),
            }
        } else if self.wanted == Kind::Subnet && passes {
            let setting = self.configuration.setting(instance, &["subnet_id"]);
            if let Setting::Expression(references) = setting {
                let place = Place::of(instance, self.side, self.configuration);
                self.visit(&references, &place, None);
            }
        } else {
            self.stuck(format!("it depends on {}", instance.address));
        }
    }
}

/// Types whose attributes are never the id of anything that is read, though they stand beside it in an object or a condition.
fn leads_nowhere(kind: &str) -> bool {
    kind.starts_with("random_")
        || kind.starts_with("time_")
        || matches!(
            kind,
            "azurerm_resource_group"
                | "azurerm_client_config"
                | "azurerm_subscription"
                | "azurerm_user_assigned_identity"
                | "azurerm_log_analytics_workspace"
        )
}
