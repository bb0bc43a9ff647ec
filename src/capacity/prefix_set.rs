//! Lists of a million prefixes as sets of addresses: what they cover together, and which of them overlap.
//! Knows nothing of files or lines: an entry carries an `origin` that only the caller understands.
//!
//! Prefixes nest or are disjoint, they never cross. So one sort, and one sweep in which whatever is still open contains
//! the next entry, answers every question here; nothing is compared with everything.

mod entry;
pub mod text;

#[cfg(test)]
mod laws;

pub(crate) use entry::host_bits_v4;
use entry::{Entry, Packed, PackedV4, PackedV6};
use ipnet::IpNet;
use rayon::slice::ParallelSliceMut;

/// Prefixes in the order they were listed, duplicates kept. Without origins 8 bytes an IPv4 prefix, 24 an IPv6 one; with
/// a `u64` origin 16 and 32.
#[derive(Debug, Clone)]
pub struct PrefixList<O = ()> {
    v4: Pieces<PackedV4, O>,
    v6: Pieces<PackedV6, O>,
}

/// A list as [`PrefixList::append`] brought it, gathered only to be sorted: one that grew as it was read would be copied
/// again and again.
type Pieces<P, O> = Vec<Vec<Entry<P, O>>>;

impl<O> Default for PrefixList<O> {
    fn default() -> Self {
        PrefixList::with_v4_capacity(0)
    }
}

impl<O> PrefixList<O> {
    /// Room for that many IPv4 prefixes before the list has to move.
    pub fn with_v4_capacity(prefixes: usize) -> Self {
        PrefixList {
            v4: vec![Vec::with_capacity(prefixes)],
            v6: Vec::new(),
        }
    }

    /// Bits of `net` below its prefix length are ignored.
    pub fn push(&mut self, net: IpNet, origin: O) {
        match net {
            IpNet::V4(net) => self.push_v4(net.network().to_bits(), net.prefix_len(), origin),
            IpNet::V6(net) => {
                let prefix = PackedV6::new(net.network().to_bits(), net.prefix_len());
                push(&mut self.v6, Entry { prefix, origin });
            }
        }
    }

    /// What [`PrefixList::push`] does, for a reader that has the two numbers at hand. Host bits must be clear and
    /// `length` at most 32: a reader has checked both, and they are not checked again a million times.
    pub(crate) fn push_v4(&mut self, address: u32, length: u8, origin: O) {
        let prefix = PackedV4::new(address, length);
        push(&mut self.v4, Entry { prefix, origin });
    }

    /// Takes over the entries of `other`.
    pub fn append(&mut self, mut other: PrefixList<O>) {
        self.v4.append(&mut other.v4);
        self.v6.append(&mut other.v6);
    }

    /// The same list with another origin for each entry.
    #[must_use]
    pub fn map_origins<P>(self, origin: impl Fn(O) -> P) -> PrefixList<P> {
        PrefixList {
            v4: map_origins(self.v4, &origin),
            v6: map_origins(self.v6, &origin),
        }
    }

    /// Entries, duplicates counted.
    pub fn len(&self) -> usize {
        entries(&self.v4) + entries(&self.v6)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<O: Copy + Ord + Send> PrefixList<O> {
    /// Sorts by address, a container before what it contains, duplicates by origin; n log n, on every core.
    pub fn sorted(self) -> SortedPrefixes<O> {
        SortedPrefixes {
            v4: gather_sorted(self.v4),
            v6: gather_sorted(self.v6),
        }
    }
}

fn push<P, O>(pieces: &mut Pieces<P, O>, entry: Entry<P, O>) {
    match pieces.last_mut() {
        Some(piece) => piece.push(entry),
        None => pieces.push(vec![entry]),
    }
}

fn map_origins<P, O, Q>(pieces: Pieces<P, O>, origin: impl Fn(O) -> Q) -> Pieces<P, Q> {
    let one = |piece: Vec<Entry<P, O>>| piece.into_iter().map(|e| e.map(&origin)).collect();
    pieces.into_iter().map(one).collect()
}

/// A sort by leading digits saves a tenth of a merge at best and takes twice the memory.
fn gather_sorted<P: Packed + Send, O: Ord + Send>(pieces: Pieces<P, O>) -> Vec<Entry<P, O>> {
    let mut sorted = Vec::with_capacity(entries(&pieces));
    for piece in pieces {
        sorted.extend(piece); // and frees it
    }
    sorted.par_sort_unstable();
    sorted
}

fn entries<P, O>(pieces: &Pieces<P, O>) -> usize {
    pieces.iter().map(Vec::len).sum()
}

/// A list in the order of its addresses: IPv4 before IPv6, a container before what it contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortedPrefixes<O = ()> {
    v4: Vec<Entry<PackedV4, O>>,
    v6: Vec<Entry<PackedV6, O>>,
}

impl<O: Copy> SortedPrefixes<O> {
    pub fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = IpNet> {
        let v4 = self.v4.iter().map(|e| e.prefix.net());
        v4.chain(self.v6.iter().map(|e| e.prefix.net()))
    }

