//! Where subjects stand in the files that were read: lines of scenarios and JSON, addresses of Terraform, and on demand its
//! blocks. Never guesses: what has no line has none.

use super::facts::{ClusterFact, Facts, Origin, SubnetFact, VnetFact};
use super::terraform::root::{ModuleSources, point_at_blocks};
use super::{Found, SourceError};
use crate::model::{Place, Places, ResourceId, Subject};
use memchr::memchr_iter;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use std::path::Path;

/// Lines and columns, from 1, by path: `clusters[0].pools[1]`.
pub type Outline = BTreeMap<String, (u64, u64)>;

/// Lines of a scenario. Read a second time for it, as a list of places only: the types of a scenario are what its schema is made
/// of, and stay free of them. Empty where that fails, for whoever reads the scenario itself says what is wrong.
pub fn outline(text: &str) -> Outline {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Scenario {
        virtual_networks: Vec<Spanned<Vnet>>,
        clusters: Vec<Spanned<Cluster>>,
        operations: Vec<Spanned<IgnoredAny>>,
    }
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Vnet {
        subnets: Vec<Spanned<IgnoredAny>>,
    }
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Cluster {
        pools: Vec<Spanned<IgnoredAny>>,
    }
    fn note<T>(outline: &mut Outline, path: String, node: &Spanned<T>) {
        let (line, column) = (node.referenced.line(), node.referenced.column());
        // 0 is "not known".
        if line > 0 && column > 0 {
            outline.insert(path, (line, column));
        }
    }
    let scenario: Scenario =
        serde_saphyr::from_str_with_options(text, super::yaml::options()).unwrap_or_default();
    let mut outline = Outline::new();
    for (position, vnet) in scenario.virtual_networks.iter().enumerate() {
        let path = format!("virtual_networks[{position}]");
        for (position, subnet) in vnet.value.subnets.iter().enumerate() {
            note(&mut outline, format!("{path}.subnets[{position}]"), subnet);
        }
        note(&mut outline, path, vnet);
    }
    for (position, cluster) in scenario.clusters.iter().enumerate() {
        let path = format!("clusters[{position}]");
        for (position, pool) in cluster.value.pools.iter().enumerate() {
            note(&mut outline, format!("{path}.pools[{position}]"), pool);
        }
        note(&mut outline, path, cluster);
    }
    for (position, operation) in scenario.operations.iter().enumerate() {
        note(&mut outline, format!("operations[{position}]"), operation);
    }
    outline
}

/// The outline of a text that begins at this line and column of a file.
pub(super) fn shifted(outline: Outline, (first, right): (u64, u64)) -> Outline {
    let shift = |(line, column)| {
        let column = if line == 1 {
            column + right - 1
        } else {
            column
        };
        (line + first - 1, column)
    };
    outline
        .into_iter()
        .map(|(path, position)| (path, shift(position)))
        .collect()
}

/// Turns offsets into lines and columns, in one pass over the text.
pub(super) fn resolve_lines(text: &str, facts: &mut Facts) {
    let mut open: Vec<&mut Origin> = facts
        .origins_mut()
        .filter(|origin| origin.offset.is_some())
        .collect();
    open.sort_by_key(|origin| origin.offset);
    let (mut at, mut line, mut column) = (0, 1, 1);
    for origin in open {
        let Some(offset) = origin.offset.take() else {
            continue;
        };
        let Some(gap) = text.get(at..offset) else {
            continue;
        };
        line += memchr_iter(b'\n', gap.as_bytes()).count() as u64;
        column = match gap.rfind('\n') {
            Some(end) => gap[end..].chars().count() as u64,
            None => column + gap.chars().count() as u64,
        };
        at = offset;
        origin.position = Some((line, column));
    }
}

impl Found {
    /// Lines of a text that nobody sees are none.
    pub(super) fn forget_lines(&mut self) {
        for origin in self.facts.origins_mut() {
            origin.offset = None;
            origin.position = None;
        }
        self.outlines.clear();
    }

    /// Where everything that was read stands. Made on demand: a fleet has a hundred thousand of these.
    pub fn places(&self) -> Places {
        let mut places = self.planned_places();
        self.add_read(&mut places);
        places
    }

