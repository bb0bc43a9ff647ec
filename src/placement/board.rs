//! Nodes that take pods, by class and by how much of them is free, so that the emptiest is found without looking at the others.
//! Decides nothing about a pod.

use super::places::{LEVELS, Places};

/// A bit for each node in a table of seats (classes of nodes) and levels (free share). What is on it depends on what is free now and
/// never on how it came to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Board {
    /// Of a seat, one row of bits for each level, a bit for each member.
    bits: Vec<u64>,
    /// Where each seat's bits begin.
    starts: Vec<u32>,
    /// Words of a row of each seat.
    words: Vec<u32>,
    /// By seat and level, nodes there.
    filled: Vec<u32>,
    /// Of a level, a bit for each seat with nodes there.
    seats: Vec<u64>,
    seat_words: usize,
}

// `clone_from` keeps what is already allocated: futures are forked from one state thousands of times.
impl Clone for Board {
    fn clone(&self) -> Self {
        Board {
            bits: self.bits.clone(),
            starts: self.starts.clone(),
            words: self.words.clone(),
            filled: self.filled.clone(),
            seats: self.seats.clone(),
            seat_words: self.seat_words,
        }
    }

    fn clone_from(&mut self, other: &Self) {
        self.bits.clone_from(&other.bits);
        self.starts.clone_from(&other.starts);
        self.words.clone_from(&other.words);
        self.filled.clone_from(&other.filled);
        self.seats.clone_from(&other.seats);
        self.seat_words = other.seat_words;
    }
}

impl Board {
    pub fn of(places: &Places) -> Self {
        let classes = places.classes.count();
        let mut starts = Vec::with_capacity(places.seats);
        let mut words = Vec::with_capacity(places.seats);
        let mut next = 0;
        for seat in 0..places.seats {
            let row = places.classes.members(seat % classes).len().div_ceil(64);
            starts.push(next as u32);
            words.push(row as u32);
            next += row * LEVELS;
        }
        let seat_words = places.seats.div_ceil(64);
        Board {
            bits: vec![0; next],
            starts,
            words,
            filled: vec![0; places.seats * LEVELS],
            seats: vec![0; seat_words * LEVELS],
            seat_words,
        }
    }

    #[inline]
    fn word(&self, seat: usize, level: u8, place: u32) -> usize {
        (self.starts[seat] + u32::from(level) * self.words[seat] + place / 64) as usize
    }

    #[inline]
    pub fn put(&mut self, seat: usize, level: u8, place: u32) {
        let word = self.word(seat, level, place);
        self.bits[word] |= 1 << (place % 64);
        let filled = &mut self.filled[seat * LEVELS + usize::from(level)];
        *filled += 1;
        if *filled == 1 {
            self.seats[usize::from(level) * self.seat_words + seat / 64] |= 1 << (seat % 64);
        }
    }

    #[inline]
    pub fn take(&mut self, seat: usize, level: u8, place: u32) {
        let word = self.word(seat, level, place);
        self.bits[word] &= !(1 << (place % 64));
        let filled = &mut self.filled[seat * LEVELS + usize::from(level)];
        *filled -= 1;
        if *filled == 0 {
            self.seats[usize::from(level) * self.seat_words + seat / 64] &= !(1 << (seat % 64));
        }
    }

    /// The first node that is taken, from the freest level down to `least`: by seat, then by number. `enter`: whether to look at a
    /// seat at all.
    #[inline]
    pub fn first(
        &self,
        places: &Places,
        among: &[u64],
        least: u8,
        mut enter: impl FnMut(usize) -> bool,
        mut take: impl FnMut(usize) -> bool,
    ) -> Option<usize> {
        let classes = places.classes.count();
        for level in (usize::from(least)..LEVELS).rev() {
            let row = &self.seats[level * self.seat_words..][..self.seat_words];
            for (word, (filled, among)) in row.iter().zip(among).enumerate() {
                let mut seats = filled & among;
                while seats != 0 {
                    let seat = word * 64 + seats.trailing_zeros() as usize;
                    seats &= seats - 1;
                    if !enter(seat) {
                        continue;
                    }
                    let class = if seat < classes { seat } else { seat - classes };
                    let members = places.classes.members(class);
                    let words = self.words[seat] as usize;
                    let start = self.starts[seat] as usize + level * words;
                    for (word, bits) in self.bits[start..start + words].iter().enumerate() {
                        let mut bits = *bits;
                        while bits != 0 {
                            let place = word * 64 + bits.trailing_zeros() as usize;
                            bits &= bits - 1;
                            let node = members[place] as usize;
                            if take(node) {
                                return Some(node);
                            }
                        }
                    }
                }
            }
        }
        None
    }
}
