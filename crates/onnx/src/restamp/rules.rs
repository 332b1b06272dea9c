//! What changed in which version of which operator, and what that takes. Sources: the operator changelog,
//! <https://onnx.ai/onnx/operators/>, version by version. What is not listed here and not worded the same in
//! the specification is refused.

use holdall_graph::{infer::Type, ops::Schema};

use super::step::Working;

type Done = Result<(), String>;

/// From a version to the next.
pub(super) fn up(w: &mut Working<'_, '_>, older: &Schema, newer: &Schema) -> Done {
    let since = newer.since;
    match (w.op(), since) {
        ("Squeeze" | "ReduceSum" | "Unsqueeze", 13)
        | (
            "ReduceL1" | "ReduceL2" | "ReduceLogSum" | "ReduceLogSumExp" | "ReduceMax"
            | "ReduceMean" | "ReduceMin" | "ReduceProd" | "ReduceSumSquare",
            18,
        ) => list_up(w, "axes", 1),
        ("Split", 13) => list_up(w, "split", 1),
        ("Split", 18) => {
            if !w.given(1) {
                let count = i64::try_from(w.node.output.len()).unwrap_or(0);
                w.set_int("num_outputs", count);
            }
        }
        ("Slice", 10) => {
            for (position, name) in ["starts", "ends", "axes"].into_iter().enumerate() {
                list_up(w, name, position + 1);
            }
        }
        ("TopK", 10) => {
            let count = w.int("k").ok_or("`k` is not given")?;
            w.remove("k");
            w.put_ints(1, "k", &[count]);
        }
        ("Pad", 11) => {
            list_up(w, "pads", 1);
            if w.text("mode").unwrap_or_else(|| "constant".to_owned()) == "constant" {
                let value = w.float("value").unwrap_or(0.0);
                w.put_float(2, "value", value)?;
            }
            w.remove("value");
        }
        ("Clip", 11) => {
            for (position, name) in ["min", "max"].into_iter().enumerate() {
                if let Some(value) = w.float(name) {
                    w.put_float(position + 1, name, value)?;
                }
                w.remove(name);
            }
        }
        ("Dropout", 12) => {
            // Outside training the input is given as it is, whatever the ratio.
            no_mask(w)?;
            w.remove("ratio");
        }
        ("BatchNormalization", 9) => {
            if w.int("spatial").unwrap_or(1) != 1 {
                return Err("`spatial` is 0, which is gone".to_owned());
            }
            w.remove("spatial");
        }
        ("BatchNormalization", 14) => one_output(w)?,
        ("RoiAlign", 16) => w.set_text("coordinate_transformation_mode", "output_half_pixel"),
        ("Resize", 13) => {
            one_size(w)?;
            // What had to be there, and says nothing, is left out.
            for position in [2, 1] {
                if empty(w, position) {
                    w.drop_input(position);
                }
            }
        }
        ("Softmax" | "LogSoftmax" | "Hardmax", 13) => last_axis(w, 1)?,
        ("GridSample", 20) => {
            let mode = w.text("mode").unwrap_or_else(|| "bilinear".to_owned());
            w.set_text(
                "mode",
                match mode.as_str() {
                    "bilinear" => "linear",
                    "bicubic" => "cubic",
                    other => other,
                }
                .to_owned()
                .as_str(),
            );
        }
        ("LabelEncoder", 2) => label_encoder_up(w)?,
        ("LabelEncoder", 4) => nan_keys(w)?,
        ("Cast" | "CastLike", 19 | 24) => not_float8(w)?,
        ("Cast", 13) => not_text(w)?,
        ("Range", 27) => not_half(w)?,
        ("AveragePool", 19) => {
            return Err("runtimes add in another order since version 19".to_owned());
        }
        ("AveragePool" | "LpPool" | "MaxPool", _) if newer.same_text => {}
        ("AveragePool" | "MaxPool" | "LpPool", _) => floor_mode(w)?,
        ("ConvTranspose" | "Conv", 11) => explicit_padding(w)?,
        (op, _) if newer.same_text || reworded(op, since) => {}
        (_, _) => return Err(unproven(since)),
    }
    w.defaults(older, newer)
}

