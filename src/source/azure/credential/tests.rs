//! Signing in, against fakes.
