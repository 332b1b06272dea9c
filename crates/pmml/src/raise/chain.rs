//! The model element: one stage, or a chain of stages.

use std::collections::BTreeSet;

use holdall_diag::Failure;
use holdall_tabular::{Aggregate, Kind, Labels, Op, Part, Tree, TreeEnsemble, ValueId};

use super::{
    Derived, Expr, NameId, Raise, Stage, StageModel, StageOutput, Table,
    emit::{Leaf, derived_field},
    expression::dtype,
    forest::is_average,
    regression::texts,
};
use crate::{
    Version,
    doc::{Builder, Document, NormalizationMethod},
    number,
};

/// The model of a document that only transforms: it answers 0.
pub(super) fn nothing() -> StageModel {
    StageModel::Regression {
        classification: false,
        method: NormalizationMethod::None,
        f32: false,
        tables: vec![Table::default()],
    }
}

/// What the model element holds beside its algorithm.
struct Frame {
    last: Option<ValueId>,
    /// Inputs and outputs of stages to be listed; none for the whole model, which lists all inputs.
    fields: Option<BTreeSet<NameId>>,
    derived: Vec<Derived>,
    outputs: Vec<AnswerField>,
}

/// An `OutputField`.
struct AnswerField {
    name: String,
    kind: Kind,
    categorical: bool,
    feature: Feature,
}

enum Feature {
    Predicted,
    Probability(String),
    Field(NameId),
}

