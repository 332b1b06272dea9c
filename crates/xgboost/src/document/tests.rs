use super::number::narrow;

#[test]
fn a_text_rounds_once() {
    for text in ["9.67498269e-11", "8.30628079e-15", "8.90866267e-15", "2.72314533e-17"] {
        let (once, twice): (f32, f64) = (text.parse().unwrap(), text.parse().unwrap());
        #[expect(clippy::cast_possible_truncation, reason = "the wrong way, to show it is wrong")]
        let wrong = twice as f32;
        assert_ne!(once.to_bits(), wrong.to_bits(), "{text} shows nothing");
        assert_eq!(once.to_bits(), narrow(twice).to_bits(), "{text}");
    }
    for (value, single) in [(0.1, 0.1_f32), (1e-45, 1e-45), (16_777_217.0, 16_777_216.0)] {
        assert_eq!(narrow(value).to_bits(), single.to_bits());
    }
    assert!(narrow(f64::INFINITY).is_infinite() && narrow(f64::NAN).is_nan());
}
