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