impl Raise<'_> {
    /// The document whose answer is `model`.
    pub(super) fn document(
        mut self,
        model: &StageModel,
        last: Option<ValueId>,
    ) -> Result<Document, Failure> {
        let mut out = Builder::new();
        out.open("PMML")
            .attribute("xmlns", "http://www.dmg.org/PMML-4_4")
            .attribute("version", Version::WRITTEN);
        self.header(&mut out);
        self.data_dictionary(&mut out, last);
        let answers = self.answers(last)?;
        // Writing the model may not derive more fields: all were derived for the stages.
        let derived = std::mem::take(&mut self.dictionary);
        if !derived.is_empty() {
            out.open("TransformationDictionary");
            for field in &derived {
                derived_field(&mut out, &self.names, field);
            }
            out.close();
        }
        if self.stages.is_empty() {
            let frame = Frame { last, fields: None, derived: Vec::new(), outputs: answers };
            self.model(&mut out, model, &frame)?;
        } else {
            self.chain(&mut out, model, last, answers)?;
        }
        out.finish()
    }

    fn header(&self, out: &mut Builder) {
        let header = &self.valid.model().header;
        out.open("Header");
        out.optional("description", header.description.as_ref());
        out.open("Application")
            .attribute("name", "holdall")
            .attribute("version", env!("CARGO_PKG_VERSION"))
            .close()
            .close();
    }

    fn chain(
        &mut self,
        out: &mut Builder,
        model: &StageModel,
        last: Option<ValueId>,
        answers: Vec<AnswerField>,
    ) -> Result<(), Failure> {
        out.open("MiningModel");
        self.model_name(out);
        out.attribute("functionName", Self::function(model));
        self.mining_schema(out, last);
        out.open("Segmentation").attribute("multipleModelMethod", "modelChain");
        let stages = std::mem::take(&mut self.stages);
        for (i, Stage { model, outputs }) in stages.iter().enumerate() {
            let outputs = outputs.iter().map(|output| self.stage_output(output)).collect();
            self.segment(out, i + 1, model, None, outputs)?;
        }
        self.segment(out, stages.len() + 1, model, last, answers)?;
        out.close().close();
        Ok(())
    }

    fn stage_output(&self, output: &StageOutput) -> AnswerField {
        AnswerField {
            name: self.names.text(output.name).to_owned(),
            kind: output.kind,
            categorical: output.label,
            feature: match &output.class {
                Some(class) => Feature::Probability(class.clone()),
                None => Feature::Predicted,
            },
        }
    }

    fn segment(
        &mut self,
        out: &mut Builder,
        number: usize,
        model: &StageModel,
        last: Option<ValueId>,
        outputs: Vec<AnswerField>,
    ) -> Result<(), Failure> {
        let mut needed = BTreeSet::new();
        self.needs(model, &mut needed)?;
        needed.extend(outputs.iter().filter_map(|output| match output.feature {
            Feature::Field(name) => Some(name),
            Feature::Predicted | Feature::Probability(_) => None,
        }));
        // Fields derived from stages are declared where they are needed, with all they need.
        let mut derived = Vec::new();
        for field in self.late.iter().rev() {
            if needed.contains(&field.name) {
                collect(&field.expr, &mut needed);
                derived.push(field.clone());
            }
        }
        derived.reverse();
        let roots = needed.iter().flat_map(|name| self.names.roots(*name)).copied().collect();
        out.open("Segment").attribute("id", number);
        out.open("True").close();
        self.model(out, model, &Frame { last, fields: Some(roots), derived, outputs })?;
        out.close();
        Ok(())
    }

    /// The fields that a model names.
    fn needs(&mut self, model: &StageModel, needed: &mut BTreeSet<NameId>) -> Result<(), Failure> {
        match model {
            StageModel::Regression { tables, .. } => {
                needed.extend(tables.iter().flat_map(|table| &table.terms).map(|(name, _)| *name));
            }
            StageModel::Sum { node, .. } | StageModel::Distributions { node, .. } => {
                let valid = self.valid;
                if let Some(Op::Trees(trees)) = valid.model().nodes.get(*node).map(|n| &n.op) {
                    for tree in &trees.trees {
                        needed.extend(self.tree_roots(*node, trees, tree)?);
                    }
                }
            }
        }
        Ok(())
    }

    fn model_name(&self, out: &mut Builder) {
        let header = &self.valid.model().header;
        out.optional("modelName", header.name.as_ref());
        out.optional("algorithmName", header.class.as_ref());
    }

    fn function(model: &StageModel) -> &'static str {
        match model {
            StageModel::Distributions { .. }
            | StageModel::Regression { classification: true, .. } => "classification",
            StageModel::Sum { .. } | StageModel::Regression { .. } => "regression",
        }
    }

    fn adds_f32(&self, model: &StageModel) -> bool {
        match model {
            StageModel::Regression { f32, .. } => *f32,
            StageModel::Sum { node, .. } | StageModel::Distributions { node, .. } => {
                self.valid.kind_of(*node) == Some(Kind::F32)
            }
        }
    }

    /// A model element with its frame.
    fn model(
        &mut self,
        out: &mut Builder,
        model: &StageModel,
        frame: &Frame,
    ) -> Result<(), Failure> {
        let valid = self.valid;
        match model {
            StageModel::Regression { method, tables, .. } => {
                self.open_model(out, "RegressionModel", model, frame);
                if *method != NormalizationMethod::None || Self::function(model) == "classification"
                {
                    out.attribute("normalizationMethod", method);
                }
                self.inside(out, frame);
                for table in tables {
                    self.table(out, table);
                }
                out.close();
                Ok(())
            }
            StageModel::Sum { node, output } => {
                let Some(Op::Trees(trees)) = valid.model().nodes.get(*node).map(|n| &n.op) else {
                    return Err(self.bug(*node, "no trees"));
                };
                self.sum(out, model, frame, (*node, trees, *output))
            }
            StageModel::Distributions { node, classes } => {
                let Some(Op::Trees(trees)) = valid.model().nodes.get(*node).map(|n| &n.op) else {
                    return Err(self.bug(*node, "no trees"));
                };
                let parts = Parts {
                    id: *node,
                    trees,
                    own: trees.trees.iter().collect(),
                    method: "average",
                    first: None,
                    last: None,
                    leaf: &|_, leaf| distribution(trees, leaf, classes),
                };
                self.ensemble(out, model, frame, &parts)
            }
        }
    }

    fn sum(
        &mut self,
        out: &mut Builder,
        model: &StageModel,
        frame: &Frame,
        (id, trees, output): (ValueId, &TreeEnsemble, u32),
    ) -> Result<(), Failure> {
        let reach = |tree: &&Tree| tree.output <= output && output - tree.output < trees.leaf_width;
        let f32 = trees.summation.is_f32();
        let round = |value: f64| if f32 { number::round_f32(value) } else { value };
        let leaf = |tree: &Tree, leaf: u32| {
            let at = leaf as usize * trees.leaf_width as usize + (output - tree.output) as usize;
            let value = round(trees.leaves.get(at).copied().unwrap_or(0.0));
            let weight = round(tree.weight);
            // The product rounds as the tabular model says, so it can be written as one number.
            let value = if weight.total_cmp(&1.0).is_eq() { value } else { round(weight * value) };
            Leaf { score: number::text(value), distribution: Vec::new() }
        };
        let base = trees.base.get(output as usize).copied().filter(|b| b.total_cmp(&0.0).is_ne());
        let divided = matches!(trees.aggregate, Aggregate::DivideBy(_));
        let parts = Parts {
            id,
            trees,
            own: trees.trees.iter().filter(reach).collect(),
            method: if is_average(trees, output) { "average" } else { "sum" },
            first: base.filter(|_| !trees.base_last).map(round),
            // After a division the base is added by a derived field.
            last: base.filter(|_| trees.base_last && !divided).map(round),
            leaf: &leaf,
        };
        self.ensemble(out, model, frame, &parts)
    }

    /// Trees as segments, or as the one tree that they are.
    fn ensemble(
        &mut self,
        out: &mut Builder,
        model: &StageModel,
        frame: &Frame,
        parts: &Parts<'_>,
    ) -> Result<(), Failure> {
        let constants = usize::from(parts.first.is_some()) + usize::from(parts.last.is_some());
        let single = match parts.own.as_slice() {
            [] if constants == 0 => Some(Err(0.0)),
            [tree] if constants == 0 => Some(Ok(*tree)),
            _ => None,
        };
        if let Some(tree) = single {
            self.open_model(out, "TreeModel", model, frame);
            return self.tree(out, frame, parts, tree);
        }
        self.open_model(out, "MiningModel", model, frame);
        self.inside(out, frame);
        out.open("Segmentation").attribute("multipleModelMethod", parts.method);
        let trees = parts.first.map(Err).into_iter();
        let trees = trees.chain(parts.own.iter().map(|tree| Ok(*tree)));
        for (i, tree) in trees.chain(parts.last.map(Err)).enumerate() {
            out.open("Segment").attribute("id", i + 1);
            out.open("True").close();
            let fields = match tree {
                Ok(tree) => self.tree_roots(parts.id, parts.trees, tree)?,
                Err(_) => Vec::new(),
            };
            let roots = fields.iter().flat_map(|name| self.names.roots(*name)).copied().collect();
            let inner =
                Frame { last: None, fields: Some(roots), derived: Vec::new(), outputs: Vec::new() };
            out.open("TreeModel").attribute("functionName", Self::function(model));
            if self.adds_f32(model) {
                out.attribute("x-mathContext", "float");
            }
            self.tree(out, &inner, parts, tree)?;
            out.close();
        }
        out.close().close();
        Ok(())
    }

    /// The rest of a tree model whose start is open, and its end.
    fn tree(
        &mut self,
        out: &mut Builder,
        frame: &Frame,
        parts: &Parts<'_>,
        tree: Result<&Tree, f64>,
    ) -> Result<(), Failure> {
        match tree {
            Ok(tree) => {
                out.attribute("missingValueStrategy", "defaultChild");
                out.attribute("splitCharacteristic", "binarySplit");
                self.inside(out, frame);
                let leaf = |leaf: u32| (parts.leaf)(tree, leaf);
                self.tree_nodes(out, (parts.id, parts.trees, tree), &leaf)?;
            }
            Err(constant) => {
                self.inside(out, frame);
                out.open("Node").attribute("score", number::text(constant));
                out.open("True").close().close();
            }
        }
        out.close();
        Ok(())
    }

    fn open_model(&self, out: &mut Builder, element: &str, model: &StageModel, frame: &Frame) {
        out.open(element);
        if frame.fields.is_none() {
            self.model_name(out);
        }
        out.attribute("functionName", Self::function(model));
        if self.adds_f32(model) {
            out.attribute("x-mathContext", "float");
        }
    }

    /// Schema, outputs and local fields.
    fn inside(&self, out: &mut Builder, frame: &Frame) {
        match &frame.fields {
            None => self.mining_schema(out, frame.last),
            Some(fields) => {
                out.open("MiningSchema");
                if frame.last.is_some() {
                    out.open("MiningField")
                        .attribute("name", &self.target)
                        .attribute("usageType", "target")
                        .close();
                }
                for name in fields {
                    out.open("MiningField").attribute("name", self.names.text(*name)).close();
                }
                out.close();
            }
        }
        if !frame.outputs.is_empty() {
            out.open("Output");
            frame.outputs.iter().for_each(|output| self.output_field(out, output));
            out.close();
        }
        if !frame.derived.is_empty() {
            out.open("LocalTransformations");
            for field in &frame.derived {
                derived_field(out, &self.names, field);
            }
            out.close();
        }
    }

    fn output_field(&self, out: &mut Builder, output: &AnswerField) {
        let optype = if output.categorical { "categorical" } else { "continuous" };
        out.open("OutputField")
            .attribute("name", &output.name)
            .attribute("optype", optype)
            .attribute("dataType", dtype(output.kind));
        match &output.feature {
            Feature::Predicted => {
                out.attribute("feature", "predictedValue");
            }
            Feature::Probability(class) => {
                out.attribute("feature", "probability").attribute("value", class);
            }
            Feature::Field(name) => {
                out.attribute("feature", "transformedValue");
                out.open("FieldRef").attribute("field", self.names.text(*name)).close();
            }
        }
        out.close();
    }

    fn table(&self, out: &mut Builder, table: &Table) {
        out.open("RegressionTable")
            .attribute("intercept", number::text(table.intercept))
            .optional("targetCategory", table.category.as_ref());
        for (name, coefficient) in &table.terms {
            out.open("NumericPredictor")
                .attribute("name", self.names.text(*name))
                .attribute("coefficient", number::text(*coefficient))
                .close();
        }
        out.close();
    }

    /// The outputs of the model beside its target.
    fn answers(&mut self, last: Option<ValueId>) -> Result<Vec<AnswerField>, Failure> {
        let valid = self.valid;
        let mut answers = Vec::new();
        for output in &valid.model().outputs {
            let name = output.name.as_deref();
            let is_answer = Some(output.value) == last;
            match output.part {
                Part::Label | Part::Values if is_answer => {
                    // The target itself answers, unless the answer has a name of its own.
                    if let Some(name) = name.filter(|name| *name != self.target) {
                        let classes = valid.classes_of(output.value);
                        answers.push(AnswerField {
                            name: name.to_owned(),
                            kind: classes.map_or(self.answer_kind(output.value), Labels::kind),
                            categorical: classes.is_some(),
                            feature: Feature::Predicted,
                        });
                    }
                }
                Part::Probabilities | Part::Probability(_) if is_answer => {
                    self.probabilities(output, &mut answers);
                }
                Part::Margins if is_answer => {
                    let margins = match valid.model().nodes.get(output.value).map(|n| &n.op) {
                        Some(Op::Classify(classify)) => classify.margins,
                        Some(Op::Regress(regress)) => regress.margins,
                        _ => return Err(self.bug(output.value, "no estimate")),
                    };
                    self.values(margins, name.unwrap_or("margin"), &mut answers)?;
                }
                Part::Whole => self.values(output.value, name.unwrap_or("y"), &mut answers)?,
                Part::Label
                | Part::Values
                | Part::Probabilities
                | Part::Probability(_)
                | Part::Margins
                | Part::Distances
                | Part::Score
                | Part::Entity(_)
                | Part::Confidence
                | Part::Reason(_)
                | Part::Rule(..) => {
                    return Err(self.bug(output.value, "a second estimate"));
                }
            }
        }
        Ok(answers)
    }

    fn probabilities(&self, output: &holdall_tabular::Output, answers: &mut Vec<AnswerField>) {
        let kind = self.answer_kind(output.value);
        let classes = self.valid.classes_of(output.value).map(texts).unwrap_or_default();
        for (i, class) in classes.into_iter().enumerate() {
            let name = match (output.part, &output.name) {
                (Part::Probability(wanted), _) if wanted as usize != i => continue,
                (Part::Probability(_), Some(name)) => name.clone(),
                (_, Some(name)) => format!("{name}_{class}"),
                (_, None) => format!("probability({class})"),
            };
            let feature = Feature::Probability(class);
            answers.push(AnswerField { name, kind, categorical: false, feature });
        }
    }

    /// The elements of a value as outputs.
    fn values(
        &mut self,
        id: ValueId,
        stem: &str,
        answers: &mut Vec<AnswerField>,
    ) -> Result<(), Failure> {
        let width = self.valid.width_of(id) as usize;
        let kind = self.valid.kind_of(id).unwrap_or(Kind::F64);
        for element in 0..width {
            let field = self.field(id, element)?;
            let base = if width == 1 && !matches!(stem, "y" | "margin") {
                stem.to_owned()
            } else {
                format!("{stem}_{element}")
            };
            let categorical = !kind.is_number();
            let feature = Feature::Field(field);
            answers.push(AnswerField { name: base, kind, categorical, feature });
        }
        Ok(())
    }
}