/// From a version to the one before.
pub(super) fn down(w: &mut Working<'_, '_>, older: &Schema, newer: &Schema) -> Done {
    if !inputs_down(w, newer.since)? && !settings_down(w, newer.since)? {
        other_down(w, newer)?;
    }
    w.drop_defaults(newer, older)?;
    w.defaults(newer, older)
}

/// Inputs that were attributes before; whether this is one of those steps.
fn inputs_down(w: &mut Working<'_, '_>, since: i64) -> Result<bool, String> {
    match (w.op(), since) {
        ("Squeeze" | "Unsqueeze" | "ReduceSum", 13)
        | (
            "ReduceL1" | "ReduceL2" | "ReduceLogSum" | "ReduceLogSumExp" | "ReduceMax"
            | "ReduceMean" | "ReduceMin" | "ReduceProd" | "ReduceSumSquare",
            18,
        ) => {
            if w.given(1) {
                let axes = constant(w, 1, "axes")?;
                if axes.is_empty() {
                    if w.int("noop_with_empty_axes").unwrap_or(0) != 0 {
                        return Err("no axis is reduced, which cannot be said there".to_owned());
                    }
                } else {
                    w.remove("noop_with_empty_axes");
                    w.set_ints("axes", axes);
                }
                w.drop_input(1);
            } else if w.int("noop_with_empty_axes").unwrap_or(0) != 0 {
                return Err("no axis is reduced, which cannot be said there".to_owned());
            }
        }
        ("Split", 13) => list_down(w, "split", 1)?,
        ("Split", 18) => split_down(w)?,
        ("Slice", 10) => {
            if w.given(4) {
                let steps = constant(w, 4, "steps")?;
                if steps.iter().any(|step| *step != 1) {
                    return Err("a step is not 1".to_owned());
                }
                w.drop_input(4);
            }
            for (position, name) in [(3, "axes"), (2, "ends"), (1, "starts")] {
                list_down(w, name, position)?;
            }
        }
        ("TopK", 10) => {
            let count = constant(w, 1, "k")?;
            w.set_int("k", count.first().copied().ok_or("`k` is empty")?);
            w.drop_input(1);
        }
        ("TopK", 11) => {
            if w.int("largest").unwrap_or(1) != 1 {
                return Err("the smallest elements are asked for".to_owned());
            }
            w.remove("largest");
            w.remove("sorted");
            front_axes(w)?;
        }
        ("Resize", 13) => {
            one_size(w)?;
            for (position, name) in [(1, "roi"), (2, "scales")] {
                if !w.given(position) {
                    w.put_no_floats(position, name);
                }
            }
        }
        ("Pad", 11) => {
            let constant_mode = w.text("mode").is_none_or(|mode| mode == "constant");
            if w.given(2) {
                let value = w.constant_float(2);
                if constant_mode {
                    let value = value.ok_or("the value put in is not a constant float")?;
                    w.set_float("value", value);
                }
                w.drop_input(2);
            }
            list_down(w, "pads", 1)?;
        }
        ("Pad", 18) => {
            if w.given(3) {
                return Err("axes are named".to_owned());
            }
        }
        ("Pad", 19) => {
            if w.text("mode").as_deref() == Some("wrap") {
                return Err("`mode` is `wrap`".to_owned());
            }
        }
        ("Clip", 11) => {
            for (position, name) in [(2, "max"), (1, "min")] {
                if w.given(position) {
                    let value = w.constant_float(position);
                    w.set_float(name, value.ok_or(format!("`{name}` is not a constant float"))?);
                    w.drop_input(position);
                }
            }
        }
        (_, _) => return Ok(false),
    }
    Ok(true)
}

