//! Volumes of a shape's claims: where they can be reached and what they count towards a node's attach limits.

use super::host::Host;
use crate::model::KubernetesState;
use crate::model::workload::{NodeSelectorTerm, PersistentVolume};
use crate::population::{Population, Shape};
use std::collections::{BTreeMap, HashMap};

/// What a claim comes to.
pub(super) enum Claim<'a> {
    Bound(&'a PersistentVolume),
    /// Its volume is made where its pod goes.
    Unbound,
    /// Not there, although claims were read in full.
    Missing,
    /// Bound to a volume that is not there, although volumes were read in full.
    WithoutVolume,
    /// Not read.
    Unknown,
}

/// Claims and volumes by name.
pub(super) struct Volumes<'a> {
    claims: HashMap<(&'a str, &'a str), Option<&'a str>>,
    volumes: HashMap<&'a str, &'a PersistentVolume>,
    has_claims: bool,
    has_volumes: bool,
}

impl<'a> Volumes<'a> {
    pub fn of(state: &'a KubernetesState) -> Self {
        Volumes {
            claims: state
                .persistent_volume_claims
                .iter()
                .map(|claim| {
                    let name = (claim.namespace.as_str(), claim.name.as_str());
                    (
                        name,
                        claim.volume.as_deref().filter(|name| !name.is_empty()),
                    )
                })
                .collect(),
            volumes: state
                .persistent_volumes
                .iter()
                .map(|volume| (volume.name.as_str(), volume))
                .collect(),
            has_claims: state.has_kind("PersistentVolumeClaim"),
            has_volumes: state.has_kind("PersistentVolume"),
        }
    }

    pub fn of_claim(&self, namespace: &str, claim: &str) -> Claim<'a> {
        match self.claims.get(&(namespace, claim)) {
            Some(None) => Claim::Unbound,
            Some(Some(volume)) => match self.volumes.get(volume) {
                Some(volume) => Claim::Bound(volume),
                None if self.has_volumes => Claim::WithoutVolume,
                None => Claim::Unknown,
            },
            None if self.has_claims => Claim::Missing,
            None => Claim::Unknown,
        }
    }

    pub fn bound(&self, shape: &Shape) -> Vec<&'a PersistentVolume> {
        shape
            .claims
            .iter()
            .filter_map(|claim| match self.of_claim(shape.namespace, claim) {
                Claim::Bound(volume) => Some(volume),
                _ => None,
            })
            .collect()
    }

    /// The terms of each bound volume that not every node can reach.
    pub fn terms(&self, shape: &Shape) -> Vec<&'a [NodeSelectorTerm]> {
        self.bound(shape)
            .into_iter()
            .map(|volume| volume.node_affinity.as_slice())
            .filter(|terms| !terms.is_empty())
            .collect()
    }
}

/// The driver that attaches a volume. Those built into Kubernetes have moved to Azure's drivers.
fn driver(volume: &PersistentVolume) -> Option<&str> {
    Some(match volume.driver.as_deref()? {
        "azureDisk" => "disk.csi.azure.com",
        "azureFile" => "file.csi.azure.com",
        driver => driver,
    })
}

/// Attach limits, and what counts towards them.
#[derive(Debug, Clone, Default)]
pub(super) struct Attachments {
    /// Drivers that some node has a limit of.
    pub drivers: usize,
    /// By node and driver, volumes at a time; `u32::MAX`: no limit.
    pub most: Vec<u32>,
    /// Volumes that more than one pod mounts: on a node they count once.
    pub shared: usize,
}

/// A volume that a shape attaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attached {
    pub driver: u32,
    /// Which of the shared volumes; [`ALONE`] for one that only one pod mounts.
    pub shared: u32,
}

pub(super) const ALONE: u32 = u32::MAX;

/// For each shape what it attaches, by driver. Volumes are told apart by name: two names of one disk count twice, which errs
/// towards refusing.
pub(super) fn attachments(
    population: &Population,
    hosts: &[Host],
    volumes: &Volumes,
) -> (Attachments, Vec<Vec<Attached>>) {
    let drivers = limited_drivers(hosts);
    if drivers.is_empty() {
        return (
            Attachments::default(),
            vec![Vec::new(); population.shapes.len()],
        );
    }
    let mut most = vec![u32::MAX; hosts.len() * drivers.len()];
    for (node, host) in hosts.iter().enumerate() {
        for limit in host.limits {
            if let (Some(driver), Some(limit)) = (drivers.get(limit.driver.as_str()), limit.most) {
                most[node * drivers.len() + *driver as usize] =
                    u32::try_from(limit).unwrap_or(u32::MAX);
            }
        }
    }
    let bound: Vec<Vec<&PersistentVolume>> = population
        .shapes
        .iter()
        .map(|shape| volumes.bound(shape))
        .collect();
    let mut users: HashMap<&str, u32> = HashMap::new();
    for pod in &population.pods {
        for volume in &bound[pod.shape.at()] {
            *users.entry(&volume.name).or_default() += 1;
        }
    }
    let mut shared: HashMap<&str, u32> = HashMap::new();
    let attached = bound
        .iter()
        .map(|volumes| {
            let mut seen: Vec<&str> = Vec::new();
            let mut attached: Vec<Attached> = Vec::new();
            for volume in volumes {
                let Some(driver) = driver(volume).and_then(|driver| drivers.get(driver)) else {
                    continue;
                };
                if seen.contains(&volume.name.as_str()) {
                    continue;
                }
                seen.push(&volume.name);
                let next = shared.len() as u32;
                attached.push(Attached {
                    driver: *driver,
                    shared: if users
                        .get(volume.name.as_str())
                        .is_some_and(|users| *users > 1)
                    {
                        *shared.entry(&volume.name).or_insert(next)
                    } else {
                        ALONE
                    },
                });
            }
            attached.sort_by_key(|attached| attached.driver);
            attached
        })
        .collect();
    let attachments = Attachments {
        drivers: drivers.len(),
        most,
        shared: shared.len(),
    };
    (attachments, attached)
}

fn limited_drivers<'a>(hosts: &[Host<'a>]) -> BTreeMap<&'a str, u32> {
    let mut drivers: BTreeMap<&str, u32> = BTreeMap::new();
    for limit in hosts.iter().flat_map(|host| host.limits) {
        if limit.most.is_some() {
            drivers.insert(&limit.driver, 0);
        }
    }
    for (number, driver) in drivers.values_mut().enumerate() {
        *driver = number as u32;
    }
    drivers
}
