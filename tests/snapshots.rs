//! Snapshots through the real program: written, read back, refused, redacted, compared.

#[path = "snapshots/arbitrary.rs"]
mod arbitrary;
#[path = "snapshots/arbitrary_objects.rs"]
mod arbitrary_objects;
mod binary;
#[path = "snapshots/differences.rs"]
mod differences;
#[path = "snapshots/files.rs"]
mod files;
#[path = "snapshots/laws.rs"]
mod laws;
