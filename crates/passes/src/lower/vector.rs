//! Gaps filled, elements scaled, categories encoded. The classical `Imputer` and `Scaler` work in
//! binary32 only, so all of this is said in elementary operators, which round as the model does.

use holdall_diag::Failure;
use holdall_graph::{Attribute, ValueId};
use holdall_tabular::{
    Categories, Impute, Kind, Labels, OneHot, Ordinal, Scale, ScaleForm, Unknown,
};

use super::{
    Context,
    build::inexpressible,
    value::{Gaps, Store, Val},
};

impl Context<'_> {
    pub(super) fn impute(&mut self, impute: &Impute) -> Result<Val, Failure> {
        let value = self.value(impute.arg)?;
        let id = self.tensor(&value)?;
        let mut mask = self.mask(&value)?;
        if impute.nan && mask.is_none() {
            mask = Some(self.builder.is_nan(id)?);
        }
        if let Some(sentinel) = &impute.sentinel {
            let equal = self.equals(&value, id, sentinel)?;
            mask = self.either(mask, Some(equal))?;
        }
        let Some(mask) = mask else { return Ok(value) };
        let with = self.builder.constant(value.kind, &[1, u64::from(value.width)], &impute.with)?;
        let made = self.select_where(value.kind, mask, with, id)?;
        Ok(Val::rows(value.kind, value.width, made))
    }

    fn equals(
        &mut self,
        value: &Val,
        id: ValueId,
        with: &holdall_tabular::Scalar,
    ) -> Result<ValueId, Failure> {
        use holdall_tabular::Scalar;
        let with = match with {
            Scalar::Text(text) => return self.text_is(id, std::slice::from_ref(text)),
            Scalar::F64(v) if v.is_nan() => return self.builder.is_nan(id),
            Scalar::F64(v) => Labels::F64(vec![*v]),
            Scalar::I64(v) => Labels::I64(vec![*v]),
            Scalar::Bool(v) => Labels::Bool(vec![*v]),
        };
        let with = self.builder.constant(value.kind, &[1, 1], &with)?;
        self.builder.node("Equal", &[id, with], Vec::new())
    }

    pub(super) fn scale(&mut self, scale: &Scale) -> Result<Val, Failure> {
        let value = self.value(scale.arg)?;
        let (offset, factor) = (scale.offset.as_deref(), scale.factor.as_deref());
        let steps = match scale.form {
            ScaleForm::SubtractDivide => [("Sub", offset), ("Div", factor)],
            ScaleForm::SubtractMultiply => [("Sub", offset), ("Mul", factor)],
            ScaleForm::MultiplyAdd => [("Mul", factor), ("Add", offset)],
        };
        let mut id = self.tensor(&value)?;
        let mut changed = false;
        for (operator, numbers) in steps {
            let Some(numbers) = numbers else { continue };
            let with = self.builder.floats(value.kind, &[1, u64::from(value.width)], numbers)?;
            id = self.builder.node(operator, &[id, with], Vec::new())?;
            changed = true;
        }
        if !changed {
            return Ok(value);
        }
        Ok(Val::rows(value.kind, value.width, id).with_gaps(value.gaps))
    }

    pub(super) fn one_hot(&mut self, one_hot: &OneHot) -> Result<Val, Failure> {
        let value = self.value(one_hot.arg)?;
        let all: Vec<u32> =
            (0_u32..).take(one_hot.categories.len()).filter(|&i| one_hot.drop != Some(i)).collect();
        let equal = self.indicators(&value, &one_hot.categories)?;
        let width = u32::try_from(all.len())
            .map_err(|error| inexpressible("too many categories").caused_by(error))?;
        let equal = if one_hot.drop.is_some() { self.builder.columns(equal, &all)? } else { equal };
        let id = self.builder.cast(equal, Kind::Bool, one_hot.kind)?;
        Ok(Val::rows(one_hot.kind, width, id))
    }

    /// Where a scalar equals each category; the one for missing last.
    fn indicators(&mut self, value: &Val, categories: &Categories) -> Result<ValueId, Failure> {
        let id = self.full(value)?;
        if let Labels::Text(texts) = &categories.values {
            let codes = self.positions(id, texts, categories.missing)?;
            let last = i64::try_from(categories.len())
                .map_err(|error| inexpressible("too many categories").caused_by(error))?;
            let numbers: Vec<i64> = (0..last).collect();
            let numbers = self.builder.constant(
                Kind::I64,
                &[1, numbers.len() as u64],
                &Labels::I64(numbers),
            )?;
            return self.builder.node("Equal", &[codes, numbers], Vec::new());
        }
        let listed = self.builder.constant(
            value.kind,
            &[1, categories.values.len() as u64],
            &categories.values,
        )?;
        let mut equal = self.builder.node("Equal", &[id, listed], Vec::new())?;
        let mask = match self.mask(value)? {
            None if value.kind.is_float() && categories.missing => Some(self.builder.is_nan(id)?),
            found => found,
        };
        if let (Some(mask), Gaps::Mask(_)) = (mask, value.gaps) {
            let known = self.builder.node("Not", &[mask], Vec::new())?;
            equal = self.builder.node("And", &[equal, known], Vec::new())?;
        }
        if !categories.missing {
            return Ok(equal);
        }
        let missing = match mask {
            Some(mask) => mask,
            None => self.full(&Val {
                kind: Kind::Bool,
                width: 1,
                store: Store::Constant(Labels::Bool(vec![false])),
                gaps: Gaps::None,
            })?,
        };
        let axis = vec![("axis", Attribute::Int(1))];
        self.builder.node("Concat", &[equal, missing], axis)
    }

    /// The position of a text in a list; the empty text after the last where that stands for missing;
    /// −1 where it is not listed.
    fn positions(
        &mut self,
        id: ValueId,
        texts: &[String],
        missing: bool,
    ) -> Result<ValueId, Failure> {
        let mut keys = texts.to_vec();
        if missing {
            // Where the empty text is a category itself, the runtime takes the first.
            keys.retain(|key| !key.is_empty());
            if keys.len() < texts.len() {
                return Err(inexpressible("an empty text that is not missing"));
            }
            keys.push(String::new());
        }
        let values = (0_i64..).take(keys.len()).collect();
        self.builder.ml_node(
            "LabelEncoder",
            &[id],
            vec![
                ("keys_strings", Attribute::texts(keys)),
                ("values_int64s", Attribute::Ints(values)),
                ("default_int64", Attribute::Int(-1)),
            ],
        )
    }

    /// `[N, 1]`: 1 and the position of a scalar category, 0 where it is not listed.
    pub(super) fn category_number(
        &mut self,
        value: &Val,
        categories: &Categories,
    ) -> Result<ValueId, Failure> {
        let equal = self.indicators(value, categories)?;
        // The position is the sum of 1 + position over the one indicator that holds, and 0 for none:
        // whole numbers that binary32 adds exactly.
        let count = categories.len();
        let ones = self.builder.cast(equal, Kind::Bool, Kind::F32)?;
        let mut number = 0.0;
        let numbers: Vec<f64> = std::iter::repeat_with(|| {
            number += 1.0;
            number
        })
        .take(count)
        .collect();
        let numbers = self.builder.floats(Kind::F32, &[count as u64, 1], &numbers)?;
        let position = self.builder.node("MatMul", &[ones, numbers], Vec::new())?;
        self.builder.cast(position, Kind::F32, Kind::I64)
    }

    /// The same; the empty text, which stands for missing, is never a listed category.
    pub(super) fn category_place(
        &mut self,
        value: &Val,
        categories: &Categories,
    ) -> Result<ValueId, Failure> {
        let Labels::Text(texts) = &categories.values else {
            return self.category_number(value, categories);
        };
        let listed = (1_i64..).zip(texts).filter(|(_, text)| !text.is_empty());
        let (mut values, mut keys): (Vec<i64>, Vec<String>) =
            listed.map(|(number, text)| (number, text.clone())).unzip();
        if categories.missing {
            values.push(i64::try_from(categories.len()).unwrap_or(i64::MAX));
            keys.push(String::new());
        }
        let id = self.full(value)?;
        self.builder.ml_node(
            "LabelEncoder",
            &[id],
            vec![
                ("keys_strings", Attribute::texts(keys)),
                ("values_int64s", Attribute::Ints(values)),
                ("default_int64", Attribute::Int(0)),
            ],
        )
    }

    pub(super) fn ordinal(&mut self, ordinal: &Ordinal) -> Result<Val, Failure> {
        let value = self.value(ordinal.arg)?;
        let position = self.category_number(&value, &ordinal.categories)?;
        let unlisted = match ordinal.unknown {
            Unknown::Reject | Unknown::None if ordinal.kind.is_float() => f64::NAN,
            Unknown::Reject | Unknown::None => 0.0,
            Unknown::Code(code) => code,
        };
        let codes: Vec<f64> =
            std::iter::once(unlisted).chain(ordinal.codes.iter().copied()).collect();
        let length = codes.len() as u64;
        #[expect(clippy::cast_possible_truncation, reason = "codes of integer encodings are whole")]
        let codes = if ordinal.kind == Kind::I64 {
            Labels::I64(codes.into_iter().map(|code| code as i64).collect())
        } else {
            Labels::F64(codes)
        };
        let codes = self.builder.constant(ordinal.kind, &[length], &codes)?;
        let id =
            self.builder.node("Gather", &[codes, position], vec![("axis", Attribute::Int(0))])?;
        let made = Val::rows(ordinal.kind, 1, id);
        if ordinal.unknown != Unknown::None {
            return Ok(made);
        }
        if ordinal.kind.is_float() {
            return Ok(made.with_gaps(Gaps::InBand));
        }
        let zero = self.builder.constant(Kind::I64, &[1, 1], &Labels::I64(vec![0]))?;
        let mask = self.builder.node("Equal", &[position, zero], Vec::new())?;
        Ok(made.with_gaps(Gaps::Mask(mask)))
    }
}
