//! What every command reads, and how clusters and VNets are named.

use super::CliError;
#[cfg(feature = "azure")]
use super::azure_access::AzureAccess;
#[cfg(feature = "azure")]
use super::live::Objects;
use crate::capacity::Scope;
use crate::capacity::overlap::{PeeringGraph, unread_peers};
use crate::model::{ClusterIndex, Inventory, ResourceId, VnetIndex, is_named};
use crate::source::{self, Found, Loaded};
use std::collections::BTreeSet;
use std::path::PathBuf;

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Input")]
pub struct Sources {
    /// A file, a folder, or `-` for standard input; may be given several times
    ///
    /// Recognised by content: scenarios (apiVersion: aksplan/v1), JSON as printed by `az network vnet list|show|list-usage`,
    /// `az network vnet peering list`, `az network route-table list|show`, `az aks list|show`, `az aks nodepool list`, the
    /// same as Azure Resource Manager bodies, `kubectl get … -o json`, and `terraform show -json PLAN`.
    #[arg(long, short = 'f', value_name = "PATH")]
    pub from: Vec<PathBuf>,

    /// Ranges in use on-premises or elsewhere: one CIDR a line, `#` comments name the owner
    #[arg(long, value_name = "FILE")]
    pub also_reserved: Vec<PathBuf>,

    #[cfg(feature = "azure")]
    #[command(flatten)]
    pub azure: AzureAccess,
    #[cfg(feature = "kubernetes")]
    #[command(flatten)]
    pub kubernetes: super::kubernetes_access::KubernetesAccess,
}

/// What a command is about: a live source reads no more than that needs.
#[derive(Debug, Clone, Default)]
#[cfg_attr(
    not(feature = "azure"),
    expect(
        dead_code,
        reason = "without a live source there is nothing to choose from"
    )
)]
pub struct About {
    pub vnet: Option<String>,
    pub cluster: Option<String>,
    /// Whether windows and pools are asked of each cluster, which costs two requests a cluster.
    pub details: bool,
    /// Whether identities, Grafana and alert rules are asked for as well.
    pub platform: bool,
    /// Whether the objects of a cluster answer the question without Azure's view of it: then nothing else is read where they are.
    pub objects_are_enough: bool,
}

impl About {
    /// About a cluster, if one is named.
    pub fn cluster(name: Option<&str>) -> Self {
        About {
            cluster: name.map(str::to_string),
            ..About::default()
        }
    }
}

/// Which part of what was read a command looks at.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Scope")]
pub struct Focus {
    /// Only this VNet and everything peered with it
    #[arg(long, value_name = "NAME")]
    pub vnet: Option<String>,

    /// Only this cluster
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,

    /// Look at what a Terraform plan will make, not at what is
    #[arg(long)]
    pub planned: bool,
}

impl Focus {
    pub fn about(&self) -> About {
        About {
            vnet: self.vnet.clone(),
            cluster: self.cluster.clone(),
            ..About::default()
        }
    }

    /// The same as positions in an inventory: the VNet with everything peered with it, the cluster.
    pub fn scope(&self, inventory: &Inventory) -> Result<Scope, CliError> {
        let vnets = match &self.vnet {
            Some(name) => {
                let index = find_vnet(inventory, name)?;
                let graph = PeeringGraph::of(inventory);
                let mut vnets: BTreeSet<VnetIndex> = graph.reach(index).direct.clone();
                vnets.insert(index);
                Some(vnets)
            }
            None => None,
        };
        let clusters = match &self.cluster {
            Some(name) => Some(BTreeSet::from([find_cluster(inventory, name)?])),
            None => None,
        };
        Ok(Scope { vnets, clusters })
    }
}

impl Sources {
    /// Reads and joins: files, Azure, or both.
    pub fn load(&self, about: &About) -> Result<Loaded, CliError> {
        Ok(source::join(self.read(about)?, &self.also_reserved)?)
    }

