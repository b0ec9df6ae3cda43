"""Matrices of any kind."""

from __future__ import annotations

import numpy as np
import pytest

import linear_width as lw


@pytest.fixture(scope="module")
def w() -> np.ndarray:
    random = np.random.default_rng(2)
    return random.normal(size=(60, 40)) + 5.0 * np.outer(random.normal(size=60), np.ones(40)) / 6.0


def variants(w: np.ndarray) -> dict[str, np.ndarray]:
    """The same numbers in other forms."""
    wide = np.zeros((120, 80))
    wide[::2, ::2] = w
    read_only = w.copy()
    read_only.setflags(write=False)
    unaligned = np.frombuffer(b"\0" + w.tobytes(), dtype=np.float64, offset=1).reshape(w.shape)
    return {
        "Fortran order": np.asfortranarray(w),
        "not contiguous": wide[::2, ::2],
        "read-only": read_only,
        "negative strides": w[::-1, ::-1].copy()[::-1, ::-1],
        "other byte order": w.astype(w.dtype.newbyteorder()),
        "unaligned": unaligned,
        "transposed": w.T.copy().T,
        "lists": w.tolist(),
    }


def test_the_form_of_an_array_changes_nothing(w: np.ndarray) -> None:
    report, values = lw.report(w), lw.spectral.singular_values(w)
    for name, variant in variants(w).items():
        assert lw.report(variant) == report, name
        np.testing.assert_array_equal(lw.spectral.singular_values(variant), values, name)


def test_single_precision_stays_single(w: np.ndarray) -> None:
    single = w.astype(np.float32)
    for form in (single, np.asfortranarray(single), single.astype(">f4")):
        values = lw.spectral.singular_values(form)
        assert values.dtype == np.float32
        s = np.linalg.svd(single.astype(np.float64), compute_uv=False)
        np.testing.assert_allclose(values, s, rtol=0, atol=1e-6 * s[0])
        assert lw.spectral.leading_triplets(form, 2).left.dtype == np.float32
    assert lw.report(single).outliers.count == lw.report(w).outliers.count


def test_values_and_triplets_are_those_of_numpy(w: np.ndarray) -> None:
    u, s, v = np.linalg.svd(w)
    np.testing.assert_allclose(lw.spectral.singular_values(w), s, rtol=0, atol=1e-12 * s[0])
    found = lw.spectral.leading_triplets(w, 3)
    assert found.left.shape == (60, 3) and found.right.shape == (3, 40)
    np.testing.assert_allclose(found.singular_values, s[:3], rtol=1e-12)
    for k in range(3):
        assert abs(found.left[:, k] @ u[:, k]) == pytest.approx(1.0)
        assert abs(found.right[k] @ v[k]) == pytest.approx(1.0)


def test_integers_are_numbers() -> None:
    counts = np.random.default_rng(0).integers(-5, 6, size=(30, 20))
    expected = np.linalg.svd(counts.astype(float), compute_uv=False)
    np.testing.assert_allclose(lw.spectral.singular_values(counts), expected, atol=1e-12)


@pytest.mark.parametrize(
    "bad, sentence",
    [
        (np.ones(3), r"shape \(3,\); it must have 2 dimensions"),
        (np.ones((2, 2, 2)), "must have 2 dimensions"),
        (np.ones((2, 2), dtype=complex), "must be real numbers"),
        ([["a"]], "must be real numbers"),
        (np.array([[1.0, np.nan], [0.0, 1.0]]), "non-finite"),
        (np.zeros((3, 2)), "zeros has no spectrum"),
        (np.empty((0, 4)), "0 x 4; both numbers must be at least 1"),
        (np.empty((4, 0)), "4 x 0; both numbers must be at least 1"),
        (np.array([[1.0, np.inf], [0.0, 1.0]]), "non-finite"),
        (np.array([[1.0, None]]), "type object; they must be real numbers"),
        (np.array([["2026-01-01"]], dtype="datetime64[D]"), "must be real numbers"),
        (np.ma.masked_array([[1.0, 2.0]], mask=[[True, False]]), "masked array"),
    ],
)
def test_what_is_no_matrix_is_refused_with_a_sentence(bad, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        lw.report(bad)


@pytest.mark.parametrize("call", [lw.spectral.singular_values, lambda w: lw.spectral.leading_triplets(w, 1)])
def test_singular_values_of_what_is_no_matrix(call) -> None:
    for bad in (np.ones(3), np.ones((2, 2), dtype=complex), np.full((2, 2), np.nan)):
        with pytest.raises(ValueError):
            call(bad)
    with pytest.raises(ValueError, match="both numbers|at least 1|triplets"):
        lw.spectral.leading_triplets(np.empty((0, 3)), 1)
    with pytest.raises(ValueError):
        lw.spectral.leading_triplets(np.eye(3), 4)


@pytest.mark.parametrize("dtype", [np.float16, np.int8, np.uint32, bool, np.longdouble])
def test_other_numbers_are_those_of_float64(dtype) -> None:
    w = np.random.default_rng(0).integers(0, 2, size=(8, 5)).astype(dtype)
    found = lw.spectral.singular_values(w)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, lw.spectral.singular_values(w.astype(float)))


