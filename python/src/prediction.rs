//! Predictions, states and features, whose curves are computed when asked for.

use std::fmt::Display;

use linear_width::experiment::{PredictedFeatures, PredictedSpectrum};
use linear_width::theory::features;
use linear_width::theory::prediction;
use linear_width_runs::predicted::PredictedStage;
use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2, ToPyArray};
use pyo3::marker::Ungil;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::arrays::{owned1, owned2};
use super::callable::Callable;
use super::errors::{Raised, compute};
use super::objects::to_python;

/// What the Python class `Prediction` asks.
#[pyclass(frozen, module = "linear_width._core")]
pub struct Prediction {
    step: usize,
    eta: f64,
    prediction: prediction::Prediction,
    raised: Raised,
}

impl Prediction {
    /// After `step` steps, the last of them of size `eta`.
    pub fn new(step: usize, eta: f64, prediction: prediction::Prediction, raised: &Raised) -> Self {
        Self { step, eta, prediction, raised: raised.clone() }
    }
}

#[pymethods]
impl Prediction {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let p = &self.prediction;
        let fields = to_python(py, &PredictedSpectrum::from(p))?;
        fields.set_item("step", self.step)?;
        fields.set_item("eta", self.eta)?;
        fields.set_item("outliers", to_python(py, &p.outliers)?)?;
        fields.set_item("indicators", to_python(py, &p.indicators)?)?;
        for (name, value) in [
            ("c_1", p.c_1),
            ("derivative_variance", p.derivative_variance),
            ("label_mean", p.label_mean),
            ("label_second_moment", p.label_second_moment),
            ("beta_1_norm_squared", p.beta_1_norm_squared),
            ("rho_1", p.rho_1),
            ("tau_squared", p.tau_squared),
        ] {
            fields.set_item(name, value)?;
        }
        fields.set_item("c_1_target", p.c_1_target.to_pyarray(py))?;
        fields.set_item("gram", p.gram.to_pyarray(py))?;
        fields.set_item("target_projections", p.target_projections.to_pyarray(py))?;
        Ok(fields)
    }

    fn density<'py>(
        &self,
        py: Python<'py>,
        singular_values: PyReadonlyArray1<'_, f64>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let at = owned1(&singular_values).to_vec();
        let density = self.raised.compute(py, || self.prediction.density(&at))?;
        Ok(density.into_pyarray(py))
    }

    /// With an object of the class `Function`; `None` if there is no such outlier.
    fn left_overlap(
        &self,
        py: Python<'_>,
        index: usize,
        function: Bound<'_, PyAny>,
    ) -> PyResult<Option<f64>> {
        overlap(py, function, |f| self.prediction.left_overlap(index, |b| f.value(b)))
    }

    fn change_from(&self, other: &Self) -> [f64; 2] {
        self.prediction.change_from(&other.prediction)
    }

    /// As the command prints it.
    fn text(&self) -> String {
        PredictedStage::of_spectrum(self.step, self.eta, &self.prediction).to_string()
    }
}

/// What the Python class `State` asks.
#[pyclass(frozen, module = "linear_width._core")]
pub struct State(pub prediction::State);

#[pymethods]
impl State {
    #[staticmethod]
    #[pyo3(signature = (first_layer, second_layer, teacher, further=None))]
    fn of_first_layer(
        py: Python<'_>,
        first_layer: PyReadonlyArray2<'_, f64>,
        second_layer: PyReadonlyArray1<'_, f64>,
        teacher: PyReadonlyArray2<'_, f64>,
        further: Option<usize>,
    ) -> PyResult<Self> {
        let (w, a, teacher) = (owned2(&first_layer), owned1(&second_layer), owned2(&teacher));
        let state = compute(py, || {
            prediction::State::of_first_layer(w.view(), a.view(), teacher.view(), further)
        })?;
        Ok(Self(state))
    }

