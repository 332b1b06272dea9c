//! Time series: <https://dmg.org/pmml/v4-4-1/TimeSeriesModel.html>. The one field beside the target is the number of
//! steps after the end of the series.
//!
//! `phase` of a season is read as the position of the last observation in it, from 1. What the standard leaves open is
//! refused: seasons without `phase` (which factor is the next one's), a constant beside autoregression (the mean of the
//! series, as R's package writes it, or the constant of the recursion). Of GARCH the mean is forecast.

use holdall_diag::Failure;
use holdall_tabular::{
    Arima, Estimator, Kind, Link, Matrix, Op, Regress, SeasonForm, StateSpace, TimeSeries,
    TimeSeriesForm, Trend,
};

use super::{
    Answer, Lower, dictionary, invalid, number, numbers_of, required, unsupported,
    unsupported_value, vectors::numbers,
};
use crate::{codes, doc::Element};

impl<'d> Lower<'d> {
    pub(super) fn time_series(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        let best = required(element, "bestFit")?;
        let child = |name| element.child(name).ok_or_else(|| unsupported(element));
        let form = match best {
            "ExponentialSmoothing" => smoothing(child(best)?)?,
            "ARIMA" => TimeSeriesForm::Arima(arima(child(best)?, element)?),
            "StateSpaceModel" => TimeSeriesForm::StateSpace(state_space(child(best)?)?),
            "GARCH" => TimeSeriesForm::Arima(garch(child(best)?, element)?),
            _ => return Err(unsupported_value(element, "bestFit")),
        };
        let mut names = dictionary::used(element)?;
        let name = names.pop().filter(|_| names.is_empty()).ok_or_else(|| {
            let help = "one field beside the target says how many steps ahead to forecast";
            unsupported(element).with_help(help)
        })?;
        let steps = self.field(element, name)?;
        let steps = self.scalar(steps)?;
        let steps = self.cast(element, steps, Kind::I64)?;
        let series = Op::Estimator(Estimator::TimeSeries(Box::new(TimeSeries { steps, form })));
        let forecast = self.model.push_at(series, element.location())?;
        let margins = self.push(Op::Concat(vec![forecast]))?;
        let regress = Op::Regress(Regress { margins, link: Link::Identity });
        let estimate = self.model.push_at(regress, element.location())?;
        Ok(Answer { value: Some(margins), ..Answer::new(estimate, None) })
    }
}

fn untransformed(element: Element<'_>) -> Result<(), Failure> {
    match element.attribute("transformation") {
        None | Some("none") => Ok(()),
        Some(_) => Err(unsupported_value(element, "transformation")),
    }
}

fn smoothing(element: Element<'_>) -> Result<TimeSeriesForm, Failure> {
    untransformed(element)?;
    let level = element.child("Level").ok_or_else(|| unsupported(element))?;
    let level = number(level, "smoothedValue", None)?;
    let trend = match element.child("Trend_ExpoSmooth") {
        None => Trend::None,
        Some(trend) => {
            let slope = number(trend, "smoothedValue", None)?;
            let phi = number(trend, "phi", Some(1.0))?;
            match trend.attribute("trend").unwrap_or("additive") {
                "additive" => Trend::Additive(slope),
                "damped_additive" => Trend::DampedAdditive { slope, phi },
                "multiplicative" => Trend::Multiplicative(slope),
                "damped_multiplicative" => Trend::DampedMultiplicative { rate: slope, phi },
                _ => return Err(unsupported_value(trend, "trend")),
            }
        }
    };
    let (season, seasonal) = match element.child("Seasonality_ExpoSmooth") {
        None => (SeasonForm::Additive, Vec::new()),
        Some(season) => seasonality(season)?,
    };
    Ok(TimeSeriesForm::Smoothing { level, trend, season, seasonal })
}

