# %% [markdown]
# # Large gradient steps in linear-width networks
#
# A two-layer network of width $N$ takes gradient steps of size $\eta_t = C_t N^{\alpha_t}$ on its first
# layer $W$ ($N \times d$). Moniri & Hassani (arXiv:2605.17767) show that one step gives $W$ one
# outlying singular value, that a second gives it $\lfloor \alpha_2 / (1/2 - \alpha_1) \rfloor$ new
# ones, and that a second step on the *same* batch finds directions that new batches cannot. Here each
# claim is simulated, and set beside a prediction that has no free parameter.

# %%
import matplotlib.pyplot as plt
import numpy as np

import linear_width as lw

SIZE = dict(width=1000, dimension=500, samples=1500, second_layer="uniform", seed=1)
TANH = {"tanh": {"scale": 2.0, "shift": 0.5}}

# %% [markdown]
# ## 1. One step makes one outlier
#
# Bars are measured, the line is predicted; triangles are measured outliers, diamonds predicted ones.

# %%
one = lw.Experiment(
    **SIZE, activation=TANH, target={"link": [0.0, 1.0, 0.5], "noise": 0.1}, steps=[(2.0, 0.35)]
)
report = one.run()
report.plot()
plt.show()
print(f"outliers of W_0 and W_1: {[stage.outliers.count for stage in report.stages]}")
print(f"overlap of the first with the teacher: {report.last.triplets[0].target_overlap:.3f}")

# %% [markdown]
# ## 2. A second step makes more
#
# The formula counts for large $N$; at this size the prediction says which of them are out.

# %%
two = lw.Experiment(
    **SIZE,
    activation=TANH,
    target={"link": [0.0, 1.0, 0.5], "noise": 0.1},
    steps=[(2.0, 0.35), (2.0, 0.4)],
)
report = two.run()
report.plot()
plt.show()
count = lw.theory.outlier_count(0.35, 0.4)
predicted = len(report.last.prediction.outliers)
print(f"formula: {count.total}, predicted here: {predicted}, measured: {report.last.outliers.count}")
report

# %% [markdown]
# ## 3. The k-th left vector is a power of the second layer
#
# $W_2 \approx W_0 + \sum_k a^{\circ (k+1)} v_k^\top$: the left singular vectors mix the entrywise powers
# of $a$.

# %%
rows = min(len(report.last.triplets), len(report.last.prediction.outliers))
figure, axes = plt.subplots(1, rows, figsize=(3 * rows, 2.6), sharey=True, layout="constrained")
for k, on in enumerate(np.atleast_1d(axes)):
    measured = report.last.triplets[k].left_overlaps
    theory = report.last.prediction.outliers[k].left_overlaps
    at = np.arange(1, len(theory) + 1)
    on.bar(at - 0.2, measured[: len(at)], 0.4, label="measured")
    on.bar(at + 0.2, theory, 0.4, label="predicted")
    on.set(title=f"outlier {k + 1}", xlabel="power of a", xticks=at)
np.atleast_1d(axes)[0].legend(frameon=False)
plt.show()

# %% [markdown]
# ## 4. A batch that is reused finds the teacher, independent ones do not
#
# The link has information exponent two: independent batches carry no trace of the teacher in the second
# step. Two random directions have overlap $1/\sqrt d = 0.045$.

# %%
for batches in ("independent", "reused"):
    reuse = lw.Experiment(
        **{**SIZE, "samples": 1200, "second_layer": "gaussian"},
        activation={"sine": {"amplitude": 1.65, "phase": 0.7}},
        target={"link": lambda z: np.cos(1.5 * z + 0.6), "without": [0, 1], "noise": 0.1},
        steps=[(2.0, 0.37), (2.0, 0.42)],
        batches=batches,
    )
    last = reuse.run().last
    print(f"{batches}: overlap with the teacher, measured (predicted)")
    for triplet, theory in zip(last.triplets, last.prediction.outliers):
        print(f"  {triplet.target_overlap:.3f} ({theory.target_overlap:.3f})")

# %% [markdown]
# ## 5. The formula is a limit: how many outliers are out at finite N
#
# Predictions need no simulation, so $N$ may be a million.