/// Settings that have no other spelling before; whether this is one of those steps.
fn settings_down(w: &mut Working<'_, '_>, since: i64) -> Result<bool, String> {
    match (w.op(), since) {
        ("Dropout", 12) => {
            no_mask(w)?;
            if w.given(2) {
                let training = constant(w, 2, "training_mode")?;
                if training != [0] {
                    return Err("it is in training".to_owned());
                }
                w.drop_input(2);
            }
            w.drop_input(1);
            w.remove("seed");
        }
        ("BatchNormalization", 9) => {}
        ("BatchNormalization", 14) => {
            one_output(w)?;
            if w.int("training_mode").unwrap_or(0) != 0 {
                return Err("it is in training".to_owned());
            }
        }
        ("RoiAlign", 16) => {
            if w.text("coordinate_transformation_mode").as_deref() != Some("output_half_pixel") {
                return Err(
                    "`coordinate_transformation_mode` is not `output_half_pixel`".to_owned()
                );
            }
            w.remove("coordinate_transformation_mode");
        }
        ("Softmax" | "LogSoftmax" | "Hardmax", 13) => last_axis(w, -1)?,
        ("GridSample", 20) => {
            let mode = w.text("mode").unwrap_or_else(|| "linear".to_owned());
            if w.rank(0) != Some(4) {
                return Err("only images of two axes were sampled then".to_owned());
            }
            w.set_text(
                "mode",
                match mode.as_str() {
                    "linear" => "bilinear",
                    "cubic" => "bicubic",
                    other => other,
                }
                .to_owned()
                .as_str(),
            );
        }
        ("ScatterElements" | "ScatterND", 18) => {
            if matches!(w.text("reduction").as_deref(), Some("max" | "min")) {
                return Err("`reduction` is `max` or `min`".to_owned());
            }
        }
        ("LabelEncoder", 4) => nan_keys(w)?,
        ("LabelEncoder", 2) => label_encoder_down(w)?,
        ("Cast" | "CastLike", 19 | 24) => not_float8(w)?,
        ("Cast", 13) => not_text(w)?,
        ("Range", 27) => not_half(w)?,
        ("AveragePool", 19) => {
            return Err("runtimes add in another order since version 19".to_owned());
        }
        ("OptionalGetElement" | "OptionalHasElement", 18) => {
            let optional = w.known(0).is_some_and(|k| matches!(k.ty, Some(Type::Optional(_))));
            if !optional {
                return Err("what it takes is not an optional value".to_owned());
            }
        }
        ("Max" | "Min" | "Mean" | "Sum", 8) => {
            return Err("operands were not stretched to each other then".to_owned());
        }
        ("Gemm", 11) => {
            if !w.given(2) {
                return Err("the third input is left out".to_owned());
            }
        }
        ("QuantizeLinear" | "DequantizeLinear", 13) => {
            if w.rank(1) != Some(0) {
                return Err("there is more than one scale, or their number is not known".to_owned());
            }
            w.remove("axis");
        }
        ("Resize", 19) => {
            if w.text("coordinate_transformation_mode").as_deref() == Some("half_pixel_symmetric") {
                return Err("`coordinate_transformation_mode` is `half_pixel_symmetric`".to_owned());
            }
        }
        ("Pow", 12) => {
            let elem = |i: usize| w.known(i).and_then(|k| k.ty.as_ref().and_then(Type::elem));
            if elem(0).is_none() || elem(0) != elem(1) {
                return Err("base and exponent are not of one type".to_owned());
            }
        }
        (_, _) => return Ok(false),
    }
    Ok(true)
}

/// Everything else: the same words, or other words for the same.
fn other_down(w: &mut Working<'_, '_>, newer: &Schema) -> Done {
    let since = newer.since;
    match (w.op(), since) {
        ("AveragePool" | "MaxPool" | "LpPool", _) if newer.same_text => {}
        ("AveragePool" | "MaxPool" | "LpPool", _) => {
            floor_mode(w)?;
            if w.ints("dilations").is_some_and(|d| d.iter().all(|d| *d == 1)) {
                w.remove("dilations");
            }
            w.remove("ceil_mode");
        }
        ("ConvTranspose" | "Conv", 11) => explicit_padding(w)?,
        (op, 11) if reworded(op, 11) => front_axes(w)?,
        (op, _) if newer.same_text || reworded(op, since) => {}
        (_, _) => return Err(unproven(since)),
    }
    Ok(())
}

fn unproven(since: i64) -> String {
    format!("version {since} changed it in a way that is not proved to keep its meaning")
}

