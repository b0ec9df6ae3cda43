"""Settings, errors, records, laws, documentation."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
import pydoc
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import HERE, SMALL
from scipy import integrate

import linear_width as lw
from linear_width import _core
from linear_width._records import Record


def test_the_keywords_are_the_crates_settings() -> None:
    keywords = set(inspect.signature(lw.Experiment).parameters)
    assert keywords == set(_core.setting_names()) | {"activation", "target", "data"}
    documented = inspect.getdoc(lw.Experiment)
    assert all(f"\n{name} : " in documented for name in keywords)


def test_every_key_is_read() -> None:
    settings = dict(
        **{**SMALL, "seed": 2**64 - 1},
        precision="f32",
        device="cpu",
        centred=True,
        input_law="rademacher",
        initialisation="gaussian",
        second_layer="uniform",
        scaling="mean_field",
        batches={"partly_reused": {"fraction": np.float64(0.5)}},
        triplets=np.int64(4),
        vectors=1,
        second_layer_powers=2,
        outlier_rule={"largest_gap": {"max_outliers": 4, "factor": 6.0}},
        spectrum_method="automatic",
        readout_samples=200,
        readout_lambdas=np.array([0.1, 1.0]),
        readout_test_samples=300,
        feature_samples=50,
        with_prediction=False,
        prediction_options={"bulk_model": "isotropic", "tolerance": 1e-3},
        keep_weights=True,
        memory_limit=10**10,
    )
    experiment = lw.Experiment(**settings)
    found = experiment.settings
    assert found.seed in (2**64 - 1, str(2**64 - 1))
    assert found.batches == {"partly_reused": {"fraction": 0.5}}
    assert (found.triplets, found.readout_samples) == (4, [200])
    assert found.prediction_options.bulk_model == "isotropic"
    assert found.outlier_rule == settings["outlier_rule"]
    assert [(step.constant, step.alpha) for step in found.steps] == [(2.0, 0.3), (2.0, 0.4)]
    again = lw.Experiment.from_toml(experiment.to_toml())
    assert again.settings == found
    assert pickle.loads(pickle.dumps(experiment)).to_toml() == experiment.to_toml()


def test_forms_of_steps_laws_and_targets() -> None:
    b = np.random.default_rng(0).normal(size=80)
    direction = np.zeros(40)
    direction[3] = 1.0
    experiment = lw.Experiment(
        **{
            **SMALL,
            "steps": [3, 2.5, (2.0, 0.4), {"constant": 1.0, "alpha": 0.1}],
            "second_layer": b,
            "target": {"link": "erf", "directions": direction},
        }
    )
    alphas = [(step.constant, step.alpha) for step in experiment.settings.steps]
    assert alphas == [(3.0, 0.0), (2.5, 0.0), (2.0, 0.4), (1.0, 0.1)]
    np.testing.assert_array_equal(experiment.initial_layers()[1], b / np.sqrt(80.0))
    np.testing.assert_array_equal(experiment.teacher, [direction])
    for name in ("tanh", "sine", "leaky_relu", "softplus", "gelu", "silu", "relu", "sigmoid"):
        lw.Experiment(**{**SMALL, "activation": name, "target": name})


@pytest.mark.parametrize(
    "changes, sentence",
    [
        ({"width": None}, "missing field `width`"),
        ({"width": 0}, "width"),
        ({"width": -1}, "width"),
        ({"width": "many"}, "width: invalid type: string"),
        ({"activation": "tan"}, "activation: unknown variant `tan`"),
        ({"activation": {"tanh": {"scal": 1.0}}}, "unknown field `scal`"),
        ({"steps": [(2.0, 0.7)]}, r"steps.1.alpha: alpha of step 1 is 0.7; it must lie in \[0, 0.5\)"),
        ({"steps": []}, "step"),
        ({"steps": [float("nan")]}, "nan|NaN"),
        ({"steps": "many"}, "steps: invalid type"),
        ({"batches": "resed"}, "batches: unknown variant"),
        ({"target": {"link": "erf", "nose": 0.1}}, "target.*unknown field `nose`"),
        ({"target": {"link": "erf", "noise": -1.0}}, "noise"),
        ({"target": {"link": np.tanh, "argument_scale": 0.0}}, "argument_scale"),
        ({"seed": -1}, "seed"),
        ({"memory_limit": 10}, "memory"),
        ({"width": 0, "samples": 0}, "2 settings are wrong:"),
        ({"data": (np.ones((5, 2)), np.ones(5))}, "has no target"),
    ],
)
def test_wrong_settings_get_a_sentence(changes: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        lw.Experiment(**{**SMALL, **changes})


def test_wrong_data_get_a_sentence() -> None:
    settings = {name: SMALL[name] for name in ("width", "activation", "steps")}
    x, y = np.random.default_rng(0).normal(size=(20, 3)), np.ones(20)
    with pytest.raises(ValueError, match="missing field `samples`"):
        lw.Experiment(**settings, data=(x, y))
    with pytest.raises(ValueError, match="19"):
        lw.Experiment(**settings, samples=5, data=(x, y[1:]))
    with pytest.raises(ValueError, match="must have 2 dimensions"):
        lw.Experiment(**settings, samples=5, data=(y, y))
    experiment = lw.Experiment(**settings, batches="reused", data=(x, y))
    assert experiment.settings.samples == 20
    for impossible in (experiment.predict, experiment.states, experiment.features):
        with pytest.raises(ValueError, match="given data"):
            impossible()
    with pytest.raises(ValueError, match="given data cannot be written as TOML"):
        experiment.to_toml()


def test_what_cannot_be_done_gets_a_sentence(small: lw.Experiment) -> None:
    with pytest.raises(ValueError, match="no prediction for W_3"):
        small.predict(3)
    with pytest.raises(ValueError, match="step 3"):
        small.batch(3)
    features, w = small.features(), np.eye(3)
    for negative in (
        lambda: small.predict(-1),
        lambda: small.batch(-1),
        lambda: small.test_batch(-1, 5),
        lambda: small.test_batch(0, -5),
        lambda: features.ridge(-100, 1.0),
        lambda: features.best_lambda(-1),
        lambda: features.spectrum(-1),
        lambda: lw.spectral.leading_triplets(w, -1),
        lambda: lw.spectral.count_outliers([1.0], (-1, 2)),
        lambda: lw.theory.hermite_coefficients("erf", -1),
        lambda: lw.theory.outlier_count(0.1, 0.1, distinct_values=-1),
        lambda: lw.State.of_first_layer(w, np.ones(3), w[0], further=-1),
    ):
        with pytest.raises(ValueError, match="is -.*it must lie in"):
            negative()
    with pytest.raises(TypeError):
        small.predict(1.5)
    with pytest.raises(ValueError, match="lambda"):
        small.features().ridge(100, -1.0)
    with pytest.raises(ValueError, match="Python function cannot be written as TOML"):
        lw.Experiment(**{**SMALL, "activation": np.tanh}).to_toml()
    diverging = lw.Experiment(
        **{**SMALL, "activation": [0.0, 0.0, 0.0, 1.0], "steps": [1e200, 1e200]}
    )
    with pytest.raises(ValueError, match="diverged"):
        diverging.run()


def test_files(tmp_path: Path) -> None:
    good = HERE / "features.toml"
    assert lw.Experiment.from_toml(str(good)).settings == lw.Experiment.from_toml(good).settings
    bad = tmp_path / "bad.toml"
    bad.write_text(good.read_text().replace("alpha = 0.4", "alpha = 0.7"))
    with pytest.raises(ValueError, match=r"bad.toml: line \d+, steps.2.alpha"):
        lw.Experiment.from_toml(bad)
    with pytest.raises(FileNotFoundError):
        lw.Experiment.from_toml(tmp_path / "missing.toml")


def test_nothing_of_a_report_is_left_a_dictionary(
    with_features: tuple[lw.Experiment, lw.Report],
) -> None:
    """A new part of the crate's reports without a class here would be one."""
    report = with_features[1]
    allowed = {"rule", "batches", "outlier_rule", "second_layer", "input_law", "initialisation"}

    def look(value: object, name: str) -> None:
        assert not isinstance(value, dict) or name in allowed, name
        if isinstance(value, Record):
            for part in value._names:
                look(getattr(value, part), part)
        if isinstance(value, list):
            for part in value:
                look(part, name)

    look(report, "report")
    look(lw.report(report.last.weights), "spectrum report")
    assert report.last.triplets[0].left_vector.shape == (120,)
    assert report.last.triplets[2].left_vector is None


