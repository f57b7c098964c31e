//! Numbers that look random and follow from a seed and a place: the dialog in the thousandth place is the same however far a
//! run came before it.

use uuid::Uuid;

/// A stream of numbers (splitmix64).
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Chance {
    /// The stream of one place under a seed. Neighbours have nothing in common.
    pub fn at(seed: u64, place: u64) -> Self {
        Self(mixed(mixed(seed.wrapping_add(STEP)) ^ place.wrapping_mul(0xd134_2543_de82_ef95)))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// From 0 up to, but without, `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        u64::try_from((u128::from(self.next()) * u128::from(bound)) >> 64).expect("less than the bound")
    }

    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).expect("fits"))).expect("below the length")
    }

    /// True in so many of a thousand cases.
    pub fn per_mille(&mut self, cases: u64) -> bool {
        self.below(1000) < cases
    }

    /// From 0 up to, but without, 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// From 0 up to, but without, `bound`; the higher the power, the more of them are small.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rounded down on purpose, and below the bound"
    )]
    pub fn skewed(&mut self, bound: u64, power: f64) -> u64 {
        ((self.fraction().powf(power) * bound as f64) as u64).min(bound.saturating_sub(1))
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.index(from.len())]
    }

    pub fn uuid4(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes(self.sixteen()).into_uuid()
    }

    /// A version 7 of this millisecond.
    pub fn uuid7(&mut self, millis: i64) -> Uuid {
        let random = self.sixteen();
        let random = random[..10].try_into().expect("ten of sixteen bytes");
        uuid::Builder::from_unix_timestamp_millis(u64::try_from(millis).unwrap_or(0), random).into_uuid()
    }

    fn sixteen(&mut self) -> [u8; 16] {
        ((u128::from(self.next()) << 64) | u128::from(self.next())).to_be_bytes()
    }
}

fn mixed(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
