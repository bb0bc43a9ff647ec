//! Durations and names as people say them.

pub use crate::finding::{at_least, at_most, span};
use crate::population::{NodeId, Population};
use crate::simulate::Setting;
use std::collections::HashMap;

/// Seconds from the start: `0:07:30`.
pub fn clock(seconds: u32) -> String {
    format!(
        "{}:{:02}:{:02}",
        seconds / 3_600,
        seconds % 3_600 / 60,
        seconds % 60
    )
}

/// `a, b and 3 more`.
pub fn listed(names: &[String], shown: usize) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        names if names.len() <= shown => {
            let (last, before) = names.split_last().expect("there are at least two");
            format!("{} and {last}", before.join(", "))
        }
        names => format!(
            "{} and {} more",
            names[..shown].join(", "),
            names.len() - shown
        ),
    }
}

/// What nodes are called: those that exist by their names, short where that is enough; those a simulation makes by their pool.
pub struct Names<'a> {
    population: &'a Population<'a>,
    short: Vec<String>,
    made: HashMap<u32, String>,
}

impl<'a> Names<'a> {
    pub fn of(setting: &'a Setting<'a>) -> Self {
        let population = setting.population;
        let short = short_names(population.state.nodes.iter().map(|node| node.name.as_str()));
        let mut made = HashMap::new();
        for group in &setting.groups {
            for number in 0..group.surge {
                made.insert(
                    group.first_surge + number,
                    format!("{} surge {}", group.name, number + 1),
                );
            }
        }
        for growing in &setting.growing {
            let pool = &population.pools[growing.pool.at()].name;
            for number in 0..growing.most {
                made.insert(
                    growing.first + number,
                    format!("{pool} added {}", number + 1),
                );
            }
        }
        Names {
            population,
            short,
            made,
        }
    }

    /// `apps-7` of `aks-apps-38250194-vmss000007`.
    pub fn short(&self, node: NodeId) -> &str {
        match self.short.get(node.at()) {
            Some(name) => name,
            None => self.made.get(&node.0).map_or("a new node", String::as_str),
        }
    }

    /// As Kubernetes has it.
    pub fn full(&self, node: NodeId) -> &str {
        match self.population.state.nodes.get(node.at()) {
            Some(node) => &node.name,
            None => self.short(node),
        }
    }
}

/// `apps-7` of `aks-apps-38250194-vmss000007`, for each name; a short name that two would have is none.
pub fn short_names<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Vec<String> {
    let mut short: Vec<String> = names
        .clone()
        .map(|name| shortened(name).unwrap_or_else(|| name.to_string()))
        .collect();
    let mut times: HashMap<String, usize> = HashMap::with_capacity(short.len());
    for name in &short {
        *times.entry(name.clone()).or_default() += 1;
    }
    for (short, name) in short.iter_mut().zip(names) {
        if times[short.as_str()] > 1 {
            *short = name.to_string();
        }
    }
    short
}

/// A scale set's node: `aks-POOL-NUMBER-vmssINSTANCE`, the instance in base 36 and filled up with zeros.
fn shortened(name: &str) -> Option<String> {
    let (rest, instance) = name.strip_prefix("aks-")?.rsplit_once("-vmss")?;
    let (pool, number) = rest.rsplit_once('-')?;
    let is_number = number.len() == 8 && number.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || pool.is_empty() || instance.is_empty() {
        return None;
    }
    let instance = match instance.trim_start_matches('0') {
        "" => "0",
        instance => instance,
    };
    Some(format!("{pool}-{instance}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks() {
        assert_eq!(clock(3_725), "1:02:05");
    }

    #[test]
    fn lists() {
        let names: Vec<String> = ["a", "b", "c"].map(str::to_string).to_vec();
        assert_eq!(listed(&names[..1], 2), "a");
        assert_eq!(listed(&names[..2], 2), "a and b");
        assert_eq!(listed(&names, 2), "a, b and 1 more");
    }

    #[test]
    fn nodes_of_scale_sets_have_short_names() {
        for (name, want) in [
            ("aks-apps-38250194-vmss000007", Some("apps-7")),
            ("aks-my-pool-38250194-vmss00001a", Some("my-pool-1a")),
            ("aks-apps-38250194-vmss000000", Some("apps-0")),
            ("node-1", None),
            ("aks-38250194-vmss000000", None),
        ] {
            assert_eq!(shortened(name).as_deref(), want, "{name}");
        }
    }
}
