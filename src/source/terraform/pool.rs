//! Node pools: the default one inside a cluster, those that are resources of their own, and those a data source lists.

use super::block::{Block, Field};
use super::configuration::Setting;
use super::follow::depends_on_apply;
use super::lower::Lowering;
use super::side::Instance;
use crate::model::{
    Autoscaler, IntOrPercent, KubernetesVersion, NodePool, OsType, PodIpAllocation, PoolKind,
    PoolMode, UpgradeSettings,
};
use crate::source::SourceError;
use crate::source::arm::{MOST_NODES, MOST_PODS};
use crate::source::facts::{Facts, PoolFact, PoolGiven};

/// Where a pool's attributes stand.
pub struct PoolPlace<'a> {
    pub instance: &'a Instance,
    pub block: Block<'a>,
    /// Of the block in the configuration: `["default_node_pool"]`, or empty for a resource of its own.
    pub path: &'a [&'a str],
    /// Name of the cluster, for sentences.
    pub cluster: &'a str,
}

/// Numbers of a pool while it is told which of them are unknown.
struct Numbers<'a, 'b> {
    lowering: &'a Lowering<'b>,
    place: &'a PoolPlace<'a>,
    unknown: Vec<String>,
}

impl Numbers<'_, '_> {
    fn is_set(&self, attribute: &str) -> bool {
        let path: Vec<&str> = self.place.path.iter().copied().chain([attribute]).collect();
        let Lowering {
            side,
            configuration,
            ..
        } = self.lowering;
        depends_on_apply(side, configuration, self.place.instance, &path)
    }

    /// The value; where apply will tell, its name is noted. What the configuration leaves unset is `None`, though the plan calls
    /// it unknown as well: the provider fills it in.
    fn take<T>(&mut self, field: Field<T>, attribute: &str) -> Option<T> {
        match field {
            Field::Known(value) => Some(value),
            Field::Unset => None,
            Field::Unknown => {
                if self.is_set(attribute) {
                    self.unknown.push(attribute.to_string());
                }
                None
            }
        }
    }

    fn count(&mut self, attribute: &str) -> Result<Option<u64>, SourceError> {
        let field = self.place.block.count(attribute, MOST_NODES)?;
        Ok(self.take(field, attribute))
    }

    fn is_unknown(&self, attribute: &str) -> bool {
        self.unknown.iter().any(|known| known == attribute)
    }

    /// Number of nodes, and the bounds of the autoscaler.
    fn size(&mut self) -> Result<(u64, Option<Autoscaler>), SourceError> {
        let block = &self.place.block;
        let autoscales = block.first_flag(&["auto_scaling_enabled", "enable_auto_scaling"])?;
        let autoscales = match autoscales {
            Field::Unknown
                if self.is_set("auto_scaling_enabled") || self.is_set("enable_auto_scaling") =>
            {
                self.unknown.push("auto_scaling_enabled".to_string());
                false
            }
            field => field.known().unwrap_or(false),
        };
        // A data source says `count`.
        let count = match self.count("node_count")? {
            Some(count) => Some(count),
            None => self.count("count")?,
        };
        if !autoscales {
            let unknown = self.is_unknown("node_count");
            return Ok((count.unwrap_or(if unknown { 0 } else { 1 }), None));
        }
        let (min, max) = (self.count("min_count")?, self.count("max_count")?);
        let min = min.unwrap_or(0);
        let max = match max {
            Some(max) => max,
            // Not a bound that anything may be concluded from: it is noted as unknown.
            None if self.is_unknown("max_count") => min.max(count.unwrap_or(0)),
            None => {
                return Err(block.error(
                    "max_count",
                    "missing; expected a number because the autoscaler is on",
                ));
            }
        };
        let autoscaler = Autoscaler::new(min, max).ok_or_else(|| {
            block.error(
                "max_count",
                format!(
                    "min_count {} is greater than max_count {}",
                    block.shown("min_count", min),
                    block.shown("max_count", max)
                ),
            )
        })?;
        Ok((count.unwrap_or(min), Some(autoscaler)))
    }

    fn share(
        &mut self,
        block: &Block<'_>,
        attribute: &str,
    ) -> Result<Option<IntOrPercent>, SourceError> {
        let word = match block.word(attribute)? {
            Field::Known(word) => word,
            Field::Unset => return Ok(None),
            Field::Unknown => {
                self.unknown.push(attribute.to_string());
                return Ok(None);
            }
        };
        IntOrPercent::from_word(&word).map(Some).ok_or_else(|| {
            block.error(
                attribute,
                "is neither a whole number nor a percentage; expected one as in 1 or 33%",
            )
        })
    }

