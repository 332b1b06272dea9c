//! Operators of the default domain.

mod abs;
mod add;
mod and;
mod arg_max;
mod cast;
mod ceil;
mod clip;
mod concat;
mod constant;
mod cum_sum;
mod div;
mod equal;
mod exp;
mod expand;
mod flatten;
mod floor;
mod gather;
mod gemm;
mod greater;
mod greater_or_equal;
mod identity;
mod is_nan;
mod less;
mod less_or_equal;
mod log;
mod mat_mul;
mod max;
mod min;
mod mul;
mod neg;
mod not;
mod or;
mod pow;
mod reduce_max;
mod reduce_sum;
mod reshape;
mod select;
mod shape;
mod sigmoid;
mod slice;
mod softmax;
mod sqrt;
mod squeeze;
mod sub;
mod tanh;
mod tile;
mod transpose;
mod unsqueeze;

use super::Prepare;

/// The operator called `name`.
pub(super) fn find(name: &str) -> Option<Prepare> {
    Some(match name {
        "Abs" => abs::compile,
        "Add" => add::compile,
        "And" => and::compile,
        "ArgMax" => arg_max::compile,
        "Cast" => cast::compile,
        "Ceil" => ceil::compile,
        "Clip" => clip::compile,
        "Concat" => concat::compile,
        "Constant" => constant::compile,
        "CumSum" => cum_sum::compile,
        "Div" => div::compile,
        "Equal" => equal::compile,
        "Exp" => exp::compile,
        "Expand" => expand::compile,
        "Flatten" => flatten::compile,
        "Floor" => floor::compile,
        "Gather" => gather::compile,
        "Gemm" => gemm::compile,
        "Greater" => greater::compile,
        "GreaterOrEqual" => greater_or_equal::compile,
        "Identity" => identity::compile,
        "IsNaN" => is_nan::compile,
        "Less" => less::compile,
        "LessOrEqual" => less_or_equal::compile,
        "Log" => log::compile,
        "MatMul" => mat_mul::compile,
        "Max" => max::compile,
        "Min" => min::compile,
        "Mul" => mul::compile,
        "Neg" => neg::compile,
        "Not" => not::compile,
        "Or" => or::compile,
        "Pow" => pow::compile,
        "ReduceMax" => reduce_max::compile,
        "ReduceSum" => reduce_sum::compile,
        "Reshape" => reshape::compile,
        "Shape" => shape::compile,
        "Sigmoid" => sigmoid::compile,
        "Slice" => slice::compile,
        "Softmax" => softmax::compile,
        "Sqrt" => sqrt::compile,
        "Squeeze" => squeeze::compile,
        "Sub" => sub::compile,
        "Tanh" => tanh::compile,
        "Tile" => tile::compile,
        "Transpose" => transpose::compile,
        "Unsqueeze" => unsqueeze::compile,
        "Where" => select::compile,
        _ => return None,
    })
}
