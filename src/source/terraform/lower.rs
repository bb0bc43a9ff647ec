//! One side of a plan, lowered to facts: what Terraform manages over what data sources say of the same thing.

use super::block::Field;
use super::configuration::Configuration;
use super::follow::{Target, follow};
use super::identity::{Identity, identify};
use super::pool::PoolPlace;
use super::side::{Instance, Kind, Side};
use crate::model::ResourceId;
use crate::source::SourceError;
use crate::source::facts::{Facts, SubnetReference};
use std::collections::HashSet;

/// A side with the ids of its resources.
pub struct Lowering<'a> {
    pub side: &'a Side,
    pub configuration: &'a Configuration,
    pub subscription: Option<&'a str>,
    pub identities: Vec<Option<Identity>>,
    /// Keys of subnets whose prefixes are known: only those can be counted.
    pub sized: HashSet<String>,
}

impl<'a> Lowering<'a> {
    pub fn new(
        side: &'a Side,
        configuration: &'a Configuration,
        subscription: Option<&'a str>,
    ) -> Self {
        let identities = identify(side, configuration, subscription);
        let sized = side
            .of_kind(Kind::Subnet)
            .into_iter()
            .filter(|&position| {
                let block = side.instances[position].block();
                // A wrong shape is told where the subnet is lowered.
                !matches!(super::network::prefixes(&block), Ok(Field::Unknown))
            })
            .filter_map(|position| Some(identities.get(position)?.as_ref()?.id.key()))
            .collect();
        Lowering {
            side,
            configuration,
            subscription,
            identities,
            sized,
        }
    }

    pub fn identity(&self, position: usize) -> Option<&Identity> {
        self.identities.get(position)?.as_ref()
    }

    /// Keys of everything that Terraform manages on this side. What a list inside another resource, or a data source, says of
    /// such a thing may be older than the plan.
    pub fn owned(&self) -> HashSet<String> {
        let known = |instance: &Instance| {
            let id = instance.block().text("id").ok()?.known()?;
            Some(ResourceId::new(id).key())
        };
        self.side
            .instances
            .iter()
            .enumerate()
            .filter(|(_, instance)| !instance.data)
            .filter_map(|(position, instance)| match self.identity(position) {
                Some(identity) => Some(identity.id.key()),
                None => known(instance),
            })
            .collect()
    }

    /// Lowers everything. `owned` is what Terraform manages; `planned` says that this is the side after.
    ///
    /// # Errors
    /// When a value has the wrong shape.
    pub fn lower(&self, owned: &HashSet<String>, planned: bool) -> Result<Facts, SourceError> {
        let mut facts = Facts::default();
        self.networks(owned, &mut facts)?;
        self.peerings(&mut facts)?;
        self.routes(owned, &mut facts)?;
        self.clusters(owned, planned, &mut facts)?;
        Ok(facts)
    }

    /// The subnet that an attribute names.
    ///
    /// # Errors
    /// When it is no text.
    pub fn subnet_reference(
        &self,
        place: &PoolPlace<'_>,
        attribute: &str,
        who: &str,
        facts: &mut Facts,
    ) -> Result<Option<SubnetReference>, SourceError> {
        let what = match attribute {
            "pod_subnet_id" => "pod subnet",
            _ => "subnet",
        };
        match place.block.text(attribute)? {
            Field::Known(id) => return Ok(Some(SubnetReference::Id(ResourceId::new(id)))),
            Field::Unset => return Ok(None),
            Field::Unknown => {}
        }
        let path: Vec<&str> = place.path.iter().copied().chain([attribute]).collect();
        let doubt = match follow(
            self.side,
            self.configuration,
            place.instance,
            &path,
            Kind::Subnet,
        ) {
            Ok(Target::Instance(position)) => match self.identity(position) {
                Some(identity) if self.sized.contains(&identity.id.key()) => {
                    return Ok(Some(SubnetReference::Id(identity.id.clone())));
                }
                _ => format!("the size of {} is", self.side.instances[position].address),
            },
            Ok(Target::InlineSubnet(position)) => match self.only_inline_subnet(position)? {
                Some(id) => return Ok(Some(SubnetReference::Id(id))),
                None => format!(
                    "the subnet inside {} is",
                    self.side.instances[position].address
                ),
            },
            Err(why) => {
                facts.not_checked.push(format!(
                    "{who}: its {what} is known only after apply ({why})"
                ));
                return Ok(Some(SubnetReference::Unknown));
            }
        };
        facts.not_checked.push(format!(
            "{who}: its {what} is not checked: {doubt} known only after apply"
        ));
        Ok(Some(SubnetReference::Unknown))
    }

    /// The id of another resource that an attribute names; `Err` says why it cannot be told.
    pub fn reference(
        &self,
        instance: &Instance,
        attribute: &str,
        wanted: Kind,
    ) -> Result<Result<ResourceId, String>, SourceError> {
        match instance.block().text(attribute)? {
            Field::Known(id) => return Ok(Ok(ResourceId::new(id))),
            Field::Unset => return Ok(Err("it is not set".to_string())),
            Field::Unknown => {}
        }
        Ok(follow(
            self.side,
            self.configuration,
            instance,
            &[attribute],
            wanted,
        )
        .and_then(|target| match target {
            Target::Instance(position) => self
                .identity(position)
                .map(|identity| identity.id.clone())
                .ok_or_else(|| "it leads to something without an id".to_string()),
            Target::InlineSubnet(position) => {
                let id = self.only_inline_subnet(position).ok().flatten();
                id.ok_or_else(|| "it is a subnet inside a VNet".to_string())
            }
        }))
    }
}
