//! What can go wrong with an answer, and seeded plans of it. A plan looks at the request alone and at how often the same was
//! asked before, so that the order in which concurrent requests arrive changes nothing.

use std::sync::Arc;

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// 429.
    Throttled(RetryAfter),
    /// Any other status, with Azure Resource Manager's error body.
    Status(u16),
    /// 200 or another status, from a proxy that knows nothing of JSON.
    Html(u16),
    /// No answer; the connection stays open.
    Stall,
    /// The connection is reset before a byte is answered.
    Reset,
    /// `content-length` promises more than comes.
    HalfBody,
    /// A chunked answer whose last chunk never comes.
    CutChunks,
    /// The status and the length are right, the JSON ends in the middle.
    CutJson,
    /// The next page is this page.
    RepeatedPage,
    /// The next page is said to be elsewhere.
    NextPageAt(String),
    /// The answer is right; then these resources are deleted.
    ThenDeleted(Vec<String>),
    /// 401, the token has expired.
    Expired,
    /// Resource Graph says that it cut the answer, and hands out no token to go on.
    Truncated,
}

/// How a 429 says when to come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    Unsaid,
    Seconds(u64),
    /// An HTTP date so many seconds from now.
    Date(i64),
}

/// The request, as far as a plan may look.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// Decoded, without the query.
    pub path: String,
    /// The query and, of a POST, the body: what makes two requests the same.
    pub rest: String,
    /// How often the same was asked before.
    pub before: u32,
    /// How many requests of any kind came before.
    pub number: usize,
}

impl Asked {
    pub fn ends(&self, end: &str) -> bool {
        self.path
            .to_ascii_lowercase()
            .ends_with(&end.to_ascii_lowercase())
    }
}

pub type Plan = Arc<dyn Fn(&Asked) -> Option<Fault> + Send + Sync>;

/// Nothing goes wrong.
pub fn none() -> Plan {
    Arc::new(|_| None)
}

/// The plan that a closure is.
pub fn plan(of: impl Fn(&Asked) -> Option<Fault> + Send + Sync + 'static) -> Plan {
    Arc::new(of)
}

/// Each request fails with the given chance (of 100) in one of the given ways, at most `most` times in a row; then it is
/// answered. The same seed and the same requests fail in the same way, whatever order they come in.
pub fn passing(seed: u64, chance: u64, most: u32, ways: Vec<Fault>) -> Plan {
    Arc::new(move |asked| {
        if asked.before >= most {
            return None;
        }
        let mut draws = Draws::of(
            seed,
            &format!("{}{}{}", asked.path, asked.rest, asked.before),
        );
        (draws.below(100) < chance).then(|| draws.pick(&ways).clone())
    })
}

/// Some paths fail always, in a way that repeating does not heal; which ones, the seed says.
pub fn lasting(seed: u64, chance: u64, ways: Vec<Fault>) -> Plan {
    Arc::new(move |asked| {
        let mut draws = Draws::of(seed, &asked.path.to_ascii_lowercase());
        (draws.below(100) < chance).then(|| draws.pick(&ways).clone())
    })
}

/// Numbers from a seed: SplitMix64.
#[derive(Debug, Clone)]
pub struct Draws(u64);

impl Draws {
    pub fn new(seed: u64) -> Self {
        Draws(seed)
    }

    /// Numbers that depend on a text as well.
    pub fn of(seed: u64, text: &str) -> Self {
        let mut draws = Draws(seed);
        for byte in text.bytes() {
            draws.0 = draws.next() ^ u64::from(byte);
        }
        draws
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let position = usize::try_from(self.below(from.len() as u64)).expect("an index");
        &from[position]
    }
}
