//! The lock in the cluster itself, as the rest of the program may name it. Says nothing of the journal's own lock.

pub use crate::source::kubernetes_api::lease::{Lease, LeaseError};
