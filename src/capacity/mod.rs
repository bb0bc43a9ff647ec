//! (capacity)

pub mod prefix_set;