/// Versions that say the same in other words, or more than before with a default that says the same.
fn reworded(op: &str, since: i64) -> bool {
    match since {
        8 => matches!(op, "Max" | "Min" | "Mean" | "Sum"),
        9 => matches!(op, "Cast" | "Gemm"),
        10 => matches!(op, "Dropout"),
        // Axes may be counted from the back since version 11.
        11 => matches!(
            op,
            "ArgMax"
                | "ArgMin"
                | "Compress"
                | "Concat"
                | "Constant"
                | "DepthToSpace"
                | "Flatten"
                | "Gather"
                | "Gemm"
                | "If"
                | "Hardmax"
                | "LogSoftmax"
                | "Softmax"
                | "MaxUnpool"
                | "NonMaxSuppression"
                | "OneHot"
                | "ReduceL1"
                | "ReduceL2"
                | "ReduceLogSum"
                | "ReduceLogSumExp"
                | "ReduceMax"
                | "ReduceMean"
                | "ReduceMin"
                | "ReduceProd"
                | "ReduceSum"
                | "ReduceSumSquare"
                | "Scan"
                | "Slice"
                | "Split"
                | "Squeeze"
                | "TopK"
                | "Unsqueeze"
        ),
        12 => matches!(
            op,
            "ArgMax" | "ArgMin" | "Constant" | "GatherND" | "Pow" | "ReduceMax" | "ReduceMin"
        ),
        13 => matches!(
            op,
            "Abs"
                | "ArgMax"
                | "ArgMin"
                | "Ceil"
                | "Clip"
                | "DepthToSpace"
                | "DequantizeLinear"
                | "Floor"
                | "Gather"
                | "GatherElements"
                | "GatherND"
                | "Gemm"
                | "LRN"
                | "Loop"
                | "MeanVarianceNormalization"
                | "Mod"
                | "Pad"
                | "Pow"
                | "QuantizeLinear"
                | "ReduceL1"
                | "ReduceL2"
                | "ReduceLogSum"
                | "ReduceLogSumExp"
                | "ReduceMax"
                | "ReduceMean"
                | "ReduceMin"
                | "ReduceProd"
                | "ReduceSumSquare"
                | "Slice"
        ),
        14 => matches!(
            op,
            "Add" | "Sub" | "Mul" | "Div" | "GRU" | "LSTM" | "RNN" | "Identity" | "Reshape"
        ),
        15 => matches!(op, "Shape" | "BatchNormalization"),
        16 => matches!(op, "Loop" | "ScatterElements" | "ScatterND"),
        18 if op == "Resize" => true,
        18 => matches!(
            op,
            "OptionalGetElement" | "OptionalHasElement" | "Pad" | "ScatterElements" | "ScatterND"
        ),
        19 => matches!(op, "Pad" | "Resize" | "QuantizeLinear" | "DequantizeLinear"),
        20 => matches!(op, "ReduceMax" | "ReduceMin"),
        21 => matches!(op, "QLinearMatMul" | "QuantizeLinear" | "DequantizeLinear" | "Transpose"),
        22 => matches!(op, "LSTM" | "Dropout" | "EyeLike"),
        23 => matches!(op, "Squeeze" | "Unsqueeze" | "QuantizeLinear" | "DequantizeLinear"),
        24 | 28 => matches!(op, "QuantizeLinear"),
        25 => matches!(op, "QuantizeLinear" | "Transpose"),
        // ai.onnx.ml; version 5 says no more than that they are deprecated.
        5 => matches!(op, "TreeEnsembleClassifier" | "TreeEnsembleRegressor"),
        3 => matches!(op, "TreeEnsembleClassifier" | "TreeEnsembleRegressor"),
        _ => false,
    }
}

/// A list that was an attribute becomes an input.
fn list_up(w: &mut Working<'_, '_>, name: &str, position: usize) {
    if let Some(values) = w.ints(name) {
        w.remove(name);
        w.put_ints(position, name, &values);
    }
}

/// A list that is an input becomes an attribute.
fn list_down(w: &mut Working<'_, '_>, name: &str, position: usize) -> Done {
    if w.given(position) {
        let values = constant(w, position, name)?;
        w.set_ints(name, values);
        w.drop_input(position);
    }
    Ok(())
}