# %%
alphas = np.linspace(0.02, 0.48, 24)
figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
for width in (10**3, 10**6, 10**9):
    counts = []
    for alpha in alphas:
        experiment = lw.Experiment(
            width=width,
            dimension=width // 2,
            samples=3 * width // 2,
            activation=TANH,
            target=[0.0, 1.0, 0.5],
            steps=[(2.0, 0.35), (2.0, alpha)],
            second_layer="uniform",
            prediction_options={"bulk_model": "isotropic", "compare_nodes": False},
        )
        counts.append(len(experiment.predict().outliers))
    axes.plot(alphas, counts, "o-", markersize=3, label=f"N = {width:.0e}")
formula = [lw.theory.outlier_count(0.35, alpha).total for alpha in alphas]
axes.step(alphas, formula, "k", where="mid", label="formula")
axes.set(xlabel="alpha_2", ylabel="outliers of W_2")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# ## 6. How far one network lies from the prediction
#
# Every prediction says what deviation to expect. Eight seeds:

# %%
small = {**SIZE, "width": 400, "dimension": 200, "samples": 600}
values = []
for seed in range(8):
    settings = {**small, "seed": seed, "with_prediction": False}
    run = lw.Experiment(
        **settings, activation=TANH, target=[0.0, 1.0, 0.5], steps=[(2.0, 0.35), (2.0, 0.4)]
    ).run()
    values.append([triplet.singular_value for triplet in run.last.triplets[:2]])
prediction = lw.Experiment(
    **small, activation=TANH, target=[0.0, 1.0, 0.5], steps=[(2.0, 0.35), (2.0, 0.4)]
).predict()
figure, axes = plt.subplots(1, 2, figsize=(6, 2.6), layout="constrained")
for k, on in enumerate(axes):
    expected = prediction.outliers[k].singular_value
    deviation = prediction.errors.singular_values[k] * expected
    on.axhspan(expected - deviation, expected + deviation, alpha=0.2)
    on.axhline(expected)
    on.plot([value[k] for value in values], "k^")
    on.set(title=f"singular value {k + 1} of W_2", xlabel="seed")
plt.show()

# %% [markdown]
# ## 7. What the directions buy: the test error of ridge regression on the features

# %%
samples, lambdas = 2000, [0.001, 0.01, 0.1, 1.0]
bought = lw.Experiment(
    **small,
    activation=TANH,
    target={"link": [0.0, 1.0, 0.5], "noise": 0.1},
    steps=[(2.0, 0.3), (2.0, 0.4), (2.0, 0.4)],
    readout_samples=[samples],
    readout_lambdas=lambdas,
)
figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
curve = np.geomspace(3e-4, 3.0, 25)
for stage in bought.run().stages:
    (line,) = axes.loglog(
        lambdas,
        [readout.measured.test_error.mean_square for readout in stage.readouts],
        "^",
        label=f"W_{stage.step}",
    )
    theory = bought.features(stage.step).ridge_curve([samples], curve)[0]
    axes.plot(curve, [errors.test_error for errors in theory], color=line.get_color())
axes.set(xlabel="lambda", ylabel="test error", title="measured (triangles), predicted (lines)")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# ## 8. The spectrum of the features

# %%
spectrum = bought.features().spectrum(samples)
spectrum.plot()
plt.show()
print([round(outlier.eigenvalue, 2) for outlier in spectrum.outliers])

# %% [markdown]
# ## 9. Any activation: a function of NumPy arrays

# %%
def mish(z):
    return z * np.tanh(np.log1p(np.exp(z)))


print(lw.Function(mish))
own = lw.Experiment(
    **small, activation=mish, target=np.tanh, steps=[(2.0, 0.35), (2.0, 0.4)], keep_weights=True
)
own_report = own.run()
own_report

# %% [markdown]
# ## 10. Any matrix: what its spectrum shows
#
# Bulk, outliers with p-values, heavy tails, localised vectors, here of the weights just trained.

# %%
spectrum_report = lw.report(own_report.last.weights)
spectrum_report.plot()
plt.show()
print(spectrum_report)
