//! Route tables, their routes, and the subnets they are associated with.

use super::block::{Block, Field};
use super::lower::Lowering;
use super::side::Kind;
use crate::model::{ResourceId, Route, RouteTable, parse_cidr};
use crate::source::SourceError;
use crate::source::facts::Facts;
use std::collections::{HashMap, HashSet};

impl Lowering<'_> {
    pub(super) fn routes(
        &self,
        owned: &HashSet<String>,
        facts: &mut Facts,
    ) -> Result<(), SourceError> {
        let mut tables: Vec<RouteTable> = Vec::new();
        for position in self.side.of_kind(Kind::RouteTable) {
            let instance = &self.side.instances[position];
            let Some(identity) = self.identity(position) else {
                continue;
            };
            if instance.data && owned.contains(&identity.id.key()) {
                continue;
            }
            let block = instance.block();
            let mut routes = Vec::new();
            match block.blocks("route")? {
                Field::Known(blocks) => {
                    for block in blocks {
                        let route = route(&block, &instance.address, &mut facts.not_checked)?;
                        let id = ResourceId::new(format!("{}/routes/{}", identity.id, route.name));
                        // Routes that are resources of their own are listed here as they were.
                        if !owned.contains(&id.key()) {
                            routes.push(route);
                        }
                    }
                }
                Field::Unknown => {
                    let setting = self.configuration.setting(instance, &["route"]);
                    if setting != super::configuration::Setting::Unset {
                        facts.not_checked.push(format!(
                            "route table {}: its routes are known only after apply",
                            identity.name
                        ));
                    }
                }
                Field::Unset => {}
            }
            tables.push(RouteTable {
                id: Some(identity.id.clone()),
                name: identity.name.clone(),
                routes,
                subnets: Vec::new(),
            });
        }
        for position in self.side.of_kind(Kind::Route) {
            let instance = &self.side.instances[position];
            let block = instance.block();
            let text = |attribute: &str| Ok(block.text(attribute)?.known());
            let (name, group) = (text("route_table_name")?, text("resource_group_name")?);
            let table = tables.iter_mut().find(|table| {
                let found = table.id.as_ref().and_then(ResourceId::resource_group);
                let same = |found: Option<&str>, wanted: Option<&str>| match (found, wanted) {
                    (Some(found), Some(wanted)) => found.eq_ignore_ascii_case(wanted),
                    _ => false,
                };
                same(Some(&table.name), name) && same(found, group)
            });
            match table {
                Some(table) => table.routes.push(route(&block, &instance.address, &mut facts.not_checked)?),
                None => facts.not_checked.push(format!(
                    "{}: its route table is not in this plan or known only after apply; the route is not counted",
                    instance.address
                )),
            }
        }
        let by_key: HashMap<String, usize> = tables
            .iter()
            .enumerate()
            .filter_map(|(position, table)| Some((table.id.as_ref()?.key(), position)))
            .collect();
        let mut table_of: HashMap<String, ResourceId> = HashMap::new();
        for position in self.side.of_kind(Kind::RouteTableAssociation) {
            let instance = &self.side.instances[position];
            let subnet = self.reference(instance, "subnet_id", Kind::Subnet)?;
            let table = self.reference(instance, "route_table_id", Kind::RouteTable)?;
            let (subnet, table) = match (subnet, table) {
                (Ok(subnet), Ok(table)) => (subnet, table),
                (Err(why), _) | (_, Err(why)) => {
                    facts.not_checked.push(format!(
                        "{}: which subnet has which route table is known only after apply ({why})",
                        instance.address
                    ));
                    continue;
                }
            };
            if let Some(&position) = by_key.get(&table.key()) {
                tables[position].subnets.push(subnet.clone());
            }
            table_of.insert(subnet.key(), table);
        }
        let inline = facts.vnets.iter_mut().flat_map(|vnet| &mut vnet.subnets);
        for subnet in inline.chain(&mut facts.subnets) {
            let table = subnet.id.as_ref().and_then(|id| table_of.remove(&id.key()));
            if table.is_some() {
                subnet.route_table = table;
            }
        }
        facts.route_tables = tables;
        Ok(())
    }
}

fn route(
    block: &Block<'_>,
    address: &str,
    not_checked: &mut Vec<String>,
) -> Result<Route, SourceError> {
    let destination = block.text("address_prefix")?;
    if destination.is_unknown() {
        not_checked.push(format!(
            "{address}: the destination of a route is known only after apply"
        ));
    }
    Ok(Route {
        name: block.text("name")?.known().unwrap_or_default().to_string(),
        // A service tag such as `AzureMonitor` is a valid destination and no prefix.
        prefix: destination.known().and_then(|text| parse_cidr(text).ok()),
        next_hop_type: block
            .text("next_hop_type")?
            .known()
            .unwrap_or_default()
            .to_string(),
    })
}
