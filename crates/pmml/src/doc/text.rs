//! Text models: <https://dmg.org/pmml/v4-4-1/Text.html>.

use super::words::words;

words! {
    /// How often a term is in a document, as a weight.
    LocalTermWeights {
        /// The frequency f.
        TermFrequency = "termFrequency",
        /// 1 where it is there.
        Binary = "binary",
        /// log(1 + f).
        Logarithmic = "logarithmic",
        /// (1 + f ÷ the largest f of the document) ÷ 2 where it is there.
        AugmentedNormalizedTermFrequency = "augmentedNormalizedTermFrequency",
    }
}

words! {
    /// What a term tells in the whole corpus.
    GlobalTermWeights {
        /// log(documents ÷ documents with the term).
        InverseDocumentFrequency = "inverseDocumentFrequency",
        /// 1.
        None = "none",
        /// The sum of f ÷ documents with the term.
        Gfidf = "GFIDF",
        /// 1 ÷ √Σ f².
        Normal = "normal",
        /// log(documents without the term ÷ documents with it).
        ProbabilisticInverse = "probabilisticInverse",
    }
}

words! {
    /// What the weights of a document are divided by.
    DocumentNormalization {
        /// Nothing.
        None = "none",
        /// Their Euclidean length.
        Cosine = "cosine",
    }
}
