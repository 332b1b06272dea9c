//! Time series: <https://dmg.org/pmml/v4-4-1/TimeSeriesModel.html>.

use holdall_tabular::{
    Arima, Construct, Estimator, EstimatorKind, Matrix, Op, SeasonForm, StateSpace, TimeSeriesForm,
    Trend, ValueId,
};

use super::{
    Item, NameId, Raise, Stop,
    model::{Frame, StageModel},
    vectors::real_array,
};
use crate::{doc::Builder, number};

impl Raise<'_> {
    /// The model of a forecast; the number of steps is its field.
    pub(super) fn series_model(&mut self, id: ValueId) -> Result<StageModel, Stop> {
        let Some(Op::Estimator(Estimator::TimeSeries(op))) = self.op(id) else {
            return Err(self.bug(id, "no series"));
        };
        if let TimeSeriesForm::Arima(arima) = &op.form
            && arima.constant.abs() > 0.0
            && looks_back(arima)
        {
            return Err(Stop::refuse(
                Construct::Estimator(EstimatorKind::TimeSeries),
                "a constant beside autoregression is read as the mean of the series by some, and as that of the recursion by others",
            ));
        }
        let steps = op.steps;
        Ok(StageModel::Series(id, self.field(steps, 0)?))
    }

    pub(super) fn series(&mut self, id: ValueId) -> Result<Vec<Item>, Stop> {
        let model = self.series_model(id)?;
        Ok(vec![Item::Field(self.value_stage(id, model, "forecast"))])
    }

    pub(super) fn time_series(
        &mut self,
        out: &mut Builder,
        model: &StageModel,
        frame: &Frame,
        id: ValueId,
    ) -> Result<(), Stop> {
        let Some(Op::Estimator(Estimator::TimeSeries(op))) = self.op(id) else {
            return Err(self.bug(id, "no series"));
        };
        self.open_model(out, "TimeSeriesModel", model, frame);
        out.attribute(
            "bestFit",
            match &op.form {
                TimeSeriesForm::Smoothing { .. } => "ExponentialSmoothing",
                TimeSeriesForm::Arima(_) => "ARIMA",
                TimeSeriesForm::StateSpace(_) => "StateSpaceModel",
            },
        );
        self.inside(out, frame);
        match &op.form {
            TimeSeriesForm::Smoothing { level, trend, season, seasonal } => {
                out.open("ExponentialSmoothing");
                out.open("Level").attribute("smoothedValue", number::text(*level)).close();
                write_trend(out, *trend);
                if !seasonal.is_empty() {
                    // The first factor is that of the next step: the last observation had the last.
                    out.open("Seasonality_ExpoSmooth")
                        .attribute(
                            "type",
                            match season {
                                SeasonForm::Additive => "additive",
                                SeasonForm::Multiplicative => "multiplicative",
                            },
                        )
                        .attribute("period", seasonal.len())
                        .attribute("phase", seasonal.len());
                    real_array(out, seasonal);
                    out.close();
                }
                out.close();
            }
            TimeSeriesForm::Arima(arima) => write_arima(out, arima),
            TimeSeriesForm::StateSpace(space) => write_space(out, space),
        }
        out.close();
        Ok(())
    }
}

fn looks_back(arima: &Arima) -> bool {
    !arima.ar.is_empty()
        || !arima.seasonal_ar.is_empty()
        || arima.difference > 0
        || arima.seasonal_difference > 0
}

fn write_trend(out: &mut Builder, trend: Trend) {
    let (word, slope, phi) = match trend {
        Trend::None => return,
        Trend::Additive(slope) => ("additive", slope, None),
        Trend::DampedAdditive { slope, phi } => ("damped_additive", slope, Some(phi)),
        Trend::Multiplicative(rate) => ("multiplicative", rate, None),
        Trend::DampedMultiplicative { rate, phi } => ("damped_multiplicative", rate, Some(phi)),
    };
    out.open("Trend_ExpoSmooth")
        .attribute("trend", word)
        .optional("phi", phi.map(number::text))
        .attribute("smoothedValue", number::text(slope))
        .close();
}

