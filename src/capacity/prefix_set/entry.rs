//! A prefix small enough that a million of them fit a processor's cache, and that orders as its address does.
//! Host bits are clear by construction, which is what makes the order and the joins below right.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// One line of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry<P, O> {
    pub prefix: P,
    pub origin: O,
}

impl<P, O> Entry<P, O> {
    pub fn map<Q>(self, origin: impl Fn(O) -> Q) -> Entry<P, Q> {
        Entry {
            prefix: self.prefix,
            origin: origin(self.origin),
        }
    }
}

/// What the sweeps need to know of a prefix of either family. Orders by first address, then a container before what it
/// contains.
pub(super) trait Packed: Copy + Ord {
    type Address: Copy + Ord;

    fn first(self) -> Self::Address;
    fn last(self) -> Self::Address;
    fn net(self) -> IpNet;

    /// The prefix whose lower half is `self` and whose upper half is `upper`, if there is one. `self` must start below
    /// `upper`.
    fn joined(self, upper: Self) -> Option<Self>;
}

/// `address << 8 | length`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PackedV4(u64);

impl PackedV4 {
    /// `length` is at most 32 and the bits of `address` below it are clear.
    pub fn new(address: u32, length: u8) -> Self {
        debug_assert!(length <= 32 && address & host_bits_v4(length) == 0);
        PackedV4(u64::from(address) << 8 | u64::from(length))
    }

    fn length(self) -> u8 {
        self.0 as u8
    }
}

impl Packed for PackedV4 {
    type Address = u32;

    fn first(self) -> u32 {
        (self.0 >> 8) as u32
    }

    fn last(self) -> u32 {
        self.first() | host_bits_v4(self.length())
    }

    fn net(self) -> IpNet {
        IpNet::V4(Ipv4Net::new_assert(self.first().into(), self.length()))
    }

    fn joined(self, upper: Self) -> Option<Self> {
        let length = self.length();
        let half = host_bits_v4(length).wrapping_add(1);
        let halves = length == upper.length() && length > 0 && self.first() ^ upper.first() == half;
        halves.then(|| PackedV4(self.0 - 1))
    }
}

/// Bits below the prefix length.
pub(crate) fn host_bits_v4(length: u8) -> u32 {
    u32::MAX.checked_shr(length.into()).unwrap_or(0)
}

/// The address in two halves: a `u128` would be aligned to 16 bytes and make the entry 32 bytes long, not 24.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PackedV6 {
    high: u64,
    low: u64,
    length: u8,
}

impl PackedV6 {
    /// `length` is at most 128 and the bits of `first` below it are clear.
    pub fn new(first: u128, length: u8) -> Self {
        PackedV6 {
            high: (first >> 64) as u64,
            low: first as u64,
            length,
        }
    }

    fn host_bits(self) -> u128 {
        u128::MAX.checked_shr(self.length.into()).unwrap_or(0)
    }
}

impl Packed for PackedV6 {
    type Address = u128;

    fn first(self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }

    fn last(self) -> u128 {
        self.first() | self.host_bits()
    }

    fn net(self) -> IpNet {
        IpNet::V6(Ipv6Net::new_assert(self.first().into(), self.length))
    }

    fn joined(self, upper: Self) -> Option<Self> {
        let half = self.host_bits().wrapping_add(1);
        let halves =
            self.length == upper.length && self.length > 0 && self.first() ^ upper.first() == half;
        halves.then(|| PackedV6::new(self.first(), self.length - 1))
    }
}