    /// Reads without joining; `see` is shown what files hold, before what live sources say is added.
    pub fn read_seen(
        &self,
        about: &About,
        see: impl FnOnce(&Found) -> Result<(), CliError>,
    ) -> Result<Found, CliError> {
        let mut found = source::read_all(&self.from)?;
        see(&found)?;
        self.read_live(about, &mut found)?;
        Ok(found)
    }

    /// Reads without joining.
    pub fn read(&self, about: &About) -> Result<Found, CliError> {
        self.read_seen(about, |_| Ok(()))
    }

    /// Who asks the clusters' own API servers.
    #[cfg(feature = "azure")]
    fn objects(&self) -> Objects {
        #[cfg(feature = "kubernetes")]
        {
            let access = &self.kubernetes;
            if access.kubernetes {
                return Objects::Read {
                    secret_types: access.secret_types,
                };
            }
            if access.in_cluster || access.context.is_some() || !access.kubeconfig.is_empty() {
                return Objects::Elsewhere;
            }
        }
        Objects::Skip
    }

    /// Azure is asked where somebody names it, where it leads to the API servers, and where nothing else would be read.
    #[cfg(feature = "azure")]
    fn needs_azure(&self, about: &About) -> bool {
        let is_answered = about.objects_are_enough && self.objects().need_no_azure();
        self.azure.is_asked()
            || self.objects().need_azure()
            || (self.from.is_empty() && !is_answered)
    }

    /// Adds what Azure and Kubernetes say, if they are asked. Without any file, Azure is.
    fn read_live(&self, about: &About, found: &mut Found) -> Result<(), CliError> {
        // Azure first: it is asked for more than one cluster, and what may go wrong goes wrong at once.
        #[cfg(feature = "azure")]
        if self.needs_azure(about) {
            let live = super::live::read(&self.azure, about, self.objects())?;
            found.facts.append(live);
        }
        #[cfg(feature = "kubernetes")]
        if let Some(access) = self.kubernetes.access()? {
            let read =
                super::kubernetes_access::read(&access, self.kubernetes.secret_types, false)?;
            let (fact, not_checked) = read.into_fact(None);
            found.facts.kubernetes.push(fact);
            for sentence in not_checked {
                found.facts.note(sentence);
            }
        }
        #[cfg(not(feature = "azure"))]
        if self.from.is_empty() {
            // Without Azure there is nothing to choose from by name; without Kubernetes as well, nothing to add to.
            let _ = (about, &found);
            return Err(CliError::Usage(
                "nothing to read: give --from PATH (a scenario, or a file or folder with the output of `az … -o json`); \
                 this aksplan was built without the feature `azure`, and cannot read Azure live"
                    .to_string(),
            ));
        }
        Ok(())
    }
}

/// Which of two states a question is about: `--planned`, or what is; and what is planned where nothing exists yet.
pub fn chosen_state(
    loaded: Loaded,
    planned: bool,
) -> Result<(Inventory, Option<String>), CliError> {
    match (planned, loaded.planned) {
        (true, None) => Err(CliError::Usage(
            "--planned needs a Terraform plan: nothing else that was read says what will be"
                .to_string(),
        )),
        (true, Some(planned)) => Ok((planned, None)),
        (false, Some(planned)) if loaded.current.clusters.is_empty() => Ok((
            planned,
            Some("the plan creates everything: what it will make is shown".to_string()),
        )),
        (false, _) => Ok((loaded.current, None)),
    }
}

/// The one cluster a command is about.
pub fn one_cluster(inventory: &Inventory, name: Option<&str>) -> Result<ClusterIndex, CliError> {
    match name {
        Some(name) => find_cluster(inventory, name),
        None => match inventory.clusters.len() {
            1 => Ok(ClusterIndex::new(0)),
            0 => Err(CliError::Usage("no cluster was read".to_string())),
            _ => Err(CliError::Usage(format!(
                "several clusters were read; say which with --cluster: {}",
                names(
                    inventory
                        .clusters
                        .iter()
                        .map(|cluster| cluster.qualified_name())
                )
            ))),
        },
    }
}

