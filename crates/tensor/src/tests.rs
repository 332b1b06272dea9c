use super::*;

#[test]
fn a_tensor_holds_exactly_what_its_shape_says() {
    let tensor = Tensor::from_f32(Shape(vec![2, 1]), &[1.5, -2.0]).unwrap();
    assert_eq!(tensor.to_f64().unwrap(), [1.5, -2.0]);
    let short = Tensor::new(DType::F64, Shape(vec![2]), vec![0; 15].into()).unwrap_err();
    assert_eq!(short.to_string(), "expected 16 bytes for f64[2], found 15 [tensor/size]");
    assert!(Tensor::new(DType::F64, Shape(vec![u64::MAX, 2]), bytes::Bytes::new()).is_err());
}

#[test]
fn integers_that_f64_cannot_hold_are_refused() {
    let tensor = Tensor::from_i64(Shape(vec![1]), &[(1 << 53) + 1]).unwrap();
    assert_eq!(tensor.to_f64().unwrap_err().code(), codes::DTYPE);
    assert_eq!(tensor.to_i64().unwrap(), [(1 << 53) + 1]);
}

#[test]
fn narrow_elements_are_packed_from_the_low_bits_up() {
    for (narrow, packed, codes) in [
        (Narrow::U4, &[0x21, 0x0f][..], &[1, 2, 15][..]),
        (Narrow::I4, &[0x8f, 0x07], &[15, 8, 7]),
        (Narrow::U2, &[0b11_10_01_00, 0b01], &[0, 1, 2, 3, 1]),
        (Narrow::I2, &[0b11_10_01_00], &[0, 1, 2, 3]),
        (Narrow::E5M2, &[0x3c, 0x80], &[0x3c, 0x80]),
    ] {
        assert_eq!(narrow.pack(codes), packed, "{narrow}");
        let unpacked = narrow.unpack(&narrow.pack(codes), codes.len());
        assert_eq!(unpacked, codes, "{narrow}");
        let shape = Shape(vec![codes.len() as u64]);
        let tensor = Tensor::new(DType::Narrow(narrow), shape, narrow.pack(codes).into()).unwrap();
        let numbers: Vec<f64> = codes.iter().map(|&code| narrow.decode(code)).collect();
        assert_eq!(tensor.to_f64().unwrap(), numbers);
    }
    // Four floats of six bits lie in three bytes.
    assert_eq!(Narrow::E3M2.pack(&[1, 2, 3, 4]), [0x81, 0x30, 0x10]);
    assert_eq!(DType::Narrow(Narrow::E3M2).bytes(5), Some(4));
    let two = Tensor::new(DType::Narrow(Narrow::I4), Shape(vec![3]), vec![0x8f, 0x07].into());
    assert_eq!(two.unwrap().to_i64().unwrap(), [-1, -8, 7]);
}

#[test]
fn every_code_of_a_narrow_type_comes_back_from_its_number() {
    for narrow in Narrow::ALL {
        for code in 0..1_u16 << narrow.bits() {
            let code = narrow.unpack(&[code.to_le_bytes()[0]], 1)[0];
            let number = narrow.decode(code);
            let zero = number == 0.0 && !number.is_sign_negative();
            if !number.is_nan() && !zero {
                assert_eq!(narrow.encode(number, number.is_finite()), code, "{narrow} {number}");
            }
        }
    }
}
