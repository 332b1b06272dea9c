//! One file a construct. Kernels run on validated models and chunks of equal length, so element and
//! row positions are within bounds.

pub(crate) mod binary;
pub(crate) mod cast;
pub(crate) mod choose;
pub(crate) mod classify;
pub(crate) mod constant;
pub(crate) mod impute;
pub(crate) mod input;
pub(crate) mod linear;
pub(crate) mod link;
pub(crate) mod one_hot;
pub(crate) mod ordinal;
pub(crate) mod regress;
pub(crate) mod scale;
pub(crate) mod trees;
pub(crate) mod unary;