def test_records(small: lw.Experiment, small_report: lw.Report) -> None:
    report = small_report
    assert report.stages[1].eta == pytest.approx(2.0 * 80**0.3)
    assert repr(report).startswith("<Report: centred tanh")
    assert "W_2 (eta = " in str(report)
    assert "W_2: outliers" in report._repr_html_() and "<table>" in report._repr_html_()
    assert "<table>" in report.settings._repr_html_()
    again = json.loads(report.to_json())
    assert again["stages"][2]["singular_values"] == report.last.singular_values.tolist()
    copied = pickle.loads(pickle.dumps(report))
    assert copied == report and str(copied) == str(report) and copy.deepcopy(report) == report
    copied.stages[1].triplets[0].target_overlap += 1e-16 + 1e-15
    assert copied != report
    assert small.leading_order == report.leading_order
    prediction = small.predict()
    assert prediction == small.predictions()[1] and prediction != small.predictions()[0]
    assert "outlier" in str(prediction) and "<table>" in prediction._repr_html_()
    with pytest.raises(TypeError, match="a Prediction cannot be stored"):
        pickle.dumps(prediction)
    with pytest.raises(TypeError, match="parts missing or unknown: alpha"):
        lw.reports.StepSize(constant=1.0)


def test_a_run_and_a_prediction_say_the_same(small: lw.Experiment, small_report: lw.Report) -> None:
    for prediction, stage in zip(small.predictions(), small_report.stages[1:]):
        beside = stage.prediction
        assert (prediction.edge, prediction.errors) == (beside.edge, beside.errors)
        values = [outlier.singular_value for outlier in prediction.outliers]
        assert values == [outlier.singular_value for outlier in beside.outliers]
        assert prediction.warnings == beside.warnings
        assert prediction.is_trusted == (not prediction.warnings)