/// What a leaf answers in a classifier: its distribution, and the first of the most probable classes.
fn distribution(trees: &TreeEnsemble, leaf: u32, classes: &[String]) -> Leaf {
    let width = trees.leaf_width as usize;
    let start = leaf as usize * width;
    let values = trees.leaves.get(start..start + width).unwrap_or_default();
    let mut best = 0;
    for (i, value) in values.iter().enumerate() {
        if values.get(best).is_none_or(|largest| value > largest) {
            best = i;
        }
    }
    Leaf {
        score: classes.get(best).cloned().unwrap_or_default(),
        distribution: classes.iter().cloned().zip(values.iter().copied()).collect(),
    }
}

/// What an ensemble is written from.
struct Parts<'t> {
    id: ValueId,
    trees: &'t TreeEnsemble,
    own: Vec<&'t Tree>,
    method: &'static str,
    /// A constant added before the trees, and one after.
    first: Option<f64>,
    last: Option<f64>,
    leaf: &'t dyn Fn(&Tree, u32) -> Leaf,
}

fn collect(expr: &Expr, needed: &mut BTreeSet<NameId>) {
    match expr {
        Expr::Field(name) | Expr::Indicator(name, _) | Expr::Map { field: name, .. } => {
            needed.insert(*name);
        }
        Expr::Constant(..) => {}
        Expr::Apply(_, args) => args.iter().for_each(|arg| collect(arg, needed)),
    }
}
