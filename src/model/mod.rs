//! The nouns. Values that guard their own invariants; nothing here reads, computes policy or prints.

pub mod cidr;