@pytest.fixture(scope="module")
def feature_spectrum() -> lw.FeatureSpectrum:
    """With few nodes, for speed."""
    options = {"node_factor": 0.1, "compare_nodes": False}
    settings = {**SMALL, "prediction_options": options, "target": {"link": [0.0, 1.0], "noise": 0.1}}
    settings.update(width=400, dimension=200, samples=1200, activation="erf", steps=[(2.0, 0.45)])
    return lw.Experiment(**settings).features().spectrum(400)


def test_options_of_a_prediction(small: lw.Experiment) -> None:
    isotropic = {"bulk_model": "isotropic"}
    prediction = small.predict(options=isotropic)
    assert prediction.bulk_model == "isotropic" and small.predict().bulk_model == "structured"
    again = lw.Experiment(**SMALL, prediction_options=isotropic)
    assert prediction == again.predict() == small.predictions(options=isotropic)[1]
    assert small.predict(1, {"node_factor": np.float64(0.5)}).step == 1
    for wrong in ({"nodes": 3}, {"bulk_model": "smooth"}, {"node_factor": -1.0}, {"linear_terms": 9}):
        with pytest.raises(ValueError, match="unknown|node_factor|linear"):
            small.predict(options=wrong)
    values, overlaps = prediction.change_from(small.predict())
    assert 0.0 < values < 0.1 and 0.0 < overlaps < 0.2
    assert prediction.change_from(prediction) == (0.0, 0.0)
    linear = lw.Experiment(**{**SMALL, "target": [0.0, 1.0]})
    values, overlaps = linear.convergence(isotropic)
    assert 0.0 < values < 1e-3 and 0.0 < overlaps < 1e-2


