//! What happens over time, played from an inventory: growth ([`growth`]). One clock, one seed ([`seed`]); time and seed are
//! inputs. Never asks a clock, and never says what nobody asked to be played.

pub mod growth;
pub mod seed;