def test_arrays_of_numbers_of_any_shape() -> None:
    law = lw.rmt.tracy_widom
    assert isinstance(law.cdf(0), float) and law.cdf([]).shape == (0,)
    assert law.cdf(np.zeros((2, 0, 3))).shape == (2, 0, 3)
    at = np.linspace(-3.0, 2.0, 6)
    np.testing.assert_array_equal(law.cdf(at[::-2]), law.cdf(at)[::-2])
    np.testing.assert_array_equal(law.cdf(np.asfortranarray(at.reshape(2, 3))), law.cdf(at).reshape(2, 3))
    np.testing.assert_array_equal(law.cdf(at.astype(">f8")), law.cdf(at))
    for bad in (1j, "1", None, [1.0, "a"], np.array([1.0, None])):
        with pytest.raises(ValueError, match="must be real numbers"):
            law.cdf(bad)
    assert np.isnan(law.cdf(np.nan)) or 0.0 <= law.cdf(np.nan) <= 1.0


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_the_form_of_given_data_changes_nothing(dtype, order: str) -> None:
    random = np.random.default_rng(3)
    x = random.integers(-3, 4, size=(60, 8)).astype(dtype)
    y = random.integers(-3, 4, size=120).astype(dtype)[::2]
    settings = dict(width=12, activation="erf", steps=[2.0], batches="reused")
    wanted = lw.Experiment(**settings, data=(x.astype(float), y.astype(float))).run()
    given = np.array(x, order=order)
    given.setflags(write=False)
    found = lw.Experiment(**settings, data=(given, y)).run()
    np.testing.assert_array_equal(found.last.singular_values, wanted.last.singular_values)


def test_bad_data_get_a_sentence() -> None:
    settings = dict(width=12, activation="erf", steps=[2.0], batches="reused")
    x, y = np.ones((6, 3)), np.ones(6)
    hole = x.copy()
    hole[2, 1] = np.nan
    for data, sentence in (
        ((hole, y), "NaN|finite"),
        ((x, np.full(6, np.inf)), "inf|finite"),
        ((x.astype(complex), y), "must be real numbers"),
        ((x, ["a"] * 6), "must be real numbers"),
        ((x[:0], y[:0]), "0|sample"),
        ((x[:, :0], y), "0|dimension"),
        ((x, np.ma.masked_equal(y, 1.0)), "masked array"),
    ):
        with pytest.raises(ValueError, match=sentence):
            lw.Experiment(**settings, data=data)


def test_the_input_is_left_as_it_was(w: np.ndarray) -> None:
    copy = w.copy()
    lw.report(w)
    np.testing.assert_array_equal(w, copy)


def test_kept_weights_are_writable_arrays_without_a_second_copy() -> None:
    from conftest import SMALL

    report = lw.Experiment(**SMALL, keep_weights=True).run()
    weights = report.last.weights
    assert weights.flags.c_contiguous and weights.flags.writeable
    # the memory is that of the crate
    assert not weights.flags.owndata


def test_outliers_of_given_singular_values(w: np.ndarray) -> None:
    s = np.linalg.svd(w, compute_uv=False)
    assert lw.spectral.count_outliers(s, w.shape).count == lw.report(w).outliers.count >= 1
    rule = {"above_edge": {"edge": float(s[4]), "margin": 0.0}}
    found = lw.spectral.count_outliers(s, w.shape, rule)
    assert found.count == 4 and found.rule == rule
    with pytest.raises(ValueError, match="unknown variant"):
        lw.spectral.count_outliers(s, w.shape, {"biggest": {}})


def test_a_report_says_all_of_it(w: np.ndarray) -> None:
    report = lw.report(w, permutations=5, vectors=2, seed=3, level=0.01)
    assert report.options.permutations == 5 and len(report.null.largest) == 5
    assert len(report.localisation.left) == 2
    lines = report.to_csv().splitlines()
    assert lines[0].startswith("k,singular_value") and len(lines) == 41
    assert float(lines[1].split(",")[1]) == report.singular_values[0]
    assert "60 x 40" in str(report)
    with pytest.raises(ValueError, match="level"):
        lw.report(w, level=2.0)
