//! `aksplan drain`, `upgrade` and `migrate` as a user meets them, on a cluster that is made here.

#[path = "../binary/mod.rs"]
mod binary;
#[path = "../committed/mod.rs"]
mod committed;
mod drain;
mod fixture;
mod reports;
mod said;
