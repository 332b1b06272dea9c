use std::collections::BTreeMap;

use holdall_arena::{Arena, Id};
use holdall_diag::{Failure, Location};
use holdall_table::Kind;

use crate::{Field, FieldId, Op, codes};

/// Names a [`Node`] and the value it yields.
pub type ValueId = Id<Node>;

/// A tabular model as a reader made it, not yet checked. [`crate::validate`] checks it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// What the file says about itself.
    pub header: Header,
    /// The inputs, in order.
    pub fields: Arena<Field>,
    /// Whether the file names its inputs. If not, the names are `x0`, `x1`, … and rows are matched by
    /// position.
    pub named_inputs: bool,
    /// Name of the predicted column, where the file has one.
    pub target: Option<String>,
    /// What is computed, in order.
    pub nodes: Arena<Node>,
    /// What is answered, in order.
    pub outputs: Vec<Output>,
    /// Where the nodes stand in the file; takes no part in comparison.
    pub locations: Locations,
}

impl Model {
    /// A model without fields and nodes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an input field and the node that yields its treated value.
    pub fn push_field(&mut self, field: Field) -> Result<ValueId, Failure> {
        let id: FieldId = self.fields.push(field).ok_or_else(too_large)?;
        self.push(Op::Input(id))
    }

    /// Adds a node. Its operands must have been pushed before, or this fails with `tabular/order`.
    pub fn push(&mut self, op: Op) -> Result<ValueId, Failure> {
        let next = self.nodes.len();
        let mut later = None;
        op.each_arg(&mut |arg| {
            if arg.index() >= next {
                later = Some(arg);
            }
        });
        if let Some(arg) = later {
            return Err(Failure::bug(
                codes::ORDER,
                format!("node #{next} names {arg}, which does not exist yet"),
            ));
        }
        self.nodes.push(Node { op, name: None }).ok_or_else(too_large)
    }

    /// Adds a node and remembers where it stands in the file.
    pub fn push_at(&mut self, op: Op, location: Location) -> Result<ValueId, Failure> {
        let id = self.push(op)?;
        self.locations.0.insert(id, location);
        Ok(id)
    }

    /// Where a node stands in the file, or its place in the model.
    pub fn location(&self, id: ValueId) -> Location {
        self.locations.0.get(&id).cloned().unwrap_or_else(|| Location::model(format!("node {id}")))
    }
}

fn too_large() -> Failure {
    Failure::limit(codes::TOO_LARGE, "the model has more than 2³²−2 nodes")
}

/// What a file says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Name of the model.
    pub name: Option<String>,
    /// Description for people.
    pub description: Option<String>,
    /// What made it: `scikit-learn`, `xgboost`.
    pub producer: Option<String>,
    /// Version of what made it.
    pub producer_version: Option<String>,
    /// What it is in the producer's words: `RandomForestClassifier`.
    pub class: Option<String>,
}

/// One step of the computation.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it does.
    pub op: Op,
    /// What the file calls its value, where it does.
    pub name: Option<String>,
}

/// Places of nodes in the file they were read from. All tables are equal, so that models compare by
/// meaning.
#[derive(Clone, Debug, Default)]
pub struct Locations(pub BTreeMap<ValueId, Location>);

impl PartialEq for Locations {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// One answer of a model: a value, or a part of an estimate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Name in the file. Without one, columns are called as the design guide says: `label`,
    /// `probability_<class>`, `prediction`, `y_0`, `margin_0`.
    pub name: Option<String>,
    /// The value or estimate answered.
    pub value: ValueId,
    /// Which part.
    pub part: Part,
}

impl Output {
    /// An unnamed output.
    pub const fn new(value: ValueId, part: Part) -> Self {
        Self { name: None, value, part }
    }

    /// The same output with a name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

/// A part of an estimate, or a value as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The value of a node that is not an estimate; a vector gives a column an element.
    Whole,
    /// Classification: the predicted class.
    Label,
    /// Classification: the probabilities of all classes.
    Probabilities,
    /// Classification: the probability of one class.
    Probability(u32),
    /// Regression: the predicted values of all targets.
    Values,
    /// Regression and classification: the untransformed scores.
    Margins,
    /// Clustering: the distance or affinity of every cluster.
    Distances,
    /// Anomaly: the score.
    Score,
    /// The name of what answered, by rank from 0: leaf, rule, neighbour, member.
    Entity(u32),
    /// How sure the label is.
    Confidence,
    /// A reason code, by rank from 0.
    Reason(u32),
    /// Ranking: a feature of the rule of this rank, from 0.
    Rule(u32, RuleFeature),
}

/// A feature of an association rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleFeature {
    /// Its name; text.
    Id,
    /// The items of its antecedent, joined by commas; text.
    Antecedent,
    /// The items of its consequent, joined by commas; text.
    Consequent,
    /// Antecedent and consequent, as `a,b->c`; text.
    Rule,
    /// Its support; binary64.
    Support,
    /// Its confidence; binary64.
    Confidence,
    /// Its lift; binary64.
    Lift,
}

impl RuleFeature {
    /// Kind of the feature.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Id | Self::Antecedent | Self::Consequent | Self::Rule => Kind::Text,
            Self::Support | Self::Confidence | Self::Lift => Kind::F64,
        }
    }

    /// Lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Antecedent => "antecedent",
            Self::Consequent => "consequent",
            Self::Rule => "rule",
            Self::Support => "support",
            Self::Confidence => "confidence",
            Self::Lift => "lift",
        }
    }
}

impl Part {
    /// The part without its rank or class: what writers decide about.
    #[must_use]
    pub const fn without_rank(self) -> Self {
        match self {
            Self::Probability(_) => Self::Probability(0),
            Self::Entity(_) => Self::Entity(0),
            Self::Reason(_) => Self::Reason(0),
            Self::Rule(_, _) => Self::Rule(0, RuleFeature::Id),
            Self::Whole
            | Self::Label
            | Self::Probabilities
            | Self::Values
            | Self::Margins
            | Self::Distances
            | Self::Score
            | Self::Confidence => self,
        }
    }
}