def test_left_vectors_of_a_prediction(small: lw.Experiment) -> None:
    prediction = small.predict()
    for k, outlier in enumerate(prediction.outliers):
        found = [prediction.left_overlap(k, lambda b, q=q: b**q) for q in (1, 2, 3)]
        np.testing.assert_allclose(found, outlier.left_overlaps, rtol=1e-9)
        scaled = prediction.left_overlap(k, lambda b: -3.0 * b)
        assert scaled == pytest.approx(found[0], rel=1e-12)
    # b is Gaussian here, and the first vector nearly along it: E |b| = sqrt(2 / pi)
    sign = prediction.left_overlap(0, np.sign)
    assert 0.7 < sign / prediction.left_overlap(0, lambda b: b) < 0.9
    for index in (len(prediction.outliers), -1, 2**70):
        with pytest.raises(IndexError, match="no outlier"):
            prediction.left_overlap(index, np.sign)

    def broken(b: np.ndarray) -> np.ndarray:
        if b.size == 1:
            raise ZeroDivisionError("broken")
        return b

    with pytest.raises(ZeroDivisionError, match="broken"):
        prediction.left_overlap(0, broken)


def test_vectors_of_a_feature_spectrum(feature_spectrum: lw.FeatureSpectrum) -> None:
    hermite = [
        lambda z: np.ones(len(z)),
        lambda z: z[:, 0],
        lambda z: z[:, 0] ** 2 - 1.0,
    ]
    assert feature_spectrum.outliers
    for k, outlier in enumerate(feature_spectrum.outliers):
        found = [feature_spectrum.left_overlap(k, f) for f in hermite]
        np.testing.assert_allclose(found, outlier.hermite_overlaps[:3], atol=1e-9)
        found = [feature_spectrum.right_overlap(k, lambda b, q=q: b**q) for q in (0, 1, 2)]
        np.testing.assert_allclose(found, outlier.second_layer_overlaps[:3], atol=1e-9)
    for overlap in (feature_spectrum.left_overlap, feature_spectrum.right_overlap):
        with pytest.raises(IndexError, match="no outlier"):
            overlap(len(feature_spectrum.outliers), lambda z: np.ones(len(z)))
    assert feature_spectrum.change_from(feature_spectrum) == (0.0, 0.0)


def test_pairs_are_those_of_the_text(
    small_report: lw.Report, with_features: tuple[lw.Experiment, lw.Report]
) -> None:
    for report in (small_report, with_features[1]):
        rows = iter(str(report).splitlines())
        for stage in report.stages[1:]:
            assert len(stage.pairing) == len(stage.triplets)
            next(row for row in rows if row.startswith(f"W_{stage.step} "))
            next(row for row in rows if row.startswith("    k singular value"))
            for row, triplet, pair in zip(rows, stage.triplets, stage.pairing):
                if row.startswith("    chance"):
                    break
                value = f"{triplet.singular_value:.3f}"
                if pair is not None:
                    value += f" ({stage.prediction.outliers[pair].singular_value:.3f})"
                assert row[6:].strip().startswith(value + "  ")
    features = with_features[1].last.features
    assert len(features.pairing) == len(features.measured.leading)


def test_html(small_report: lw.Report, small: lw.Experiment) -> None:
    from html.parser import HTMLParser

    class Balanced(HTMLParser):
        """Every element is closed, in order."""

        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    outliers = small.predict().outliers
    for thing in (
        small_report,
        small.predict(),
        small_report.settings,
        small.states()[1],
        small.leading_order,
        lw.report(np.random.default_rng(1).normal(size=(30, 20))),
    ):
        parser = Balanced()
        parser.feed(thing._repr_html_())
        parser.close()
        assert parser.open == []
    assert f"{outliers[0].singular_value:.3f}" in small_report._repr_html_()
    mean = lw.Function(np.tanh, name="<b>&")
    named = lw.Experiment(**{**SMALL, "activation": mean, "with_prediction": False}).run()
    assert "&lt;b&gt;&amp;" in named._repr_html_() and "<b>&" not in named._repr_html_()