/// How a season is joined, and its factors from the next step on.
fn seasonality(element: Element<'_>) -> Result<(SeasonForm, Vec<f64>), Failure> {
    let form = match required(element, "type")? {
        "additive" => SeasonForm::Additive,
        "multiplicative" => SeasonForm::Multiplicative,
        _ => return Err(invalid(element, "type", "`additive` or `multiplicative`")),
    };
    required(element, "period")?;
    let period = count(element, "period")? as usize;
    let mut factors = numbers(element, period)?;
    if element.attribute("phase").is_none() {
        return Err(unsupported(element).with_help(
            "say which of the factors is that of the last observation, from 1, as its `phase`",
        ));
    }
    let phase = count(element, "phase")? as usize;
    if phase > period || period == 0 {
        return Err(invalid(element, "phase", &format!("a position from 1 to {period}")));
    }
    factors.rotate_left(phase % period);
    Ok((form, factors))
}

/// The numbers of the array in a child; none where there is no such child.
fn list(element: Element<'_>, name: &str) -> Result<Vec<f64>, Failure> {
    let Some(array) = element.child(name).and_then(|holder| holder.child("Array")) else {
        return Ok(Vec::new());
    };
    numbers_of(array)
}

fn count(element: Element<'_>, name: &str) -> Result<u32, Failure> {
    let text = element.attribute(name).unwrap_or("0");
    text.trim().parse().map_err(|_error| invalid(element, name, "a whole number"))
}

/// The coefficients of a component: as many as its order says.
fn coefficients(component: Element<'_>, order: &str, found: Vec<f64>) -> Result<Vec<f64>, Failure> {
    if count(component, order)? as usize == found.len() {
        return Ok(found);
    }
    Err(invalid(component, order, &format!("the number of coefficients, {}", found.len())))
}

/// The mean of a GARCH model; its errors vary, and are 0 in the mean.
fn garch(element: Element<'_>, model: Element<'_>) -> Result<Arima, Failure> {
    let part = element.child("ARMAPart").ok_or_else(|| unsupported(element))?;
    let moving = part.child("MA").ok_or_else(|| unsupported(part))?;
    let mut arima = Arima {
        ar: coefficients(part, "p", list(part, "AR")?)?,
        ma: coefficients(part, "q", list(moving, "MACoefficients")?)?,
        constant: number(part, "constant", Some(0.0))?,
        residuals: list(moving, "Residuals")?,
        ..EMPTY
    };
    known_past(&mut arima, model, part, "constant")?;
    Ok(arima)
}

const EMPTY: Arima = Arima {
    ar: Vec::new(),
    difference: 0,
    ma: Vec::new(),
    period: 0,
    seasonal_ar: Vec::new(),
    seasonal_difference: 0,
    seasonal_ma: Vec::new(),
    constant: 0.0,
    history: Vec::new(),
    residuals: Vec::new(),
};

fn arima(element: Element<'_>, model: Element<'_>) -> Result<Arima, Failure> {
    untransformed(element)?;
    if element.attribute("predictionMethod") == Some("exactLeastSquares") {
        return Err(unsupported_value(element, "predictionMethod"));
    }
    for child in element.proper_children() {
        if !matches!(child.name(), "NonseasonalComponent" | "SeasonalComponent") {
            return Err(unsupported(child));
        }
    }
    let mut arima = Arima { constant: number(element, "constantTerm", Some(0.0))?, ..EMPTY };
    let mut residuals = Vec::new();
    let mut moving = |component: Element<'_>| -> Result<Vec<f64>, Failure> {
        let Some(moving) = component.child("MA") else { return Ok(Vec::new()) };
        let known = list(moving, "Residuals")?;
        if known.len() > residuals.len() {
            residuals = known;
        }
        list(moving, "MACoefficients")
    };
    if let Some(part) = element.child("NonseasonalComponent") {
        arima.ar = coefficients(part, "p", list(part, "AR")?)?;
        arima.difference = count(part, "d")?;
        arima.ma = coefficients(part, "q", moving(part)?)?;
    }
    if let Some(part) = element.child("SeasonalComponent") {
        arima.seasonal_ar = coefficients(part, "P", list(part, "AR")?)?;
        arima.seasonal_difference = count(part, "D")?;
        arima.seasonal_ma = coefficients(part, "Q", moving(part)?)?;
        arima.period = count(part, "period")?;
    }
    arima.residuals = residuals;
    known_past(&mut arima, model, element, "constantTerm")?;
    Ok(arima)
}

