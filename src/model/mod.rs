//! The nouns. Values that guard their own invariants; nothing here reads, decides or prints.
//!
//! Reading order: [`cidr`] (prefixes and sets of addresses) · [`network`] (VNets, subnets, peerings, routes) · [`security`] and [`gateway`] (what
//! filters pods' traffic, and what holds their addresses) · [`platform`] (what Azure runs beside a cluster) · [`cluster`]
//! (pools, network modes, autoscaler bounds, upgrade settings) · [`maintenance`] (when AKS may act by itself) · [`workload`]
//! (what Kubernetes says) · [`inventory`] (all of it at one instant) · [`subject`] (what a statement is about, and where that stands
//! in what was read).

pub mod cidr;
pub mod cluster;
pub mod gateway;
pub mod inventory;
pub mod maintenance;
pub mod network;
pub mod operation;
pub mod platform;
pub mod security;
pub mod step;
pub mod subject;
pub mod workload;

pub use cidr::{CidrError, IpNet, RangeSet, parse_cidr};
pub use cluster::{
    Addons, AutoUpgrade, Autoscaler, Cluster, Identity, IntOrPercent, KubernetesVersion,
    LoadBalancerProfile, NetworkMode, NetworkPlugin, NetworkProfile, NodePool, OsType,
    PodIpAllocation, PoolKind, PoolMode, Profiles, UpgradeSettings,
};
pub use gateway::{AddressRecord, ApplicationGateway, BackendPool, PrivateDnsZone};
pub use inventory::{ClusterIndex, Inventory, ReservedRange, SubnetIndex, VnetIndex};
pub use maintenance::{
    DateSpan, MaintenanceConfiguration, MaintenanceWindow, Schedule, TimeInWeek, TimeSpan,
    WeekIndex, Weekday,
};
pub use network::{
    HeldAddress, Holder, HolderKind, NatGateway, Peering, ResourceId, Route, RouteTable, Subnet,
    VirtualNetwork, is_named,
};
pub use operation::Change;
pub use platform::{
    FederatedCredential, Grafana, LogAlert, ManagedIdentity, MetricAlert, Platform, PlatformList,
    PrometheusAlert, PrometheusRuleGroup,
};
pub use security::{NetworkSecurityGroup, SecurityEnd, SecurityRule};
pub use step::{PlanStep, PoolStep, StepKind};
pub use subject::{Place, Places, Subject};
pub use workload::KubernetesState;
