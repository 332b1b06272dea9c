/// `SplitMix64` (Steele, Lea, Flood 2014): the same numbers from the same seed on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A position in a list of this length; 0 for an empty one.
    pub(crate) fn below(&mut self, length: usize) -> usize {
        let length = (length as u64).max(1);
        usize::try_from(self.next() % length).unwrap_or_default()
    }

    /// At least 0 and below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let whole = (self.next() >> 11) as f64;
        whole / 9_007_199_254_740_992.0
    }
}
