//! (migrate)
