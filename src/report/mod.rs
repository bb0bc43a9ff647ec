//! What is said, apart from how: one document model ([`document`]) that every command fills, rendered for a terminal
//! ([`terminal`]), as Markdown ([`markdown`]) or as one HTML page ([`html`]) with its charts ([`chart`], drawn by [`svg`]); and the
//! versioned JSON shapes ([`shapes`]) that other tools read. What was found, as one list ([`told`]), becomes SARIF ([`sarif`]) and
//! JUnit ([`junit`]). Never computes: every number comes from the core.

pub mod capacity;
pub mod chart;
pub mod cidr;
pub mod compare;
pub mod diff;
pub mod document;
pub mod explain;
pub mod gantt;
pub mod growth;
pub mod html;
pub mod junit;
pub mod markdown;
pub mod migration;
pub mod predict;
pub mod readiness;
pub mod review;
pub mod sarif;
pub mod shapes;
pub mod simulation;
pub mod spans;
pub mod svg;
pub mod terminal;
pub mod told;

pub use document::{Block, Cell, Document, Figure, Number, Table, Tone};
