use crate::Matrix;

/// How two vectors are compared, element by element and then as a whole (PMML 4.4, `ComparisonMeasure`).
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// How the elements' comparisons make one number.
    pub metric: Metric,
    /// How elements are compared, one each; empty is [`Compare::AbsDiff`] throughout.
    pub compare: Vec<Compare>,
    /// Weights, one an element; empty is 1 throughout.
    pub weights: Vec<f64>,
    /// What a missing element does.
    pub missing: MissingElement,
}

impl Comparison {
    /// Absolute differences of equal weight; a missing element makes the result missing.
    pub const fn plain(metric: Metric) -> Self {
        Self {
            metric,
            compare: Vec::new(),
            weights: Vec::new(),
            missing: MissingElement::Propagate,
        }
    }
}

/// What a missing element does to a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum MissingElement {
    /// The result is missing.
    Propagate,
    /// It is passed over, and a distance is multiplied by Σ q ÷ Σ q of the elements present (PMML 4.4,
    /// `MissingValueWeights`); these are the q, one an element. All missing gives missing.
    Adjust(Vec<f64>),
}

/// From the comparisons c of the elements with weights w to one number, added in order in binary64.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Metric {
    /// √Σ w·c².
    Euclidean,
    /// Σ w·c².
    SquaredEuclidean,
    /// Σ w·c.
    CityBlock,
    /// max w·c.
    Chebyshev,
    /// (Σ w·cᵖ)^(1/p).
    Minkowski(f64),
    /// 1 − x·y ÷ (|x|·|y|); without element comparisons. A zero vector is taken to have length 1.
    Cosine,
    /// Share of elements that differ.
    Hamming,
    /// Σ |x − y| ÷ (|x| + |y|); 0 ÷ 0 is 0.
    Canberra,
    /// Σ |x − y| ÷ Σ |x + y|.
    BrayCurtis,
    /// Great-circle distance of (latitude, longitude) in radians on a unit sphere.
    Haversine,
    /// Similarity of 0/1 vectors: (a₁₁ + a₀₀) ÷ all, where a₁₁ counts elements that are 1 in both.
    SimpleMatching,
    /// Similarity of 0/1 vectors: a₁₁ ÷ (a₁₁ + a₁₀ + a₀₁).
    Jaccard,
    /// Similarity of 0/1 vectors: (a₁₁ + a₀₀) ÷ (a₁₁ + 2·(a₁₀ + a₀₁) + a₀₀).
    Tanimoto,
    /// Similarity of 0/1 vectors: (c₁₁a₁₁ + c₁₀a₁₀ + c₀₁a₀₁ + c₀₀a₀₀) ÷ (d₁₁a₁₁ + d₁₀a₁₀ + d₀₁a₀₁ + d₀₀a₀₀);
    /// the parameters in the order c₁₁ c₁₀ c₀₁ c₀₀ d₁₁ d₁₀ d₀₁ d₀₀.
    BinarySimilarity([f64; 8]),
}

impl Metric {
    /// Whether larger numbers mean closer.
    pub const fn is_similarity(self) -> bool {
        matches!(
            self,
            Self::SimpleMatching | Self::Jaccard | Self::Tanimoto | Self::BinarySimilarity(_)
        )
    }

    /// Whether only vectors of 0 and 1 are compared.
    pub const fn is_binary(self) -> bool {
        self.is_similarity()
    }
}

/// How two elements x and y are compared.
#[derive(Clone, Debug, PartialEq)]
pub enum Compare {
    /// |x − y|.
    AbsDiff,
    /// exp(−ln 2 · (x − y)² ÷ s²).
    GaussSim(f64),
    /// 0 when equal, else 1.
    Delta,
    /// 1 when equal, else 0.
    Equal,
    /// A square table of similarities; the elements are row and column numbers.
    Table(Matrix),
}
