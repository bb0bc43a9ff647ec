//! Which of several instances of a resource an expression means, as far as its references tell.

use super::address::{Key, ModulePath, Step};
use super::configuration::Configuration;
use super::side::{Instance, Keys, Side};

/// Where an expression stands: its module, and which instance `count.index` and `each.key` mean there.
pub struct Place {
    pub module: ModulePath,
    pub key: Option<Key>,
    /// The number of the keys of all instances beside it.
    pub siblings: Option<usize>,
    /// What `each.value` may come from.
    pub repetition: Vec<String>,
}

impl Place {
    pub fn of(instance: &Instance, side: &Side, configuration: &Configuration) -> Place {
        Place {
            module: instance.module.clone(),
            key: instance.key.clone(),
            siblings: side
                .group(&instance.module, &instance.resource)
                .map(|group| group.keys.number),
            repetition: configuration
                .resource(&instance.module, &instance.resource)
                .map(|expressions| expressions.repetition.clone())
                .unwrap_or_default(),
        }
    }

    pub fn bare(module: ModulePath) -> Place {
        Place {
            module,
            key: None,
            siblings: None,
            repetition: Vec::new(),
        }
    }
}

/// Which of several instances an expression picks, as far as its references tell.
#[derive(Clone, Copy)]
pub struct Picks<'a> {
    pub by_count: bool,
    pub by_each: bool,
    /// An index applied to an output or a variable further out.
    pub outer: Option<&'a Key>,
}

/// The one instance that the references pick, if they do.
pub fn pick(known: &Keys, place: &Place, picks: Picks<'_>) -> Option<Option<Key>> {
    if known.all.len() == 1 {
        return known.all.first().cloned();
    }
    if picks.by_count && place.key.is_some() && Some(known.number) == place.siblings {
        return Some(place.key.clone());
    }
    if picks.by_each && place.key.is_some() && known.all.contains(&place.key) {
        return Some(place.key.clone());
    }
    if !picks.by_count && !picks.by_each {
        let outer = picks.outer.cloned();
        if outer.is_some() && known.all.contains(&outer) {
            return Some(outer);
        }
    }
    None
}

pub fn last_index(steps: &[Step]) -> Option<&Key> {
    steps.iter().rev().find_map(|step| match step {
        Step::Index(key) => Some(key),
        Step::Name(_) => None,
    })
}
