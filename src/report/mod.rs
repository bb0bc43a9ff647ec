//! What is said, apart from how: one document model ([`document`]) that every command fills, rendered for a terminal
//! ([`terminal`]) or as Markdown ([`markdown`]); and the versioned JSON shapes ([`shapes`]) that other tools read. Never
//! computes: every number comes from the core.

pub mod capacity;
pub mod cidr;
pub mod compare;
pub mod diff;
pub mod document;
pub mod explain;
pub mod growth;
pub mod markdown;
pub mod migration;
pub mod predict;
pub mod readiness;
pub mod shapes;
pub mod simulation;
pub mod terminal;
pub mod timeline;

pub use document::{Block, Cell, Document, Table, Tone};