    fn directions(&self) -> usize {
        self.0.directions()
    }

    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let state = &self.0;
        let fields = PyDict::new(py);
        fields.set_item("width", state.width())?;
        fields.set_item("dimension", state.dimension())?;
        fields.set_item("directions", state.directions())?;
        fields.set_item("b", state.b().to_pyarray(py))?;
        fields.set_item("weights", state.weights().to_pyarray(py))?;
        fields.set_item("omega", state.omega().into_pyarray(py))?;
        fields.set_item("noise", state.noise().to_pyarray(py))?;
        let along: Vec<_> = state.noise_along_target();
        let along: Vec<Bound<'py, PyArray2<f64>>> =
            along.into_iter().map(|matrix| matrix.into_pyarray(py)).collect();
        fields.set_item("noise_along_target", along)?;
        Ok(fields)
    }
}

/// What the Python class `Features` asks.
#[pyclass(frozen, module = "linear_width._core")]
pub struct Features {
    features: features::FeaturePrediction,
    raised: Raised,
}

impl Features {
    pub fn new(features: features::FeaturePrediction, raised: &Raised) -> Self {
        Self { features, raised: raised.clone() }
    }
}

#[pymethods]
impl Features {
    /// For each number of samples, the errors for each lambda.
    fn ridge_curve<'py>(
        &self,
        py: Python<'py>,
        samples: Vec<usize>,
        lambdas: Vec<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let errors = self.raised.compute(py, || self.features.ridge_curve(&samples, &lambdas))?;
        let rows: Vec<Vec<_>> = errors.rows().into_iter().map(|row| row.to_vec()).collect();
        to_python(py, &rows)
    }

    fn best_lambda<'py>(&self, py: Python<'py>, samples: usize) -> PyResult<Bound<'py, PyAny>> {
        let best = self.raised.compute(py, || self.features.best_lambda(samples))?;
        to_python(py, &best)
    }

    fn spectrum(&self, py: Python<'_>, samples: usize) -> PyResult<FeatureSpectrum> {
        let spectrum = self.raised.compute(py, || self.features.spectrum(samples))?;
        Ok(FeatureSpectrum { spectrum, raised: self.raised.clone() })
    }
}

/// What the Python class `FeatureSpectrum` asks.
#[pyclass(frozen, module = "linear_width._core")]
pub struct FeatureSpectrum {
    spectrum: features::FeatureSpectrum,
    raised: Raised,
}

#[pymethods]
impl FeatureSpectrum {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let fields = to_python(py, &PredictedFeatures::from(&self.spectrum))?;
        fields.set_item("lower_edge", self.spectrum.lower_edge)?;
        Ok(fields)
    }

    fn density<'py>(
        &self,
        py: Python<'py>,
        eigenvalues: PyReadonlyArray1<'_, f64>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let at = owned1(&eigenvalues).to_vec();
        let density = self.raised.compute(py, || self.spectrum.density(&at))?;
        Ok(density.into_pyarray(py))
    }

    /// With an object of the class `MultiIndex`; `None` if there is no such outlier.
    fn left_overlap(
        &self,
        py: Python<'_>,
        index: usize,
        function: Bound<'_, PyAny>,
    ) -> PyResult<Option<f64>> {
        let of =
            |f: &Callable| Ok::<_, String>(self.spectrum.left_overlap(index, |z| f.at_point(z)));
        overlap(py, function, of)
    }

    /// With an object of the class `Function`; `None` if there is no such outlier.
    fn right_overlap(
        &self,
        py: Python<'_>,
        index: usize,
        function: Bound<'_, PyAny>,
    ) -> PyResult<Option<f64>> {
        let of = |f: &Callable| Ok::<_, String>(self.spectrum.right_overlap(index, |b| f.value(b)));
        overlap(py, function, of)
    }

    fn change_from(&self, other: &Self) -> [f64; 2] {
        self.spectrum.change_from(&other.spectrum)
    }
}

/// What `of` says of a Python function.
fn overlap<E: Display>(
    py: Python<'_>,
    function: Bound<'_, PyAny>,
    of: impl FnOnce(&Callable) -> Result<Option<f64>, E> + Ungil + Send,
) -> PyResult<Option<f64>> {
    let raised = Raised::default();
    let f = Callable::new(function, &raised)?;
    raised.compute(py, || of(&f))
}