fn constant(w: &Working<'_, '_>, position: usize, name: &str) -> Result<Vec<i64>, String> {
    w.constant_ints(position)
        .ok_or_else(|| format!("`{name}` is not a constant, and must be one there"))
}

/// Parts of equal size need no list; others do.
fn split_down(w: &mut Working<'_, '_>) -> Done {
    if w.given(1) {
        return Ok(());
    }
    let count = w.int("num_outputs").ok_or("`num_outputs` is not given")?;
    let at = w.int("axis").unwrap_or(0);
    let dims = w.known(0).and_then(|k| k.ty.as_ref().and_then(|t| t.dims().map(<[_]>::to_vec)));
    let dims = dims.ok_or("the extents of its input are not known")?;
    let rank = i64::try_from(dims.len()).unwrap_or(0);
    let at = usize::try_from(if at < 0 { at + rank } else { at }).unwrap_or(usize::MAX);
    match dims.get(at) {
        Some(holdall_graph::Dim::Known(extent))
            if count > 0 && i64::try_from(*extent).is_ok_and(|n| n % count == 0) =>
        {
            w.remove("num_outputs");
            Ok(())
        }
        _ => Err("the axis is not known to be cut into equal parts".to_owned()),
    }
}

/// The older softmax is over all axes from one on, the newer over one: the same for the last.
fn last_axis(w: &mut Working<'_, '_>, default: i64) -> Done {
    let rank = w.rank(0).ok_or("the number of axes of its input is not known")?;
    let rank = i64::try_from(rank).unwrap_or(0);
    let at = w.int("axis").unwrap_or(default);
    if rank == 0 || (if at < 0 { at + rank } else { at }) != rank - 1 {
        return Err("it is not over the last axis, and the versions differ there".to_owned());
    }
    w.set_int("axis", rank - 1);
    Ok(())
}

/// Before version 11 axes were counted from the front.
fn front_axes(w: &mut Working<'_, '_>) -> Done {
    let back = |list: Option<Vec<i64>>| list.is_some_and(|l| l.iter().any(|a| *a < 0));
    if w.int("axis").is_some_and(|a| a < 0) || back(w.ints("axes")) {
        return Err("an axis is counted from the back".to_owned());
    }
    // Where the axes are an input they count as well; an index of `Gather` may be counted so too.
    let input = match w.op() {
        "Slice" => Some((3, "axes")),
        "Gather" => Some((1, "indices")),
        _ => None,
    };
    if let Some((position, name)) = input
        && w.given(position)
        && constant(w, position, name)?.iter().any(|a| *a < 0)
    {
        return Err(format!("`{name}` count from the back"));
    }
    if w.op() == "OneHot" {
        return Err("its indices may count from the back".to_owned());
    }
    Ok(())
}

/// Whether an input is known to have no element.
fn empty(w: &Working<'_, '_>, position: usize) -> bool {
    let dims =
        w.known(position).and_then(|k| k.ty.as_ref().and_then(|t| t.dims().map(<[_]>::to_vec)));
    dims.is_some_and(|dims| dims.contains(&holdall_graph::Dim::Known(0)))
}

/// A resize by scales or to sizes, without a mode that version 13 took away.
fn one_size(w: &Working<'_, '_>) -> Done {
    if w.text("coordinate_transformation_mode").as_deref() == Some("tf_half_pixel_for_nn") {
        return Err("`coordinate_transformation_mode` is `tf_half_pixel_for_nn`".to_owned());
    }
    let scales = w.given(2) && !empty(w, 2);
    if scales == w.given(3) {
        return Err("it is not known to have either scales or sizes".to_owned());
    }
    Ok(())
}

fn no_mask(w: &Working<'_, '_>) -> Done {
    if w.gives(1) { Err("its mask is used".to_owned()) } else { Ok(()) }
}

fn one_output(w: &Working<'_, '_>) -> Done {
    if w.node.output.iter().skip(1).any(|o| !o.is_empty()) {
        return Err("its outputs for training are used".to_owned());
    }
    Ok(())
}

/// The element type that a cast goes to; 0 where it is not known.
fn cast_to(w: &Working<'_, '_>) -> i32 {
    if w.op() == "CastLike" {
        elem(w, 1)
    } else {
        w.int("to").and_then(|n| i32::try_from(n).ok()).unwrap_or(0)
    }
}

