//! Snapshots through the real program: written, read back, refused, redacted, compared.

#[path = "snapshots/arbitrary.rs"]
mod arbitrary;
mod binary;
#[path = "snapshots/differences.rs"]
mod differences;
#[path = "snapshots/files.rs"]
mod files;
#[path = "snapshots/laws.rs"]
mod laws;
