//! Operators of the default domain.

mod abs;
mod acos;
mod acosh;
mod add;
mod affine_grid;
mod and;
mod arg_max;
mod arg_min;
mod asin;
mod asinh;
mod atan;
mod atanh;
mod attention;
mod average_pool;
mod batch_normalization;
mod bernoulli;
mod bit_cast;
mod bit_shift;
mod bitwise_and;
mod bitwise_not;
mod bitwise_or;
mod bitwise_xor;
mod blackman_window;
pub(super) mod cast;
mod cast_like;
mod cast_text;
mod causal_conv_with_state;
mod ceil;
mod celu;
mod center_crop_pad;
mod clip;
mod col2_im;
mod compress;
mod concat;
mod concat_from_sequence;
mod constant;
mod constant_of_shape;
mod conv;
mod conv_integer;
mod conv_transpose;
mod cos;
mod cosh;
mod cum_prod;
mod cum_sum;
mod deform_conv;
mod depth_to_space;
mod dequantize_linear;
mod det;
mod dft;
mod div;
mod dropout;
mod dynamic_quantize_linear;
mod einsum;
mod elu;
mod equal;
mod erf;
mod exp;
mod expand;
mod eye_like;
mod flatten;
mod floor;
mod gather;
mod gather_elements;
mod gather_nd;
mod gelu;
mod gemm;
mod global_average_pool;
mod global_lp_pool;
mod global_max_pool;
mod greater;
mod greater_or_equal;
mod grid_sample;
mod group_normalization;
mod gru;
mod hamming_window;
mod hann_window;
mod hard_sigmoid;
mod hard_swish;
mod hardmax;
mod identity;
mod if_;
mod image_decoder;
mod instance_normalization;
mod is_inf;
mod is_nan;
mod layer_normalization;
mod leaky_relu;
mod less;
mod less_or_equal;
mod linear_attention;
mod log;
mod log_softmax;
mod loop_;
mod lp_normalization;
mod lp_pool;
mod lrn;
mod lstm;
mod mat_mul;
mod mat_mul_integer;
mod max;
mod max_pool;
mod max_roi_pool;
mod max_unpool;
mod mean;
mod mean_variance_normalization;
mod mel_weight_matrix;
mod min;
mod mish;
mod mod_;
mod mul;
mod multinomial;
mod neg;
mod negative_log_likelihood_loss;
mod non_max_suppression;
mod non_zero;
mod not;
mod one_hot;
mod optional;
mod optional_get_element;
mod optional_has_element;
mod or;
mod p_relu;
mod pad;
mod pow;
mod q_linear_conv;
mod q_linear_mat_mul;
mod quantize_linear;
mod random_normal;
mod random_normal_like;
mod random_uniform;
mod random_uniform_like;
mod range;
mod reciprocal;
mod reduce_l1;
mod reduce_l2;
mod reduce_log_sum;
mod reduce_log_sum_exp;
mod reduce_max;
mod reduce_mean;
mod reduce_min;
mod reduce_prod;
mod reduce_sum;
mod reduce_sum_square;
mod regex_full_match;
mod relu;
mod reshape;
mod resize;
mod reverse_sequence;
mod rms_normalization;
mod rnn;
mod roi_align;
mod rotary_embedding;
mod round;
mod scan;
mod scatter;
mod scatter_elements;
mod scatter_nd;
mod select;
mod selu;
mod sequence_at;
mod sequence_construct;
mod sequence_empty;
mod sequence_erase;
mod sequence_insert;
mod sequence_length;
mod sequence_map;
mod shape;
mod shrink;
mod sigmoid;
mod sign;
mod sin;
mod sinh;
mod size;
mod slice;
pub(super) mod softmax;
mod softmax_cross_entropy_loss;
mod softplus;
mod softsign;
mod space_to_depth;
mod split;
mod split_to_sequence;
mod sqrt;
mod squeeze;
mod stft;
mod string_concat;
mod string_normalizer;
mod string_split;
mod sub;
mod sum;
mod swi_glu;
mod swish;
mod tan;
mod tanh;
mod tensor_scatter;
mod tf_idf_vectorizer;
mod thresholded_relu;
mod tile;
mod top_k;
mod transpose;
mod trilu;
mod unique;
mod unsqueeze;
mod upsample;
mod xor;

