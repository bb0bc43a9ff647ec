//! What each pool's part of a range is, at the three moments. Sums are made in `rows`.

use super::assess::Levels;
use super::growth::Books;
use crate::model::{ClusterIndex, SubnetIndex};

/// A pool's part of a subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    pub cluster: ClusterIndex,
    /// Position in the cluster.
    pub position: usize,
    /// Addresses as nodes hold them; 0 where the cost of a node is not known.
    pub demand: Levels<u64>,
}

/// The parts of all pools that draw from a subnet, in the order of the fleet. Where live usages say more than the model, the sum of the
/// parts is less than what is held.
pub fn shares(books: &Books, subnet: SubnetIndex) -> Vec<Share> {
    books
        .users(subnet)
        .iter()
        .zip(books.pools(subnet))
        .map(|((cluster, position), user)| {
            let mut demand = Levels::default();
            if let Some(each) = user.each(subnet) {
                demand.add(each.held, user.pool);
            }
            Share {
                cluster: *cluster,
                position: *position,
                demand,
            }
        })
        .collect()
}