    fn upgrade(&mut self) -> Result<UpgradeSettings, SourceError> {
        let block = match self.place.block.block("upgrade_settings")? {
            Field::Known(block) => block,
            Field::Unset => return Ok(UpgradeSettings::default()),
            Field::Unknown => {
                if self.is_set("upgrade_settings") {
                    self.unknown.push("max_surge".to_string());
                }
                return Ok(UpgradeSettings::default());
            }
        };
        let minutes = |attribute: &str| -> Result<Option<u32>, SourceError> {
            let value = block.count(attribute, u64::from(u32::MAX))?.known();
            Ok(value.and_then(|value| u32::try_from(value).ok()))
        };
        Ok(UpgradeSettings {
            // The provider writes 0 for a drain timeout that is not set.
            drain_timeout_minutes: minutes("drain_timeout_in_minutes")?.filter(|value| *value > 0),
            node_soak_minutes: minutes("node_soak_duration_in_minutes")?,
            undrainable_node_behavior: block
                .text("undrainable_node_behavior")?
                .known()
                .map(str::to_string),
            max_surge: self.share(&block, "max_surge")?,
            max_unavailable: self.share(&block, "max_unavailable")?,
        })
    }
}

impl Lowering<'_> {
    /// Lowers a pool. The mode is `User` unless the block says otherwise.
    ///
    /// # Errors
    /// When a value has the wrong shape.
    pub(super) fn pool(
        &self,
        place: &PoolPlace<'_>,
        facts: &mut Facts,
    ) -> Result<PoolFact, SourceError> {
        let block = &place.block;
        let name = match block.text("name")? {
            Field::Known(name) if !block.is_sensitive("name") => name.to_string(),
            _ => place.instance.address.clone(),
        };
        let who = format!("pool {name} of cluster {}", place.cluster);
        let mut numbers = Numbers {
            lowering: self,
            place,
            unknown: Vec::new(),
        };
        let (count, autoscaler) = numbers.size()?;
        let upgrade = numbers.upgrade()?;
        let max_pods = block.count("max_pods", u64::from(MOST_PODS))?;
        if max_pods == Field::Known(0) {
            return Err(block.error("max_pods", "is 0; expected a number of pods"));
        }
        let given = matches!(max_pods, Field::Known(_));
        let max_pods = numbers
            .take(max_pods, "max_pods")
            .and_then(|pods| u32::try_from(pods).ok());
        let unknown = numbers.unknown;
        if !given && !unknown.iter().any(|attribute| attribute == "max_pods") {
            facts.not_checked.push(format!(
                "{who}: max_pods is not set: AKS's default for the network mode is used"
            ));
        }
        let not_shown = self.configuration.setting(place.instance, &{
            let mut path = place.path.to_vec();
            path.push("name");
            path
        }) == Setting::NotShown;
        for attribute in &unknown {
            facts.not_checked.push(format!(
                "{who}: {attribute} is known only after apply{}",
                if not_shown {
                    " (the plan does not show how it is set, as in a dynamic block)"
                } else {
                    ""
                }
            ));
        }
        let word = |attribute: &str| -> Result<Option<String>, SourceError> {
            Ok(block.text(attribute)?.known().map(str::to_string))
        };
        let is = |attribute: &str, wanted: &str| -> Result<bool, SourceError> {
            let word = block.text(attribute)?.known();
            Ok(word.is_some_and(|word| word.eq_ignore_ascii_case(wanted)))
        };
        let pod_subnet = self.subnet_reference(place, "pod_subnet_id", &who, facts)?;
        let subnet = self.subnet_reference(place, "vnet_subnet_id", &who, facts)?;
        let mode = match block.text("mode")?.known() {
            Some(mode) if mode.eq_ignore_ascii_case("System") => PoolMode::System,
            Some(mode) if mode.eq_ignore_ascii_case("User") => PoolMode::User,
            Some(mode) if mode.eq_ignore_ascii_case("Gateway") => PoolMode::Gateway,
            Some(_) => PoolMode::Other,
            None => PoolMode::User,
        };
        let pool = NodePool {
            mode,
            os_type: if is("os_type", "Windows")? {
                OsType::Windows
            } else {
                OsType::Linux
            },
            kind: if is("type", "AvailabilitySet")? {
                PoolKind::AvailabilitySet
            } else if is("type", "VirtualMachines")? {
                PoolKind::VirtualMachines
            } else {
                PoolKind::ScaleSet
            },
            autoscaler,
            upgrade,
            has_pod_subnet: pod_subnet.is_some(),
            pod_ip_allocation: if is("pod_ip_allocation_mode", "StaticBlock")? {
                PodIpAllocation::StaticBlock
            } else {
                PodIpAllocation::DynamicIndividual
            },
            spot: is("priority", "Spot")?,
            kubernetes_version: word("orchestrator_version")?
                .as_deref()
                .and_then(KubernetesVersion::from_word),
            vm_size: word("vm_size")?,
            unknown,
            ..NodePool::new(name, count, max_pods.unwrap_or(0))
        };
        Ok(PoolFact {
            origin: None,
            pool,
            given: PoolGiven::ALL,
            version_asked: None,
            max_pods,
            subnet,
            pod_subnet,
        })
    }
}