    /// The smallest set of prefixes that covers exactly the same addresses. There is only one.
    pub fn merge(self) -> SortedPrefixes<O> {
        let SortedPrefixes { mut v4, mut v6 } = self;
        merge(&mut v4);
        merge(&mut v6);
        SortedPrefixes { v4, v6 }
    }

    /// Unordered pairs of entries that share an address; a prefix listed k times makes k(k-1)/2 of them.
    pub fn count_overlaps(&self) -> u128 {
        count_overlaps(&self.v4) + count_overlaps(&self.v6)
    }

    /// Shows every pair that [`SortedPrefixes::count_overlaps`] counts, container first, sorted by container and then by
    /// contained. Nothing is collected: the pairs of a list can be quadratic in its length.
    ///
    /// # Errors
    /// The first error of `visit`, which ends the walk.
    pub fn overlapping_pairs<E>(
        &self,
        mut visit: impl FnMut((IpNet, O), (IpNet, O)) -> Result<(), E>,
    ) -> Result<(), E> {
        overlapping_pairs(&self.v4, &mut visit)?;
        overlapping_pairs(&self.v6, &mut visit)
    }
}

/// Works in place: what is kept never outnumbers what was read. An entry inside the last one kept adds nothing; two
/// halves of one prefix become that prefix, which may be a half in turn. Every entry is kept once and joined away at most
/// once, so the sweep is linear.
fn merge<P: Packed, O: Copy>(sorted: &mut Vec<Entry<P, O>>) {
    let mut kept = 0;
    for read in 0..sorted.len() {
        let mut entry = sorted[read];
        if kept > 0 && entry.prefix.first() <= sorted[kept - 1].prefix.last() {
            continue;
        }
        while kept > 0
            && let Some(whole) = sorted[kept - 1].prefix.joined(entry.prefix)
        {
            entry.prefix = whole;
            kept -= 1;
        }
        sorted[kept] = entry;
        kept += 1;
    }
    sorted.truncate(kept);
}

/// The entries that contain the current one form a chain, outermost first. It is kept as (last address, entries from the
/// outermost to here); those that end together are one link, so it is never longer than there are prefix lengths.
fn count_overlaps<P: Packed, O>(sorted: &[Entry<P, O>]) -> u128 {
    let mut chain: Vec<(P::Address, u128)> = Vec::with_capacity(130);
    let mut pairs: u128 = 0;
    for entry in sorted {
        let (first, last) = (entry.prefix.first(), entry.prefix.last());
        while chain.pop_if(|(end, _)| *end < first).is_some() {}
        let containing = chain.last().map_or(0, |(_, entries)| *entries);
        pairs += containing;
        match chain.last_mut() {
            Some((end, entries)) if *end == last => *entries += 1,
            _ => chain.push((last, containing + 1)),
        }
    }
    pairs
}

fn overlapping_pairs<P: Packed, O: Copy, E>(
    sorted: &[Entry<P, O>],
    visit: &mut impl FnMut((IpNet, O), (IpNet, O)) -> Result<(), E>,
) -> Result<(), E> {
    for (index, outer) in sorted.iter().enumerate() {
        let last = outer.prefix.last();
        let inside = sorted[index + 1..]
            .iter()
            .take_while(|e| e.prefix.first() <= last);
        for inner in inside {
            visit(
                (outer.prefix.net(), outer.origin),
                (inner.prefix.net(), inner.origin),
            )?;
        }
    }
    Ok(())
}