/// The observations that the recursion looks back at, where it does.
fn known_past(
    arima: &mut Arima,
    model: Element<'_>,
    holder: Element<'_>,
    constant: &str,
) -> Result<(), Failure> {
    let recursive = !arima.ar.is_empty() || !arima.seasonal_ar.is_empty();
    let differenced = arima.difference > 0 || arima.seasonal_difference > 0;
    if arima.constant.abs() > 0.0 && (recursive || differenced) {
        return Err(unsupported_value(holder, constant).with_help(
            "beside autoregression it is read as the mean of the series or as the constant of the \
             recursion: write the model as a `StateSpaceModel`",
        ));
    }
    if recursive || differenced {
        arima.history = observations(model)?;
    }
    Ok(())
}

/// The observations that the document holds, the last one last.
fn observations(model: Element<'_>) -> Result<Vec<f64>, Failure> {
    let series = model.children().filter(|child| child.name() == "TimeSeries");
    let mut original =
        series.filter(|series| series.attribute("usage").is_none_or(|usage| usage == "original"));
    let series = original.next().ok_or_else(|| {
        unsupported(model).with_help("a `TimeSeries` with the last observations is needed")
    })?;
    let mut values = Vec::new();
    for value in series.children().filter(|child| child.name() == "TimeValue") {
        let index = number(value, "index", Some(f64::NAN))?;
        values.push((index, number(value, "value", None)?));
    }
    if values.iter().all(|(index, _)| index.is_finite()) {
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    Ok(values.into_iter().map(|(_, value)| value).collect())
}

/// yₜ₊ₕ = Z · Tʰ⁻¹ · s + c, with s the state of the next step.
fn state_space(element: Element<'_>) -> Result<StateSpace, Failure> {
    if let Some(regressor) = element.child("DynamicRegressor") {
        return Err(unsupported(regressor));
    }
    let state = list(element, "StateVector")?;
    let transition = matrix(element, "TransitionMatrix", state.len(), state.len())?;
    let measurement = matrix(element, "MeasurementMatrix", 1, state.len())?.data;
    let mut constant = number(element, "intercept", Some(0.0))?;
    if let Some(intercept) = element.child("InterceptVector") {
        if intercept.attribute("type").unwrap_or("state") != "observation" {
            return Err(unsupported_value(intercept, "type"));
        }
        match list(element, "InterceptVector")?.as_slice() {
            [one] => constant += one,
            _ => return Err(unsupported(intercept)),
        }
    }
    if state.is_empty() {
        return Err(unsupported(element).with_help("a `StateVector` is needed"));
    }
    Ok(StateSpace { state, transition, measurement, constant })
}

fn matrix(
    element: Element<'_>,
    name: &str,
    rows: usize,
    columns: usize,
) -> Result<Matrix, Failure> {
    let holder = element.child(name).ok_or_else(|| unsupported(element))?;
    let matrix = holder.child("Matrix").ok_or_else(|| unsupported(holder))?;
    let mut data = Vec::new();
    for array in matrix.proper_children() {
        let numbers = numbers_of(array)?;
        if array.name() != "Array" || numbers.len() != columns {
            let message = format!("expected arrays of {columns} numbers, one a row");
            return Err(Failure::malformed(codes::ARRAY_COUNT, message).at(array.location()));
        }
        data.extend(numbers);
    }
    if data.len() != rows * columns {
        let message = format!("expected a matrix of {rows} rows and {columns} columns");
        return Err(Failure::malformed(codes::ARRAY_COUNT, message).at(matrix.location()));
    }
    let size = |n: usize| u32::try_from(n).map_err(|_error| unsupported(matrix));
    Ok(Matrix { rows: size(rows)?, columns: size(columns)?, data })
}
