//! What a statement is about, by name, and where that stands in what was read. Never says where something stands that several
//! files could mean: a place is known, or it is not.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What a finding is about, by the names that people say. Names are as they were read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Subject {
    /// All that was read.
    #[default]
    Estate,
    Vnet(String),
    Subnet {
        vnet: String,
        subnet: String,
    },
    Cluster(String),
    Pool {
        cluster: String,
        pool: String,
    },
    /// The operation of this number, from 1, in the order read.
    Operation {
        number: usize,
        cluster: String,
    },
}

impl Subject {
    pub fn pool(cluster: &str, pool: &str) -> Self {
        Subject::Pool {
            cluster: cluster.to_string(),
            pool: pool.to_string(),
        }
    }

    pub fn subnet(vnet: &str, subnet: &str) -> Self {
        Subject::Subnet {
            vnet: vnet.to_string(),
            subnet: subnet.to_string(),
        }
    }

    /// One word for what it is.
    pub fn kind(&self) -> &'static str {
        match self {
            Subject::Estate => "estate",
            Subject::Vnet(_) => "vnet",
            Subject::Subnet { .. } => "subnet",
            Subject::Cluster(_) => "cluster",
            Subject::Pool { .. } => "pool",
            Subject::Operation { .. } => "operation",
        }
    }

    /// Its own name, without those of what it stands in; empty for the estate.
    pub fn name(&self) -> String {
        match self {
            Subject::Estate => String::new(),
            Subject::Vnet(name) | Subject::Cluster(name) => name.clone(),
            Subject::Subnet { subnet, .. } => subnet.clone(),
            Subject::Pool { pool, .. } => pool.clone(),
            Subject::Operation { number, .. } => number.to_string(),
        }
    }

    /// What it stands in: the VNet of a subnet, the cluster of a pool or of an operation.
    pub fn parent(&self) -> Option<Subject> {
        match self {
            Subject::Estate => None,
            Subject::Vnet(_) | Subject::Cluster(_) => Some(Subject::Estate),
            Subject::Subnet { vnet, .. } => Some(Subject::Vnet(vnet.clone())),
            Subject::Pool { cluster, .. } | Subject::Operation { cluster, .. } => {
                Some(Subject::Cluster(cluster.clone()))
            }
        }
    }

    /// Names are compared as Azure does, without regard to case.
    fn folded(&self) -> Subject {
        let lower = |name: &String| name.to_ascii_lowercase();
        match self {
            Subject::Estate => Subject::Estate,
            Subject::Vnet(name) => Subject::Vnet(lower(name)),
            Subject::Cluster(name) => Subject::Cluster(lower(name)),
            Subject::Subnet { vnet, subnet } => Subject::Subnet {
                vnet: lower(vnet),
                subnet: lower(subnet),
            },
            Subject::Pool { cluster, pool } => Subject::Pool {
                cluster: lower(cluster),
                pool: lower(pool),
            },
            Subject::Operation { number, .. } => Subject::Operation {
                number: *number,
                cluster: String::new(),
            },
        }
    }
}

/// `vnet/subnet`, `cluster/pool`, or the bare name.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Estate => f.write_str("estate"),
            Subject::Vnet(name) | Subject::Cluster(name) => f.write_str(name),
            Subject::Subnet { vnet, subnet } => write!(f, "{vnet}/{subnet}"),
            Subject::Pool { cluster, pool } => write!(f, "{cluster}/{pool}"),
            Subject::Operation { number, cluster } => write!(f, "{cluster}, operation {number}"),
        }
    }
}

/// Where something stands in what was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// As the user named it; `-` is standard input.
    pub file: Arc<str>,
    /// Path in that document, for example `clusters[0].pools[1]`; empty where it is the whole document.
    pub path: Box<str>,
    /// Line and column, both from 1, where they are known.
    pub position: Option<(u64, u64)>,
    /// Address of the resource in Terraform, for example `module.aks.azurerm_kubernetes_cluster.this`.
    pub address: Option<Arc<str>>,
}

/// The places of subjects. Two resources of one name have none: nobody could tell which of them is meant.
#[derive(Debug, Clone, Default)]
pub struct Places(BTreeMap<Subject, Held>);

#[derive(Debug, Clone)]
enum Held {
    One { id: Option<String>, place: Place },
    Several,
}

impl Places {
    /// Says where a subject stands. `id` tells resources of one name apart; the same resource may be read several times, and
    /// then the place that was added first stays, unless only the later one names the line.
    pub fn add(&mut self, subject: &Subject, id: Option<String>, place: Place) {
        let Some(held) = self.0.get_mut(&subject.folded()) else {
            self.0.insert(subject.folded(), Held::One { id, place });
            return;
        };
        let Held::One {
            id: known,
            place: first,
        } = held
        else {
            return;
        };
        if known.is_some() && id.is_some() && *known != id {
            *held = Held::Several;
            return;
        }
        if first.position.is_none() && place.position.is_some() {
            *first = place;
        }
        if known.is_none() {
            *known = id;
        }
    }

    /// Takes over what `others` say of subjects that are not here.
    pub fn append(&mut self, others: Places) {
        for (subject, held) in others.0 {
            self.0.entry(subject).or_insert(held);
        }
    }

    /// Where a subject stands, or else what it stands in; `None` where that is not known.
    pub fn of(&self, subject: &Subject) -> Option<&Place> {
        match self.0.get(&subject.folded()) {
            Some(Held::One { place, .. }) => Some(place),
            Some(Held::Several) => None,
            None => self.of(&subject.parent()?),
        }
    }

    /// Every place, to be made more precise.
    pub fn places_mut(&mut self) -> impl Iterator<Item = &mut Place> {
        self.0.values_mut().filter_map(|held| match held {
            Held::One { place, .. } => Some(place),
            Held::Several => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(file: &str, line: Option<u64>) -> Place {
        Place {
            file: Arc::from(file),
            path: "".into(),
            position: line.map(|line| (line, 1)),
            address: None,
        }
    }

    #[test]
    fn two_resources_of_one_name_have_no_place() {
        let mut places = Places::default();
        let prod = Subject::Cluster("Prod".to_string());
        places.add(&prod, Some("/a".to_string()), at("a.json", Some(3)));
        places.add(&prod, None, at("b.json", Some(9)));
        assert_eq!(places.of(&prod), Some(&at("a.json", Some(3))));
        // Case is Azure's business, and a pool that nobody placed stands in its cluster.
        let pool = Subject::pool("prod", "apps");
        assert_eq!(places.of(&pool), Some(&at("a.json", Some(3))));
        places.add(&prod, Some("/other".to_string()), at("c.json", Some(1)));
        assert_eq!(places.of(&prod), None);
        assert_eq!(places.of(&pool), None);
        assert_eq!(places.of(&Subject::Vnet("prod".to_string())), None);
    }

    #[test]
    fn a_place_with_a_line_is_better() {
        let mut places = Places::default();
        let vnet = Subject::Vnet("hub".to_string());
        places.add(&vnet, None, at("plan.json", None));
        places.add(&vnet, None, at("main.tf", Some(7)));
        assert_eq!(places.of(&vnet), Some(&at("main.tf", Some(7))));
    }
}