/// The element type of an input; 0 where it is not known.
fn elem(w: &Working<'_, '_>, position: usize) -> i32 {
    w.known(position).and_then(|k| k.ty.as_ref().and_then(Type::elem)).map_or(0, |elem| elem.0)
}

fn not_float8(w: &Working<'_, '_>) -> Done {
    if matches!(cast_to(w), 0 | 17..=20 | 24) {
        return Err("it may go to a float of eight bits".to_owned());
    }
    Ok(())
}

/// How numbers are written and read as texts was said later.
fn not_text(w: &Working<'_, '_>) -> Done {
    if cast_to(w) == 8 || matches!(elem(w, 0), 0 | 8) {
        return Err("it may go from or to texts".to_owned());
    }
    Ok(())
}

/// What halves are added up in was said later.
fn not_half(w: &Working<'_, '_>) -> Done {
    if matches!(elem(w, 0), 0 | 10 | 16) {
        return Err("it may add halves, whose precision was said later".to_owned());
    }
    Ok(())
}

/// The windows at the end were made clearer several times where extents are rounded up.
fn floor_mode(w: &Working<'_, '_>) -> Done {
    if w.int("ceil_mode").unwrap_or(0) != 0 {
        return Err("`ceil_mode` is set, whose windows at the end were specified anew".to_owned());
    }
    explicit_padding(w)
}

fn explicit_padding(w: &Working<'_, '_>) -> Done {
    match w.text("auto_pad").as_deref() {
        None | Some("NOTSET" | "VALID") => Ok(()),
        Some(other) => Err(format!("`auto_pad` is `{other}`, which was specified anew")),
    }
}

/// Whether a NaN key matches depends on the version.
fn nan_keys(w: &Working<'_, '_>) -> Done {
    let nan = w.attribute("keys_floats").is_some_and(|a| a.floats.iter().any(|f| f.is_nan()));
    if nan { Err("a key is NaN".to_owned()) } else { Ok(()) }
}

/// `classes_strings` are keys and their positions the values, or the other way round.
fn label_encoder_up(w: &mut Working<'_, '_>) -> Done {
    let classes = w.attribute("classes_strings").ok_or("`classes_strings` is not given")?.clone();
    let count = i64::try_from(classes.strings.len()).unwrap_or(0);
    let to_numbers = w
        .known(0)
        .and_then(|k| k.ty.as_ref().and_then(Type::elem))
        .ok_or("the type of its input is not known")?
        == holdall_graph::Elem::STRING;
    let (texts, numbers) = if to_numbers {
        ("keys_strings", "values_int64s")
    } else {
        ("values_strings", "keys_int64s")
    };
    w.remove("classes_strings");
    w.set(crate::proto::AttributeProto { name: texts.to_owned(), ..classes });
    w.set_ints(numbers, (0..count).collect());
    let (number, text) = (w.int("default_int64"), w.text("default_string"));
    w.remove("default_int64");
    w.remove("default_string");
    if to_numbers {
        w.set_int("default_int64", number.unwrap_or(-1));
    } else {
        w.set_text("default_string", &text.unwrap_or_else(|| "_Unused".to_owned()));
    }
    Ok(())
}

fn label_encoder_down(w: &mut Working<'_, '_>) -> Done {
    let (texts, numbers) = if w.has("keys_strings") && w.has("values_int64s") {
        ("keys_strings", "values_int64s")
    } else if w.has("values_strings") && w.has("keys_int64s") {
        ("values_strings", "keys_int64s")
    } else {
        return Err("it does not go between texts and positions".to_owned());
    };
    let positions = w.ints(numbers).unwrap_or_default();
    if positions.iter().copied().ne(0..i64::try_from(positions.len()).unwrap_or(0)) {
        return Err("the numbers are not the positions of the texts".to_owned());
    }
    let Some(classes) = w.attribute(texts).cloned() else { return Ok(()) };
    w.remove(texts);
    w.remove(numbers);
    w.remove("default_float");
    w.set(crate::proto::AttributeProto { name: "classes_strings".to_owned(), ..classes });
    Ok(())
}