fn write_arima(out: &mut Builder, arima: &Arima) {
    if looks_back(arima) {
        out.open("TimeSeries")
            .attribute("usage", "original")
            .attribute("startTime", 1)
            .attribute("endTime", arima.history.len());
        for (i, value) in arima.history.iter().enumerate() {
            out.open("TimeValue")
                .attribute("index", i + 1)
                .attribute("value", number::text(*value))
                .close();
        }
        out.close();
    }
    out.open("ARIMA")
        .attribute("constantTerm", number::text(arima.constant))
        .attribute("predictionMethod", "conditionalLeastSquares");
    let part = |out: &mut Builder, ar: &[f64], ma: &[f64], residuals: &[f64]| {
        if !ar.is_empty() {
            out.open("AR");
            real_array(out, ar);
            out.close();
        }
        if !ma.is_empty() {
            out.open("MA");
            out.open("MACoefficients");
            real_array(out, ma);
            out.close();
            if !residuals.is_empty() {
                out.open("Residuals");
                real_array(out, residuals);
                out.close();
            }
            out.close();
        }
    };
    let seasonal = arima.period > 0;
    // Of two components the one with the moving average holds the residuals.
    let own: &[f64] = if arima.ma.is_empty() { &[] } else { &arima.residuals };
    out.open("NonseasonalComponent")
        .attribute("p", arima.ar.len())
        .attribute("d", arima.difference)
        .attribute("q", arima.ma.len());
    part(out, &arima.ar, &arima.ma, own);
    out.close();
    if seasonal {
        let own: &[f64] = if arima.ma.is_empty() { &arima.residuals } else { &[] };
        out.open("SeasonalComponent")
            .attribute("P", arima.seasonal_ar.len())
            .attribute("D", arima.seasonal_difference)
            .attribute("Q", arima.seasonal_ma.len())
            .attribute("period", arima.period);
        part(out, &arima.seasonal_ar, &arima.seasonal_ma, own);
        out.close();
    }
    out.close();
}

fn write_space(out: &mut Builder, space: &StateSpace) {
    out.open("StateSpaceModel");
    out.open("StateVector");
    real_array(out, &space.state);
    out.close();
    out.open("TransitionMatrix");
    matrix(out, &space.transition);
    out.close();
    out.open("MeasurementMatrix");
    let columns = u32::try_from(space.measurement.len()).unwrap_or(u32::MAX);
    matrix(out, &Matrix { rows: 1, columns, data: space.measurement.clone() });
    out.close();
    if space.constant.total_cmp(&0.0).is_ne() {
        out.open("InterceptVector").attribute("type", "observation");
        real_array(out, &[space.constant]);
        out.close();
    }
    out.close();
}

fn matrix(out: &mut Builder, matrix: &Matrix) {
    out.open("Matrix").attribute("nbRows", matrix.rows).attribute("nbCols", matrix.columns);
    for row in 0..matrix.rows as usize {
        real_array(out, matrix.row(row));
    }
    out.close();
}

impl Raise<'_> {
    /// A stage whose prediction is a value.
    pub(super) fn value_stage(&mut self, id: ValueId, model: StageModel, base: &str) -> NameId {
        use super::{Stage, answers::AnswerField};
        let kind = self.kind(id);
        let target = self.inner_target(id, &model);
        let name = self.names.output(base, kind);
        let text = self.names.text(name).to_owned();
        let output = AnswerField::predicted(text, kind, false);
        self.push_stage(Stage { model, outputs: vec![(name, output)], target });
        name
    }

    /// Whether a value is what the whole model answers, and nothing else reads it: then its model is that of the
    /// document.
    pub(super) fn is_answer(&self, id: ValueId) -> bool {
        let model = self.valid.model();
        let last = super::used::final_estimate(self.valid);
        let Some(Op::Regress(regress)) = last.and_then(|last| self.op(last)) else { return false };
        let alone = |id: ValueId, by: ValueId| {
            model.outputs.iter().all(|output| output.value != id)
                && model.nodes.iter().all(|(reader, node)| {
                    let mut reads = false;
                    node.op.each_arg(&mut |arg| reads |= arg == id);
                    !reads || reader == by
                })
        };
        let fused =
            matches!(self.op(regress.margins), Some(Op::Concat(args)) if args.as_slice() == [id]);
        fused
            && regress.link == holdall_tabular::Link::Identity
            && last.is_some_and(|last| alone(regress.margins, last) && !self.used.read(last))
            && alone(id, regress.margins)
    }
}
