/// `MurmurHash3_x86_32` (A. Appleby, public domain algorithm) with seed 0, as a signed number.
pub(super) fn murmur3(bytes: &[u8]) -> i32 {
    let scramble =
        |word: u32| word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    let mut hash = 0_u32;
    let (words, rest) = bytes.as_chunks::<4>();
    for word in words {
        hash ^= scramble(u32::from_le_bytes(*word));
        hash = hash.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    let tail = rest.iter().rev().fold(0_u32, |tail, &byte| tail << 8 | u32::from(byte));
    hash ^= scramble(tail);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the algorithm takes the length modulo 2³²"
    )]
    let length = bytes.len() as u32;
    hash ^= length;
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    (hash ^ hash >> 16).cast_signed()
}