    /// The same, with the resources of Terraform plans at their blocks in the `.tf` files under `root`. Also the addresses of
    /// those that have no block there.
    ///
    /// # Errors
    /// When `root` is no folder that can be read.
    pub fn places_under(&self, root: &Path) -> Result<(Places, Vec<String>), SourceError> {
        let mut places = self.planned_places();
        let mut sources = ModuleSources::new();
        for plan in &self.plans {
            sources.extend(plan.module_sources.clone());
        }
        let missing = point_at_blocks(root, &sources, &mut places)?;
        self.add_read(&mut places);
        Ok((places, missing))
    }

    /// What a plan will make is what a reviewer changes: it comes before what is.
    fn planned_places(&self) -> Places {
        let mut places = Places::default();
        let plans = || self.plans.iter();
        let after = plans().map(|plan| &plan.after);
        for facts in after.chain(plans().map(|plan| &plan.before)) {
            self.add_facts(facts, &mut places);
        }
        places
    }

    fn add_read(&self, places: &mut Places) {
        self.add_facts(&self.facts, places);
        for (position, operation) in self.operations.iter().enumerate() {
            let subject = Subject::Operation {
                number: position + 1,
                cluster: operation.cluster.clone().unwrap_or_default(),
            };
            places.add(&subject, None, self.place(&operation.origin, ""));
        }
    }

    fn add_facts(&self, facts: &Facts, places: &mut Places) {
        for fact in &facts.vnets {
            self.add_vnet(fact, places);
        }
        for fact in &facts.subnets {
            let Some(vnet) = &fact.vnet else { continue };
            for name in names(vnet.name(), vnet.resource_group(), Some(vnet)) {
                self.add_subnet(fact, &name, None, places);
            }
        }
        for fact in &facts.clusters {
            self.add_cluster(fact, places);
        }
        for fact in &facts.pools {
            let (of, pool) = (&fact.cluster, &fact.pool.pool.name);
            let id = Some(format!("{}/{pool}", of.key()));
            for name in names(of.name(), of.resource_group(), Some(of)) {
                let place = self.place(&fact.origin, "");
                places.add(&Subject::pool(&name, pool), id.clone(), place);
            }
        }
    }

    fn add_vnet(&self, fact: &VnetFact, places: &mut Places) {
        let (name, group) = (&fact.vnet.name, fact.vnet.resource_group.as_deref());
        let id = identity(fact.vnet.id.as_ref(), group);
        for name in names(name, group, fact.vnet.id.as_ref()) {
            let place = self.place(&fact.origin, "");
            places.add(&Subject::Vnet(name.clone()), id.clone(), place);
            for (position, subnet) in fact.subnets.iter().enumerate() {
                let inner = format!("subnets[{position}]");
                self.add_subnet(subnet, &name, Some((fact, &inner)), places);
            }
        }
    }

    fn add_subnet(
        &self,
        fact: &SubnetFact,
        vnet: &str,
        inside: Option<(&VnetFact, &str)>,
        places: &mut Places,
    ) {
        let place = match inside {
            Some((of, inner)) if of.origin.path == fact.origin.path => {
                self.place(&of.origin, inner)
            }
            _ => self.place(&fact.origin, ""),
        };
        let id = fact.id.as_ref().map(ResourceId::key);
        let id = id.or_else(|| {
            let (of, _) = inside?;
            identity(of.vnet.id.as_ref(), of.vnet.resource_group.as_deref())
        });
        places.add(&Subject::subnet(vnet, &fact.name), id, place);
    }

    fn add_cluster(&self, fact: &ClusterFact, places: &mut Places) {
        let cluster = &fact.cluster;
        let group = cluster.resource_group.as_deref();
        let id = identity(cluster.id.as_ref(), group);
        for name in names(&cluster.name, group, cluster.id.as_ref()) {
            let place = self.place(&fact.origin, "");
            places.add(&Subject::Cluster(name.clone()), id.clone(), place);
            for (position, pool) in fact.pools.iter().enumerate() {
                let place = match &pool.origin {
                    Some(origin) => self.place(origin, ""),
                    None => self.place(&fact.origin, &format!("pools[{position}]")),
                };
                let id = id.as_ref().map(|id| format!("{id}/{}", pool.pool.name));
                places.add(&Subject::pool(&name, &pool.pool.name), id, place);
            }
        }
    }