/// A cluster by name, `resource-group/name` or id.
pub fn find_cluster(inventory: &Inventory, name: &str) -> Result<ClusterIndex, CliError> {
    let mut found = inventory.cluster_indices().filter(|index| {
        let cluster = inventory.cluster(*index);
        is_named(
            &cluster.name,
            cluster.resource_group.as_deref(),
            cluster.id.as_ref(),
            name,
        )
    });
    match (found.next(), found.next()) {
        (Some(index), None) => Ok(index),
        (None, _) => Err(CliError::Usage(format!(
            "no cluster `{name}`; known: {}{}",
            names(
                inventory
                    .clusters
                    .iter()
                    .map(|cluster| cluster.qualified_name())
            ),
            where_else(inventory)
        ))),
        (Some(first), Some(second)) => Err(CliError::Usage(format!(
            "several clusters are named `{name}`; name one of them by {}",
            tell_apart([first, second].into_iter().chain(found).map(|index| {
                let cluster = inventory.cluster(index);
                (cluster.qualified_name(), cluster.id.as_ref())
            }))
        ))),
    }
}

/// What was not read, where the thing that is looked for may be.
fn where_else(inventory: &Inventory) -> String {
    const SHOWN: usize = 3;
    let unread = inventory
        .not_checked
        .iter()
        .filter(|sentence| sentence.contains(" not read"));
    let shown: Vec<&str> = unread.take(SHOWN).map(String::as_str).collect();
    if shown.is_empty() {
        String::new()
    } else {
        format!("; but not everything was read: {}", shown.join("; "))
    }
}

/// A VNet by name, `resource-group/name` or id.
pub fn find_vnet(inventory: &Inventory, name: &str) -> Result<VnetIndex, CliError> {
    let qualified = |index: VnetIndex| {
        let vnet = inventory.vnet(index);
        match &vnet.resource_group {
            Some(group) => format!("{group}/{}", vnet.name),
            None => vnet.name.clone(),
        }
    };
    let mut found = inventory.vnet_indices().filter(|index| {
        let vnet = inventory.vnet(*index);
        is_named(
            &vnet.name,
            vnet.resource_group.as_deref(),
            vnet.id.as_ref(),
            name,
        )
    });
    match (found.next(), found.next()) {
        (Some(index), None) => Ok(index),
        (None, _) => Err(CliError::Usage(format!(
            "no VNet `{name}`; known: {}{}",
            names(inventory.vnet_indices().map(qualified)),
            where_else(inventory)
        ))),
        (Some(first), Some(second)) => Err(CliError::Usage(format!(
            "several VNets are named `{name}`; name one of them by {}",
            tell_apart(
                [first, second]
                    .into_iter()
                    .chain(found)
                    .map(|index| (qualified(index), inventory.vnet(index).id.as_ref()))
            )
        ))),
    }
}

/// What to write instead of an ambiguous name: `resource-group/name`, or the ids where those are the same (two subscriptions).
fn tell_apart<'a>(found: impl Iterator<Item = (String, Option<&'a ResourceId>)>) -> String {
    let found: Vec<(String, Option<&ResourceId>)> = found.collect();
    let mut qualified: Vec<String> = found
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    qualified.sort();
    qualified.dedup();
    if qualified.len() == found.len() {
        format!(
            "resource-group/name: {}",
            names(found.into_iter().map(|(name, _)| name))
        )
    } else {
        format!(
            "its id: {}",
            names(
                found
                    .into_iter()
                    .map(|(name, id)| id.map_or(name, ToString::to_string))
            )
        )
    }
}

/// Peered VNets that were not read, in sentences.
pub fn unread(inventory: &Inventory) -> Vec<String> {
    let graph = PeeringGraph::of(inventory);
    unread_peers(inventory, &graph, inventory.vnet_indices())
}

fn names(all: impl Iterator<Item = String>) -> String {
    const SHOWN: usize = 12;
    let mut all: Vec<String> = all.collect();
    all.sort();
    if all.is_empty() {
        return "none".to_string();
    }
    let more = all.len().saturating_sub(SHOWN);
    all.truncate(SHOWN);
    if more > 0 {
        format!("{} and {more} more", all.join(", "))
    } else {
        all.join(", ")
    }
}