def test_copies_and_subclasses(small: lw.Experiment) -> None:
    prediction, state = small.predict(), small.states()[1]
    for thing in (prediction, state):
        shallow, deep = copy.copy(thing), copy.deepcopy(thing)
        assert shallow == thing == deep and type(deep) is type(thing)
    deep = copy.deepcopy(prediction)
    deep.outliers[0].singular_value = 0.0
    assert prediction.outliers[0].singular_value > 0.0
    assert deep.density(1.0) == prediction.density(1.0) and str(deep) == str(prediction)
    experiment = lw.Experiment(**{**SMALL, "activation": lambda z: np.tanh(z)})
    assert copy.deepcopy(experiment) is experiment and copy.copy(experiment) is experiment
    with pytest.raises(ValueError, match="Python function cannot be written"):
        pickle.dumps(experiment)

    assert type(pickle.loads(pickle.dumps(Mine(**SMALL)))) is Mine
    assert type(Mine.from_toml(HERE / "features.toml")) is Mine
    # a class of the same name as one of a report
    assert type(Mine(**SMALL).run().stages[0]) is lw.reports.Stage
    assert repr(Mine(**SMALL)).startswith("<Mine: N = 80")


class Mine(lw.Experiment):
    """An experiment of a user."""


class Stage(Record):
    """A record of a user."""

    here: int


def test_densities_have_mass_one(
    small: lw.Experiment, feature_spectrum: lw.FeatureSpectrum
) -> None:
    prediction = small.predict()
    at = np.linspace(prediction.lower_edge, prediction.edge, 301)
    assert integrate.simpson(prediction.density(at), x=at) == pytest.approx(1.0, abs=5e-3)
    assert prediction.density(2.0 * prediction.edge) == 0.0
    assert prediction.density(at.reshape(-1, 1)).shape == (301, 1)
    spectrum = feature_spectrum
    inside = spectrum.lower_edge + np.array([0.2, 0.5]) * (spectrum.edge - spectrum.lower_edge)
    assert np.all(spectrum.density(inside) > 0.0)
    assert spectrum.density(1.5 * spectrum.edge) == 0.0
    assert all(outlier.eigenvalue > spectrum.edge for outlier in spectrum.outliers)


