//! The classical linear operators, scaler, imputer, normaliser and label encoder.
//!
//! All of them work in binary32; sums are in an order that the runtime chooses.

use holdall_diag::Failure;
use holdall_graph::Node;
use holdall_tabular::{
    BinaryOp, Categories, Decision, Impute, Kind, Labels, Linear, Link, Matrix, Op, Scalar, Scale,
    ScaleForm, Summation,
};

use super::{
    Raise, attributes,
    attributes::refuse,
    read_classes,
    sym::{Const, Sym, Val},
};

impl Raise<'_> {
    /// The operand as a binary32 vector.
    fn f32_vector(&mut self, node: &Node) -> Result<Val, Failure> {
        let arg = self.arg_value(node, 0)?;
        let arg = self.vector(arg)?;
        if matches!(arg.kind, Kind::Bool | Kind::Text) {
            return Err(refuse(node, format!("expected numbers, found {}", arg.kind)));
        }
        self.cast_to(arg, Kind::F32)
    }

    fn linear_of(&mut self, node: &Node, rows: u32) -> Result<Val, Failure> {
        let arg = self.f32_vector(node)?;
        let data = attributes::floats(node, "coefficients")?;
        let mut intercepts = attributes::floats(node, "intercepts")?;
        if intercepts.is_empty() {
            intercepts = vec![0.0; rows as usize];
        }
        if data.len() as u64 != u64::from(rows) * u64::from(arg.width)
            || intercepts.len() != rows as usize
        {
            return Err(refuse(node, "coefficients, intercepts and inputs disagree"));
        }
        let op = Op::Linear(Linear {
            arg: arg.id,
            coefficients: Matrix { rows, columns: arg.width, data },
            intercepts,
            summation: Summation::AnyF32,
        });
        self.push(op, Kind::F32, rows, false)
    }

    pub(super) fn linear_regressor(&mut self, node: &Node) -> Result<Sym, Failure> {
        let targets = u32::try_from(attributes::int(node, "targets", 1)?)
            .map_err(|error| refuse(node, "no targets").caused_by(error))?;
        match attributes::text(node, "post_transform", "NONE")?.as_str() {
            "NONE" => self.linear_of(node, targets).map(Sym::Value),
            other => Err(refuse(node, format!("post transform `{other}`"))),
        }
    }

    pub(super) fn linear_classifier(&mut self, node: &Node) -> Result<[Sym; 2], Failure> {
        let classes = read_classes(node, "classlabels_ints", "classlabels_strings")?;
        let intercepts = attributes::floats(node, "intercepts")?.len();
        let rows = u32::try_from(if intercepts == 0 { classes.len() } else { intercepts })
            .map_err(|error| refuse(node, "too many classes").caused_by(error))?;
        let post = attributes::text(node, "post_transform", "NONE")?;
        let margins = self.linear_of(node, rows)?;
        if rows == 1 && classes.len() == 2 {
            let above = Decision::MarginAbove(0.0);
            return match post.as_str() {
                "NONE" => self.estimated(classes, margins, Link::Identity, above),
                "LOGISTIC" => self.estimated(classes, margins, Link::Logistic, above),
                other => Err(refuse(node, format!("post transform `{other}` of one score"))),
            };
        }
        if rows as usize != classes.len() || rows < 2 {
            return Err(refuse(node, format!("{rows} scores for {} classes", classes.len())));
        }
        let link = match post.as_str() {
            "NONE" => Link::Identity,
            "LOGISTIC" => Link::Logistic,
            "SOFTMAX" => Link::Softmax,
            other => return Err(refuse(node, format!("post transform `{other}`"))),
        };
        self.estimated(classes, margins, link, Decision::LargestMargin)
    }

    pub(super) fn scaler(&mut self, node: &Node) -> Result<Sym, Failure> {
        let arg = self.f32_vector(node)?;
        let part = |name: &str| {
            let list = attributes::floats(node, name)?;
            match list.as_slice() {
                [] => Ok(None),
                [one] => Ok(Some(vec![*one; arg.width as usize])),
                all if all.len() == arg.width as usize => Ok(Some(list)),
                _ => Err(refuse(node, format!("`{name}` and the input have different lengths"))),
            }
        };
        let (offset, factor) = (part("offset")?, part("scale")?);
        let form = ScaleForm::SubtractMultiply;
        let op = Op::Scale(Scale { arg: arg.id, form, offset, factor });
        self.push(op, Kind::F32, arg.width, false).map(Sym::Value)
    }

    pub(super) fn imputer(&mut self, node: &Node) -> Result<Sym, Failure> {
        let arg = self.arg_value(node, 0)?;
        let width = arg.width as usize;
        let (with, sentinel) = match arg.kind {
            Kind::F32 => {
                let with = attributes::floats(node, "imputed_value_floats")?;
                let replaced = match node.attribute("replaced_value_float") {
                    Some(holdall_graph::Attribute::Float(value)) => f64::from(*value),
                    _ => 0.0,
                };
                (Labels::F64(spread(with, width)), Scalar::F64(replaced))
            }
            Kind::I64 => {
                let with = attributes::ints(node, "imputed_value_int64s")?.to_vec();
                let replaced = attributes::int(node, "replaced_value_int64", 0)?;
                (Labels::I64(spread(with, width)), Scalar::I64(replaced))
            }
            Kind::F64 | Kind::Bool | Kind::Text => {
                return Err(refuse(node, format!("no runtime imputes {}", arg.kind)));
            }
        };
        if with.len() != width {
            return Err(refuse(node, "replacements and input have different lengths"));
        }
        let nan = matches!(sentinel, Scalar::F64(value) if value.is_nan());
        let sentinel = (!nan).then_some(sentinel);
        let op = Op::Impute(Impute { arg: arg.id, nan, sentinel, with });
        self.push(op, arg.kind, arg.width, arg.scalar).map(Sym::Value)
    }

    pub(super) fn normalizer(&mut self, node: &Node) -> Result<Sym, Failure> {
        let norm = attributes::text(node, "norm", "MAX")?;
        match self.meaning(node, 0)? {
            Sym::Linked { link: Link::Logistic, margins, binary: false } if norm == "L1" => {
                // The estimate that stands answers the link; this one answers the shares.
                if let Some(estimate) = self.estimate_of(margins, Link::Logistic) {
                    self.relink(estimate, Link::LogisticNormalized);
                }
                Ok(Sym::Linked { link: Link::LogisticNormalized, margins, binary: false })
            }
            sym @ (Sym::Linked { link: Link::Softmax, .. }
            | Sym::Linked {
                link: Link::Logistic | Link::SoftmaxSymmetric,
                binary: true,
                ..
            }) if norm == "L1" => {
                self.skip(node, "probabilities that add up to 1 already; only last places differ");
                Ok(sym)
            }
            _ => self.any_normalizer(node, &norm),
        }
    }

    pub(super) fn label_encoder(&mut self, node: &Node) -> Result<Sym, Failure> {
        let texts = attributes::texts(node, "keys_strings")?;
        let keys = if texts.is_empty() {
            Labels::I64(attributes::ints(node, "keys_int64s")?.to_vec())
        } else {
            Labels::Text(texts)
        };
        let values = attributes::ints(node, "values_int64s")?;
        if let Labels::Text(texts) = &keys
            && values.iter().all(|&value| value == 1)
            && values.len() == texts.len()
            && attributes::int(node, "default_int64", -1)? == 0
        {
            return self.is_listed(node, texts).map(Sym::Value);
        }
        let in_order = values.iter().copied().eq((0..).take(keys.len()));
        if !in_order || keys.is_empty() || attributes::int(node, "default_int64", -1)? != -1 {
            return Err(refuse(node, "only positions in a list are read"));
        }
        let value = self.arg_value(node, 0)?;
        if value.kind != keys.kind() || !value.scalar {
            return Err(refuse(node, format!("keys of {} for {}", keys.kind(), value.kind)));
        }
        Ok(Sym::Code(value, Categories::new(keys)))
    }
}

impl Raise<'_> {
    /// Whether a text is one of those listed.
    fn is_listed(&mut self, node: &Node, texts: &[String]) -> Result<Val, Failure> {
        let value = self.arg_value(node, 0)?;
        let mut found: Option<Val> = None;
        for text in texts {
            let text = Const {
                kind: Kind::Text,
                shape: vec![1, 1],
                values: Labels::Text(vec![text.clone()]),
            };
            let text = self.constant_value(&text)?;
            let op = Op::Binary { op: BinaryOp::Eq, left: value.id, right: text.id };
            let one = self.push(op, Kind::Bool, value.width, value.scalar)?;
            found = Some(match found {
                None => one,
                Some(before) => {
                    let op = Op::Binary { op: BinaryOp::Or, left: before.id, right: one.id };
                    self.push(op, Kind::Bool, value.width, value.scalar)?
                }
            });
        }
        found.ok_or_else(|| refuse(node, "an empty list"))
    }
}

/// One value for all, or one for each.
fn spread<T: Clone>(list: Vec<T>, width: usize) -> Vec<T> {
    if let [one] = list.as_slice() { vec![one.clone(); width] } else { list }
}
