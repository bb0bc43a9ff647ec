//! Which resource a value will come from that is not known before apply. The configuration names what an expression refers to,
//! not what it does with it, so a reference is followed only where it leads to one place; anything else is said to be unknown.
//!
//! One assumption errs: `x[count.index]` and `x[count.index % 2]` look the same, and are taken for the first, but only when both
//! resources have the same instances, where any other formula would hardly be written.

use super::configuration::{Configuration, Setting};
use super::pick::Place;
use super::side::{Instance, Kind, Side};
use super::walk::Walk;

/// Where a value will come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A resource of the side, by position.
    Instance(usize),
    /// The only inline subnet of the VNet at this position.
    InlineSubnet(usize),
}

/// Follows an attribute of an instance to the resource of kind `wanted` it will name. `Err` says in words what
/// stands in the way.
pub fn follow(
    side: &Side,
    configuration: &Configuration,
    from: &Instance,
    path: &[&str],
    wanted: Kind,
) -> Result<Target, String> {
    let references = match configuration.setting(from, path) {
        Setting::Expression(references) => references,
        Setting::Unset => return Err("the configuration does not set it".to_string()),
        Setting::NotShown => {
            return Err("the plan does not show how it is set, as in a dynamic block".to_string());
        }
    };
    let mut walk = Walk::new(side, configuration, wanted);
    walk.visit(&references, &Place::of(from, side, configuration), None);
    walk.outcome()
}

/// Whether an expression can have a value that is only known after apply. What refers to nothing but variables, constants and
/// keys is known when the plan is made; if the plan still calls the attribute unknown, the expression is null, so unset.
pub fn depends_on_apply(
    side: &Side,
    configuration: &Configuration,
    from: &Instance,
    path: &[&str],
) -> bool {
    match configuration.setting(from, path) {
        Setting::Unset => false,
        Setting::NotShown => true,
        Setting::Expression(references) => {
            let mut walk = Walk::new(side, configuration, Kind::Subnet);
            walk.visit(&references, &Place::of(from, side, configuration), None);
            walk.is_open()
        }
    }
}