def test_figures(
    small_report: lw.Report,
    small: lw.Experiment,
    feature_spectrum: lw.FeatureSpectrum,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    axes = small_report.plot()
    assert [on.get_title() for on in axes] == ["$W_{0}$", "$W_{1}$", "$W_{2}$"]
    assert all(len(on.lines) >= 1 and len(on.patches) == 1 for on in axes)
    on = small.predict().plot()
    line = on.lines[0]
    assert integrate.trapezoid(line.get_ydata(), line.get_xdata()) == pytest.approx(1.0, abs=0.02)
    monkeypatch.setattr("linear_width._plots._FEATURE_POINTS", 12)
    feature_spectrum.plot()
    on = lw.report(np.random.default_rng(1).normal(size=(300, 100))).plot()
    line = on.lines[0]
    assert integrate.trapezoid(line.get_ydata(), line.get_xdata()) == pytest.approx(1.0, abs=0.02)
    with pytest.raises(ValueError, match="1 axes were given; 3 are needed"):
        small_report.plot(axes=on)
    plt.close("all")


def test_figures_without_matplotlib(small_report: lw.Report, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"plot\(\) needs matplotlib"):
        small_report.plot()


def test_marchenko_pastur() -> None:
    for gamma in (0.3, 1.0, 2.5):
        law = lw.rmt.MarchenkoPastur(gamma)
        low, high = law.edges
        assert law.edges == pytest.approx((abs(np.sqrt(gamma) - 1.0), np.sqrt(gamma) + 1.0))
        for x in np.linspace(low, high, 7)[1:-1]:
            mass = integrate.quad(law.pdf, low, x)[0]
            assert law.cdf(x) == pytest.approx(mass, abs=1e-7)
            assert law.eigenvalue_cdf(x * x) == pytest.approx(law.cdf(x), abs=1e-12)
    with pytest.raises(ValueError, match="aspect ratio"):
        lw.rmt.MarchenkoPastur(-1.0)


def test_tracy_widom() -> None:
    law = lw.rmt.tracy_widom
    # Bornemann 2010; Prahofer's tables: mean and variance of F_1
    at = np.linspace(-12.0, 25.0, 1481)
    mean = integrate.simpson(at * law.pdf(at), x=at)
    assert mean == pytest.approx(-1.2065335745820, abs=1e-8)
    assert integrate.simpson((at - mean) ** 2 * law.pdf(at), x=at) == pytest.approx(
        1.607781034581, abs=1e-8
    )
    p = np.array([1e-12, 1e-3, 0.5, 0.95])
    np.testing.assert_allclose(law.cdf(law.ppf(p)), p, rtol=1e-9)
    np.testing.assert_allclose(law.sf(law.isf(p)), p, rtol=1e-9)
    with pytest.raises(ValueError):
        law.ppf(1.5)


def test_edge_law_and_spike() -> None:
    law = lw.rmt.EdgeLaw.white(400, 200, 1.0 / 200.0)
    assert np.sqrt(law.centre) == pytest.approx(1.0 + np.sqrt(2.0), abs=0.02)
    assert law.p_value(law.threshold(0.03)) == pytest.approx(0.03)
    assert law.p_value(np.array([2.0, 3.0])).shape == (2,)
    spiked = lw.rmt.SpikedMatrix(1.0)
    assert spiked.bbp_threshold == pytest.approx(1.0)
    assert spiked.spike(0.9) is None
    # Benaych-Georges & Nadakuditi 2012 for a square matrix: theta + 1/theta
    assert spiked.spike(2.0).singular_value == pytest.approx(2.5)


def test_formulas() -> None:
    count = lw.theory.outlier_count(0.4, 0.45)
    assert (count.new_directions, count.total, count.corrected) == (4, 5, 5)
    assert lw.theory.outlier_count(0.4, 0.45, activation="relu").corrected == 3
    as_function = lw.Function(lambda z: np.maximum(z, 0.0), kinks=[0.0])
    assert lw.theory.outlier_count(0.4, 0.45, activation=as_function).corrected == 3
    assert lw.theory.outlier_count(0.4, 0.45, distinct_values=2).corrected == 2
    with pytest.raises(ValueError, match="alpha of step 1"):
        lw.theory.outlier_count(0.5, 0.2)
    coefficients = lw.theory.hermite_coefficients(np.cos, 4)
    # cos(z) = e^{-1/2} (1 - He_2/2 + He_4/24 - ...)
    expected = np.exp(-0.5) * np.array([1.0, 0.0, -0.5, 0.0, 1.0 / 24.0])
    np.testing.assert_allclose(coefficients, expected, atol=1e-12)
    assert lw.theory.function_exponents(lambda z: z**3 - 3.0 * z).information == 3


def test_help_reads_well() -> None:
    """Everything public has a documentation that says more than its name."""
    modules = [lw, lw.spectral, lw.rmt, lw.theory, lw.reports]
    for module in modules:
        assert module.__doc__
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isclass(thing) or inspect.isfunction(thing):
                assert thing.__doc__ and len(thing.__doc__) > 25, name
            if inspect.isclass(thing) and issubclass(thing, Record) and name != "Settings":
                if name != "ReportOptions":
                    missing = [part for part in thing._names if part not in thing.__doc__]
                    assert not missing, (name, missing)
    text = pydoc.render_doc(lw.Experiment, renderer=pydoc.plaintext)
    for part in ("Parameters", "Raises", "Ctrl-C", "run(self", "predict(self"):
        assert part in text


def test_typed() -> None:
    folder = Path(lw.__file__).parent
    assert (folder / "py.typed").exists() and (folder / "_core.pyi").exists()