use super::Operator;

/// The operators, by name.
pub(super) const TABLE: &[Operator] = &[
    Operator::new("Abs", &[1, 6, 13], abs::compile),
    Operator::new("Acos", &[7, 22], acos::compile),
    Operator::new("Acosh", &[9, 22], acosh::compile),
    Operator::new("Add", &[1, 6, 7, 13, 14], add::compile),
    Operator::new("AffineGrid", &[20], affine_grid::compile),
    Operator::new("And", &[1, 7], and::compile),
    Operator::new("ArgMax", &[1, 11, 12, 13], arg_max::compile),
    Operator::new("ArgMin", &[1, 11, 12, 13], arg_min::compile),
    Operator::new("Asin", &[7, 22], asin::compile),
    Operator::new("Asinh", &[9, 22], asinh::compile),
    Operator::new("Atan", &[7, 22], atan::compile),
    Operator::new("Atanh", &[9, 22], atanh::compile),
    Operator::new("Attention", &[23, 24, 25], attention::compile),
    Operator::new("AveragePool", &[1, 7, 10, 11, 19, 22], average_pool::compile),
    Operator::new("BatchNormalization", &[1, 6, 7, 9, 14, 15], batch_normalization::compile),
    Operator::new("Bernoulli", &[15, 22], bernoulli::compile)
        .differs("refused under both: it draws random numbers"),
    Operator::new("BitCast", &[26], bit_cast::compile),
    Operator::new("BitShift", &[11, 28], bit_shift::compile),
    Operator::new("BitwiseAnd", &[18], bitwise_and::compile),
    Operator::new("BitwiseNot", &[18], bitwise_not::compile),
    Operator::new("BitwiseOr", &[18], bitwise_or::compile),
    Operator::new("BitwiseXor", &[18], bitwise_xor::compile),
    Operator::new("BlackmanWindow", &[17], blackman_window::compile),
    Operator::new("Cast", &[1, 6, 9, 13, 19, 21, 23, 24, 25, 28], cast::compile),
    Operator::new("CastLike", &[15, 19, 21, 23, 24, 25], cast_like::compile),
    Operator::new("CausalConvWithState", &[27], causal_conv_with_state::compile),
    Operator::new("Ceil", &[1, 6, 13], ceil::compile),
    Operator::new("Celu", &[12, 28], celu::compile),
    Operator::new("CenterCropPad", &[18], center_crop_pad::compile),
    Operator::new("Clip", &[1, 6, 11, 12, 13], clip::compile),
    Operator::new("Col2Im", &[18], col2_im::compile),
    Operator::new("Compress", &[9, 11, 28], compress::compile),
    Operator::new("Concat", &[1, 4, 11, 13], concat::compile),
    Operator::new("ConcatFromSequence", &[11], concat_from_sequence::compile),
    Operator::new("Constant", &[1, 9, 11, 12, 13, 19, 21, 23, 24, 25], constant::compile),
    Operator::new("ConstantOfShape", &[9, 20, 21, 23, 24, 25], constant_of_shape::compile),
    Operator::new("Conv", &[1, 11, 22], conv::compile),
    Operator::new("ConvInteger", &[10], conv_integer::compile),
    Operator::new("ConvTranspose", &[1, 11, 22], conv_transpose::compile),
    Operator::new("Cos", &[7, 22], cos::compile),
    Operator::new("Cosh", &[9, 22], cosh::compile),
    Operator::new("CumProd", &[26], cum_prod::compile),
    Operator::new("CumSum", &[11, 14], cum_sum::compile),
    Operator::new("DFT", &[17, 20], dft::compile),
    Operator::new("DeformConv", &[19, 22], deform_conv::compile),
    Operator::new("DepthToSpace", &[1, 11, 13, 28], depth_to_space::compile),
    Operator::new(
        "DequantizeLinear",
        &[10, 13, 19, 21, 23, 24, 25, 28],
        dequantize_linear::compile,
    ),
    Operator::new("Det", &[11, 22], det::compile),
    Operator::new("Div", &[1, 6, 7, 13, 14], div::compile),
    Operator::new("Dropout", &[1, 6, 7, 10, 12, 13, 22], dropout::compile),
    Operator::new("DynamicQuantizeLinear", &[11], dynamic_quantize_linear::compile),
    Operator::new("Einsum", &[12, 28], einsum::compile),
    Operator::new("Elu", &[1, 6, 22], elu::compile),
    Operator::new("Equal", &[1, 7, 11, 13, 19], equal::compile),
    Operator::new("Erf", &[9, 13], erf::compile),
    Operator::new("Exp", &[1, 6, 13], exp::compile),
    Operator::new("Expand", &[8, 13], expand::compile),
    Operator::new("EyeLike", &[9, 22], eye_like::compile),
    Operator::new("Flatten", &[1, 9, 11, 13, 21, 23, 24, 25], flatten::compile),
    Operator::new("Floor", &[1, 6, 13], floor::compile),
    Operator::new("GRU", &[1, 3, 7, 14, 22], gru::compile),
    Operator::new("Gather", &[1, 11, 13], gather::compile),
    Operator::new("GatherElements", &[11, 13], gather_elements::compile),
    Operator::new("GatherND", &[11, 12, 13], gather_nd::compile),
    Operator::new("Gelu", &[20], gelu::compile),
    Operator::new("Gemm", &[1, 6, 7, 9, 11, 13], gemm::compile),
    Operator::new("GlobalAveragePool", &[1, 22], global_average_pool::compile),
    Operator::new("GlobalLpPool", &[1, 2, 22], global_lp_pool::compile),
    Operator::new("GlobalMaxPool", &[1, 22], global_max_pool::compile),
    Operator::new("Greater", &[1, 7, 9, 13], greater::compile),
    Operator::new("GreaterOrEqual", &[12, 16], greater_or_equal::compile),
    Operator::new("GridSample", &[16, 20, 22], grid_sample::compile),
    Operator::new("GroupNormalization", &[18, 21], group_normalization::compile),
    Operator::new("HammingWindow", &[17], hamming_window::compile),
    Operator::new("HannWindow", &[17], hann_window::compile),
    Operator::new("HardSigmoid", &[1, 6, 22], hard_sigmoid::compile),
    Operator::new("HardSwish", &[14, 22], hard_swish::compile),
    Operator::new("Hardmax", &[1, 11, 13], hardmax::compile),
    Operator::new("Identity", &[1, 13, 14, 16, 19, 21, 23, 24, 25], identity::compile),
    Operator::new("If", &[1, 11, 13, 16, 19, 21, 23, 24, 25], if_::compile),
    Operator::new("ImageDecoder", &[20], image_decoder::compile)
        .differs("refused under both: decoders of pictures differ by bits"),
    Operator::new("InstanceNormalization", &[1, 6, 22], instance_normalization::compile),
    Operator::new("IsInf", &[10, 20], is_inf::compile),
    Operator::new("IsNaN", &[9, 13, 20], is_nan::compile),
    Operator::new("LRN", &[1, 13], lrn::compile),
    Operator::new("LSTM", &[1, 7, 14, 22], lstm::compile),
    Operator::new("LayerNormalization", &[17], layer_normalization::compile),
    Operator::new("LeakyRelu", &[1, 6, 16], leaky_relu::compile),
    Operator::new("Less", &[1, 7, 9, 13], less::compile),
    Operator::new("LessOrEqual", &[12, 16], less_or_equal::compile),
    Operator::new("LinearAttention", &[27], linear_attention::compile),
    Operator::new("Log", &[1, 6, 13], log::compile),
    Operator::new("LogSoftmax", &[1, 11, 13], log_softmax::compile),
    Operator::new("Loop", &[1, 11, 13, 16, 19, 21, 23, 24, 25], loop_::compile),
    Operator::new("LpNormalization", &[1, 22], lp_normalization::compile),
    Operator::new("LpPool", &[1, 2, 11, 18, 22], lp_pool::compile),
    Operator::new("MatMul", &[1, 9, 13], mat_mul::compile),
    Operator::new("MatMulInteger", &[10], mat_mul_integer::compile),
    Operator::new("Max", &[1, 6, 8, 12, 13], max::compile),
    Operator::new("MaxPool", &[1, 8, 10, 11, 12, 22], max_pool::compile),
    Operator::new("MaxRoiPool", &[1, 22], max_roi_pool::compile),
    Operator::new("MaxUnpool", &[9, 11, 22], max_unpool::compile),
    Operator::new("Mean", &[1, 6, 8, 13], mean::compile),
    Operator::new("MeanVarianceNormalization", &[9, 13], mean_variance_normalization::compile),
    Operator::new("MelWeightMatrix", &[17], mel_weight_matrix::compile),
    Operator::new("Min", &[1, 6, 8, 12, 13], min::compile),
    Operator::new("Mish", &[18, 22], mish::compile),
    Operator::new("Mod", &[10, 13, 28], mod_::compile),
    Operator::new("Mul", &[1, 6, 7, 13, 14], mul::compile),
    Operator::new("Multinomial", &[7, 22], multinomial::compile)
        .differs("refused under both: it draws random numbers"),
    Operator::new("Neg", &[1, 6, 13], neg::compile),
    Operator::new(
        "NegativeLogLikelihoodLoss",
        &[12, 13, 22],
        negative_log_likelihood_loss::compile,
    ),
    Operator::new("NonMaxSuppression", &[10, 11], non_max_suppression::compile),
    Operator::new("NonZero", &[9, 13], non_zero::compile),
    Operator::new("Not", &[1], not::compile),
    Operator::new("OneHot", &[9, 11, 28], one_hot::compile),
    Operator::new("Optional", &[15, 28], optional::compile),
    Operator::new("OptionalGetElement", &[15, 18, 28], optional_get_element::compile),
    Operator::new("OptionalHasElement", &[15, 18, 28], optional_has_element::compile),
    Operator::new("Or", &[1, 7], or::compile),
    Operator::new("PRelu", &[1, 6, 7, 9, 16], p_relu::compile),
    Operator::new("Pad", &[1, 2, 11, 13, 18, 19, 21, 23, 24, 25], pad::compile),
    Operator::new("Pow", &[1, 7, 12, 13, 15], pow::compile),
    Operator::new("QLinearConv", &[10], q_linear_conv::compile),
    Operator::new("QLinearMatMul", &[10, 21], q_linear_mat_mul::compile),
    Operator::new("QuantizeLinear", &[10, 13, 19, 21, 23, 24, 25, 28], quantize_linear::compile),
    Operator::new("RMSNormalization", &[23], rms_normalization::compile),
    Operator::new("RNN", &[1, 7, 14, 22], rnn::compile),
    Operator::new("RandomNormal", &[1, 22], random_normal::compile)
        .differs("refused under both: it draws random numbers"),
    Operator::new("RandomNormalLike", &[1, 22], random_normal_like::compile)
        .differs("refused under both: it draws random numbers"),
    Operator::new("RandomUniform", &[1, 22], random_uniform::compile)
        .differs("refused under both: it draws random numbers"),
    Operator::new("RandomUniformLike", &[1, 22], random_uniform_like::compile)
        .differs("refused under both: it draws random numbers"),
    Operator::new("Range", &[11, 27], range::compile),
    Operator::new("Reciprocal", &[1, 6, 13], reciprocal::compile),
    Operator::new("ReduceL1", &[1, 11, 13, 18], reduce_l1::compile),
    Operator::new("ReduceL2", &[1, 11, 13, 18], reduce_l2::compile),
    Operator::new("ReduceLogSum", &[1, 11, 13, 18, 28], reduce_log_sum::compile),
    Operator::new("ReduceLogSumExp", &[1, 11, 13, 18, 28], reduce_log_sum_exp::compile),
    Operator::new("ReduceMax", &[1, 11, 12, 13, 18, 20], reduce_max::compile),
    Operator::new("ReduceMean", &[1, 11, 13, 18], reduce_mean::compile),
    Operator::new("ReduceMin", &[1, 11, 12, 13, 18, 20], reduce_min::compile),
    Operator::new("ReduceProd", &[1, 11, 13, 18], reduce_prod::compile),
    Operator::new("ReduceSum", &[1, 11, 13], reduce_sum::compile),
    Operator::new("ReduceSumSquare", &[1, 11, 13, 18], reduce_sum_square::compile),
    Operator::new("RegexFullMatch", &[20], regex_full_match::compile),
    Operator::new("Relu", &[1, 6, 13, 14], relu::compile),
    Operator::new("Reshape", &[1, 5, 13, 14, 19, 21, 23, 24, 25], reshape::compile),
    Operator::new("Resize", &[10, 11, 13, 18, 19], resize::compile),
    Operator::new("ReverseSequence", &[10, 28], reverse_sequence::compile),
    Operator::new("RoiAlign", &[10, 16, 22], roi_align::compile),
    Operator::new("RotaryEmbedding", &[23], rotary_embedding::compile),
    Operator::new("Round", &[11, 22], round::compile),
    Operator::new("STFT", &[17], stft::compile),
    Operator::new("Scan", &[8, 9, 11, 16, 19, 21, 23, 24, 25], scan::compile),
    Operator::new("Scatter", &[9, 11], scatter::compile),
    Operator::new("ScatterElements", &[11, 13, 16, 18], scatter_elements::compile),
    Operator::new("ScatterND", &[11, 13, 16, 18], scatter_nd::compile),
    Operator::new("Selu", &[1, 6, 22], selu::compile),
    Operator::new("SequenceAt", &[11], sequence_at::compile),
    Operator::new("SequenceConstruct", &[11], sequence_construct::compile),
    Operator::new("SequenceEmpty", &[11], sequence_empty::compile),
    Operator::new("SequenceErase", &[11], sequence_erase::compile),
    Operator::new("SequenceInsert", &[11], sequence_insert::compile),
    Operator::new("SequenceLength", &[11], sequence_length::compile),
    Operator::new("SequenceMap", &[17], sequence_map::compile),
    Operator::new("Shape", &[1, 13, 15, 19, 21, 23, 24, 25], shape::compile),
    Operator::new("Shrink", &[9], shrink::compile),
    Operator::new("Sigmoid", &[1, 6, 13], sigmoid::compile),
    Operator::new("Sign", &[9, 13], sign::compile),
    Operator::new("Sin", &[7, 22], sin::compile),
    Operator::new("Sinh", &[9, 22], sinh::compile),
    Operator::new("Size", &[1, 13, 19, 21, 23, 24, 25], size::compile),
    Operator::new("Slice", &[1, 10, 11, 13], slice::compile),
    Operator::new("Softmax", &[1, 11, 13], softmax::compile),
    Operator::new("SoftmaxCrossEntropyLoss", &[12, 13], softmax_cross_entropy_loss::compile),
    Operator::new("Softplus", &[1, 22], softplus::compile),
    Operator::new("Softsign", &[1, 22], softsign::compile),
    Operator::new("SpaceToDepth", &[1, 13, 28], space_to_depth::compile),
    Operator::new("Split", &[1, 2, 11, 13, 18], split::compile),
    Operator::new("SplitToSequence", &[11, 24], split_to_sequence::compile),
    Operator::new("Sqrt", &[1, 6, 13], sqrt::compile),
    Operator::new("Squeeze", &[1, 11, 13, 21, 23, 24, 25], squeeze::compile),
    Operator::new("StringConcat", &[20], string_concat::compile),
    Operator::new("StringNormalizer", &[10], string_normalizer::compile),
    Operator::new("StringSplit", &[20], string_split::compile),
    Operator::new("Sub", &[1, 6, 7, 13, 14], sub::compile),
    Operator::new("Sum", &[1, 6, 8, 13], sum::compile),
    Operator::new("SwiGLU", &[28], swi_glu::compile),
    Operator::new("Swish", &[24], swish::compile),
    Operator::new("Tan", &[7, 22], tan::compile),
    Operator::new("Tanh", &[1, 6, 13], tanh::compile),
    Operator::new("TensorScatter", &[24], tensor_scatter::compile),
    Operator::new("TfIdfVectorizer", &[9], tf_idf_vectorizer::compile),
    Operator::new("ThresholdedRelu", &[10, 22], thresholded_relu::compile),
    Operator::new("Tile", &[1, 6, 13], tile::compile),
    Operator::new("TopK", &[1, 10, 11, 24], top_k::compile),
    Operator::new("Transpose", &[1, 13, 21, 23, 24, 25], transpose::compile),
    Operator::new("Trilu", &[14], trilu::compile),
    Operator::new("Unique", &[11, 28], unique::compile),
    Operator::new("Unsqueeze", &[1, 11, 13, 21, 23, 24, 25], unsqueeze::compile),
    Operator::new("Upsample", &[1, 7, 9, 10], upsample::compile),
    Operator::new("Where", &[9, 16], select::compile),
    Operator::new("Xor", &[1, 7], xor::compile),
];