    /// The place of a resource, or of something in it where the scenario's outline has that.
    fn place(&self, origin: &Origin, inner: &str) -> Place {
        let outline = self
            .outlines
            .iter()
            .find(|(file, _)| *file == origin.file)
            .map(|(_, outline)| outline);
        let inside = origin.within(inner);
        let known = outline.and_then(|outline| outline.get(inside.path.as_ref()));
        let of = if known.is_some() { &inside } else { origin };
        Place {
            file: of.file.clone(),
            path: of.path.clone(),
            position: known
                .or_else(|| outline?.get(origin.path.as_ref()))
                .copied()
                .or(origin.position),
            address: origin.address.clone(),
        }
    }
}

/// By what a cluster or a VNet may go in a statement: alone, with its resource group, or by its id where others share the name.
fn names(name: &str, group: Option<&str>, id: Option<&ResourceId>) -> Vec<String> {
    let mut names = vec![name.to_string()];
    names.extend(group.map(|group| format!("{group}/{name}")));
    names.extend(id.map(ToString::to_string));
    names
}

/// What tells resources of one name apart: the id, or the resource group where there is none.
fn identity(id: Option<&ResourceId>, group: Option<&str>) -> Option<String> {
    id.map(ResourceId::key)
        .or_else(|| group.map(str::to_ascii_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::read_document;

    fn check(name: &str, text: &str, subject: Subject, want: (&str, Option<(u64, u64)>)) {
        let found = read_document(name, text.as_bytes()).expect("readable");
        let places = found.places();
        let place = places.of(&subject).expect("a place");
        assert_eq!((place.path.as_ref(), place.position), want, "{subject}");
    }

    const SCENARIO: &str = "\
apiVersion: aksplan/v1
name: s
virtual_networks:
  - name: v
    address_space: [10.0.0.0/16]
    subnets:
      - {name: a, cidr: 10.0.0.0/24}
      - name: b
        cidr: 10.0.1.0/24
clusters:
  - name: c
    network_plugin: azure
    pools:
      # the first
      - name: p
        count: 1
        subnet: a
operations:
  - scale: {pool: p, count: 2}
";

    #[test]
    fn scenarios_have_lines() {
        for (subject, want) in [
            (
                Subject::Vnet("v".into()),
                ("virtual_networks[0]", Some((4, 5))),
            ),
            (
                Subject::subnet("V", "B"),
                ("virtual_networks[0].subnets[1]", Some((8, 9))),
            ),
            (Subject::Cluster("c".into()), ("clusters[0]", Some((11, 5)))),
            (
                Subject::pool("c", "p"),
                ("clusters[0].pools[0]", Some((15, 9))),
            ),
            (
                Subject::Operation {
                    number: 1,
                    cluster: String::new(),
                },
                ("operations[0]", Some((19, 5))),
            ),
        ] {
            check("s.yaml", SCENARIO, subject, want);
        }
    }

    #[test]
    fn a_scenario_in_json_has_lines_of_its_file() {
        let text = "\n\n{\"apiVersion\": \"aksplan/v1\", \"name\": \"s\",\n \"virtual_networks\": [\n  {\"name\": \"v\", \
                    \"address_space\": [\"10.0.0.0/16\"]}]}";
        check(
            "s.json",
            text,
            Subject::Vnet("v".into()),
            ("virtual_networks[0]", Some((5, 3))),
        );
    }

    const LIST: &str = "[\n  {\"type\": \"Microsoft.Network/virtualNetworks\", \"name\": \"é\",\n   \"addressSpace\": \
        {\"addressPrefixes\": [\"10.0.0.0/16\"]}, \"subnets\": []}, {\"type\": \"Microsoft.Network/virtualNetworks\", \
        \"name\": \"w\", \"addressSpace\": {\"addressPrefixes\": [\"10.1.0.0/16\"]}, \"subnets\": []}]";

    #[test]
    fn json_has_the_line_of_the_resource() {
        check(
            "v.json",
            LIST,
            Subject::Vnet("é".into()),
            ("[0]", Some((2, 3))),
        );
        let column = LIST.lines().nth(2).unwrap();
        let column = column.chars().count() - column.split("}, {").last().unwrap().chars().count();
        check(
            "v.json",
            LIST,
            Subject::Vnet("w".into()),
            ("[1]", Some((3, column as u64))),
        );
    }

    #[test]
    fn what_is_compressed_has_no_lines() {
        let packed = zstd::encode_all(LIST.as_bytes(), 1).unwrap();
        let places = read_document("v.json.zst", &packed).unwrap().places();
        let place = places.of(&Subject::Vnet("w".into())).unwrap();
        assert_eq!((place.path.as_ref(), place.position), ("[1]", None));
    }
}
