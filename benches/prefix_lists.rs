//! Prefix lists in memory: what a merge of a million prefixes costs, and how counting overlaps grows with the list: its item
//! throughput falls only as log n grows. Whole processes, and other programs on the same files: `benches/peers.sh`.
//!
//! `cargo bench --bench prefix_lists`; as a test (`cargo test --benches`) every function runs once.

use aksplan::capacity::prefix_set::text::push_prefix;
use aksplan::model::cidr::Ipv4Net;
use aksplan::source::prefix_list;
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 9, sample_size = 1)]
fn merge_a_million_anywhere(bencher: Bencher) {
    merging(bencher, anywhere);
}

#[divan::bench(sample_count = 9, sample_size = 1)]
fn merge_a_million_in_ten(bencher: Bencher) {
    merging(bencher, in_ten);
}

fn merging(bencher: Bencher, shape: Shape) {
    const PREFIXES: usize = 1_000_000;
    let text = list(PREFIXES, shape);
    bencher
        .counter(ItemsCount::new(PREFIXES))
        .bench_local(|| merge(&text));
}

#[divan::bench(args = [12_500, 100_000, 800_000, 6_400_000], sample_count = 9, sample_size = 1)]
fn overlaps_count(bencher: Bencher, prefixes: usize) {
    let text = list(prefixes, anywhere);
    bencher
        .counter(ItemsCount::new(prefixes))
        .bench_local(|| count_overlaps(&text));
}

fn merge(text: &[u8]) -> Vec<u8> {
    let list = prefix_list::parse("bench", text).expect("the generator writes prefixes");
    let mut out = Vec::new();
    for net in list.sorted().merge().iter() {
        push_prefix(net, &mut out);
        out.push(b'\n');
    }
    out
}

fn count_overlaps(text: &[u8]) -> u128 {
    let list = prefix_list::parse("bench", text).expect("the generator writes prefixes");
    list.sorted().count_overlaps()
}

/// A prefix from 64 random bits.
type Shape = fn(u64) -> Ipv4Net;

fn anywhere(random: u64) -> Ipv4Net {
    prefix((random >> 32) as u32, 16 + (random % 17) as u8)
}

fn in_ten(random: u64) -> Ipv4Net {
    prefix(10 << 24 | (random >> 40) as u32, 16 + (random % 13) as u8)
}

fn prefix(address: u32, length: u8) -> Ipv4Net {
    Ipv4Net::new(address.into(), length)
        .expect("lengths end at 32")
        .trunc()
}

fn list(prefixes: usize, shape: Shape) -> Vec<u8> {
    let mut seed = 20_240_229;
    let mut text = Vec::new();
    for _ in 0..prefixes {
        push_prefix(shape(split_mix(&mut seed)).into(), &mut text);
        text.push(b'\n');
    }
    text
}

/// SplitMix64: the same lists on every machine and in every year.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ *state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}
