//! `CityHash64` of version 1.0, whose answers differ from those of later versions, as `util/digest/city.h` of
//! Yandex' libraries has it.

const K0: u64 = 0xc3a5_c85c_97cb_3127;
const K1: u64 = 0xb492_b66f_be98_f273;
const K2: u64 = 0x9ae1_6a3b_2f90_404f;
const K3: u64 = 0xc949_d7c7_509e_6557;
const PAIR: u64 = 0x9ddf_ea08_eb38_2d69;

/// The low 32 bits of the hash, signed: what CatBoost calls a category.
pub(super) fn low32(text: &str) -> i32 {
    let [a, b, c, d, ..] = hash(text.as_bytes()).to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

fn hash(text: &[u8]) -> u64 {
    match text.len() {
        0..=16 => short(text),
        17..=32 => medium(text),
        33..=64 => wide(text),
        _ => long(text),
    }
}

/// Eight bytes from a place, little-endian. The place is within the text by the lengths above.
fn word(text: &[u8], at: usize) -> u64 {
    text.get(at..).and_then(|rest| rest.first_chunk()).copied().map_or(0, u64::from_le_bytes)
}

fn half(text: &[u8], at: usize) -> u64 {
    let bytes = text.get(at..).and_then(|rest| rest.first_chunk());
    bytes.copied().map_or(0, |bytes| u64::from(u32::from_le_bytes(bytes)))
}

fn fold(value: u64) -> u64 {
    value ^ (value >> 47)
}

/// Two words made one.
fn pair(low: u64, high: u64) -> u64 {
    let first = fold((low ^ high).wrapping_mul(PAIR));
    fold((high ^ first).wrapping_mul(PAIR)).wrapping_mul(PAIR)
}

fn sum(parts: &[u64]) -> u64 {
    parts.iter().fold(0, |sum, part| sum.wrapping_add(*part))
}

fn short(text: &[u8]) -> u64 {
    let n = text.len();
    let length = n as u64;
    if n > 8 {
        let (first, last) = (word(text, 0), word(text, n - 8));
        let turned = last.wrapping_add(length).rotate_right(u32::try_from(n).unwrap_or_default());
        return pair(first, turned) ^ last;
    }
    if n >= 4 {
        return pair(length.wrapping_add(half(text, 0) << 3), half(text, n - 4));
    }
    let (Some(&first), Some(&middle), Some(&last)) = (text.first(), text.get(n / 2), text.last())
    else {
        return K2;
    };
    let y = u64::from(first) + (u64::from(middle) << 8);
    let z = length + (u64::from(last) << 2);
    fold(y.wrapping_mul(K2) ^ z.wrapping_mul(K3)).wrapping_mul(K2)
}

fn medium(text: &[u8]) -> u64 {
    let length = text.len();
    let (first, second) = (word(text, 0).wrapping_mul(K1), word(text, 8));
    let last = word(text, length - 8).wrapping_mul(K2);
    let before = word(text, length - 16).wrapping_mul(K0);
    let low = sum(&[first.wrapping_sub(second).rotate_right(43), last.rotate_right(30), before]);
    let turned = (second ^ K3).rotate_right(20);
    let high = sum(&[first, turned, last.wrapping_neg(), length as u64]);
    pair(low, high)
}

/// A half of [`wide`]: four words and a start make two.
fn half_of_wide(start: u64, first: u64, second: u64, third: u64, last: u64) -> (u64, u64) {
    let a = first.wrapping_add(start);
    let b = a.wrapping_add(last).rotate_right(52);
    let c = a.rotate_right(37);
    let a = a.wrapping_add(second);
    let c = c.wrapping_add(a.rotate_right(7));
    let a = a.wrapping_add(third);
    (a.wrapping_add(last), sum(&[b, a.rotate_right(31), c]))
}

fn wide(text: &[u8]) -> u64 {
    let n = text.len();
    let start = (n as u64).wrapping_add(word(text, n - 16)).wrapping_mul(K0);
    let (v0, v1) =
        half_of_wide(start, word(text, 0), word(text, 8), word(text, 16), word(text, 24));
    let (w0, w1) = half_of_wide(
        word(text, 16),
        word(text, n - 32),
        word(text, n - 24),
        word(text, n - 16),
        word(text, n - 8),
    );
    let mixed =
        v0.wrapping_add(w1).wrapping_mul(K2).wrapping_add(w0.wrapping_add(v1).wrapping_mul(K0));
    fold(fold(mixed).wrapping_mul(K0).wrapping_add(v1)).wrapping_mul(K2)
}

/// 32 bytes from a place and two seeds make two words.
fn weak(text: &[u8], at: usize, low: u64, high: u64) -> (u64, u64) {
    let [first, second, third, last] = [at, at + 8, at + 16, at + 24].map(|at| word(text, at));
    let low = low.wrapping_add(first);
    let high = sum(&[high, low, last]).rotate_right(21);
    let all = sum(&[low, second, third]);
    (all.wrapping_add(last), sum(&[high, all.rotate_right(44), low]))
}

/// The end first, then 64 bytes at a time from the beginning.
fn long(text: &[u8]) -> u64 {
    let length = text.len();
    let long = length as u64;
    let mut mix = word(text, 0);
    let mut turn = word(text, length - 16) ^ K1;
    let mut rest = word(text, length - 56) ^ K0;
    let mut odd = weak(text, length - 64, long, turn);
    let mut even = weak(text, length - 32, long.wrapping_mul(K1), K0);
    rest = rest.wrapping_add(fold(odd.1).wrapping_mul(K1));
    mix = rest.wrapping_add(mix).rotate_right(39).wrapping_mul(K1);
    turn = turn.rotate_right(33).wrapping_mul(K1);
    for at in (0..(length - 1) / 64 * 64).step_by(64) {
        let seventh = word(text, at + 48);
        mix = sum(&[mix, turn, odd.0, word(text, at + 16)]).rotate_right(37).wrapping_mul(K1)
            ^ even.1;
        turn = sum(&[turn, odd.1, seventh]).rotate_right(42).wrapping_mul(K1) ^ odd.0;
        rest = (rest ^ even.0).rotate_right(33);
        odd = weak(text, at, odd.1.wrapping_mul(K1), mix.wrapping_add(even.0));
        even = weak(text, at + 32, rest.wrapping_add(even.1), turn);
        (mix, rest) = (rest, mix);
    }
    let low = sum(&[pair(odd.0, even.0), fold(turn).wrapping_mul(K1), rest]);
    pair(low, pair(odd.1, even.1).wrapping_add(mix))
}

#[cfg(test)]
mod tests {
    use super::low32;

    /// `cat_features_hash` of models that CatBoost 1.2.10 saved.
    #[test]
    fn the_hash_is_that_of_catboost_at_every_length() {
        let x = |n: usize| "x".repeat(n);
        let long =
            "a name of a city that is longer than one hundred and twenty-eight bytes, so that \
                    the hash goes around its loop more than once: "
                .to_owned()
                + &"z".repeat(31);
        let known: [(&str, u32); 18] = [
            ("", 797_982_799),
            ("2", 3_010_176_887),
            ("a", 3_489_901_818),
            ("ab", 4_090_249_022),
            ("abc", 978_243_121),
            ("abcd", 345_588_365),
            ("Oslo", 4_260_450_586),
            ("green", 1_390_465_085),
            ("東京", 991_853_845),
            ("abcdefgh", 4_270_775_063),
            ("São Paulo", 607_502_683),
            ("sixteen letters.", 47_923_324),
            ("seventeen letters", 3_714_021_364),
            (&x(32), 664_286_079),
            (&x(33), 1_424_607_287),
            (&x(64), 648_792_787),
            (&x(65), 4_146_223_823),
            (&long, 1_078_601_634),
        ];
        for (text, hash) in known {
            assert_eq!(low32(text).cast_unsigned(), hash, "{text}");
        }
        assert_eq!(low32(&"y".repeat(128)).cast_unsigned(), 1_778_832_667);
    }
}
