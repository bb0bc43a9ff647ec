//! IP prefixes and ranges: parsing that refuses what Azure would refuse, the size of a subnet, and sets of addresses.
//! Never decides whether two ranges *may* meet; that is `capacity::overlap`.

pub use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::IpAddr;

/// Why a text is not a prefix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CidrError {
    #[error("`{0}` is not a CIDR; expected an address and a prefix length, as in 10.240.0.0/22")]
    Malformed(String),
    #[error("`{given}` has host bits set; the prefix is {network}")]
    HostBits { given: String, network: IpNet },
}

/// Parses `address/length`, IPv4 or IPv6. A bare address is a host prefix (/32, /128).
///
/// # Errors
/// [`CidrError::Malformed`] for anything else, [`CidrError::HostBits`] when bits below the prefix length are set: Azure
/// refuses those, and guessing which of the two was meant would move a subnet.
pub fn parse_cidr(text: &str) -> Result<IpNet, CidrError> {
    let text = text.trim();
    let net = match text.parse::<IpNet>() {
        Ok(net) => net,
        Err(_) => match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address),
            Err(_) => return Err(CidrError::Malformed(clip(text))),
        },
    };
    if net.addr() != net.network() {
        return Err(CidrError::HostBits {
            given: clip(text),
            network: net.trunc(),
        });
    }
    Ok(net)
}

/// Error messages quote what was read; a megabyte of it helps nobody.
fn clip(text: &str) -> String {
    const LONGEST: usize = 60;
    if text.chars().count() <= LONGEST {
        return text.to_string();
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}
