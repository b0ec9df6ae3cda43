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
# ## 3. The left vectors are mixtures of the powers of the second layer
#
# To leading order $W_2 = W_0 + \sum_{k \ge 0} a^{\circ (k+1)} v_k^\top$, with the entrywise powers of $a$. They are not
# orthogonal ($a$ and $a^{\circ 3}$ are nearly parallel), so the overlaps of one vector do not add up to one.

# %%
pairs = [(k, pair) for k, pair in enumerate(report.last.pairing) if pair is not None]
figure, axes = plt.subplots(1, len(pairs), figsize=(7, 2.6), sharey=True, layout="constrained")
for (k, pair), on in zip(pairs, np.atleast_1d(axes)):
    theory = report.last.prediction.outliers[pair].left_overlaps
    at = np.arange(1, len(theory) + 1)
    on.bar(at - 0.2, report.last.triplets[k].left_overlaps[: len(at)], 0.4, label="measured")
    on.bar(at + 0.2, theory, 0.4, label="predicted")
    on.axhline(report.chance_overlaps[1], color="grey", linestyle=":", label="chance")
    on.set(title=f"outlier {k + 1}", xlabel="power of a", xticks=at)
np.atleast_1d(axes)[0].set_ylabel("overlap")
figure.legend(*np.atleast_1d(axes)[0].get_legend_handles_labels(), loc="outside right", frameon=False)
plt.show()

# %% [markdown]
# ## 4. A batch that is reused finds the teacher, independent ones do not
#
# The link has no linear part: its information exponent is two. With independent batches no vector is
# predicted to find the teacher; with the reused batch the second is. The dotted line is the overlap of two
# random directions, $1/\sqrt d$.

# %%
figure, axes = plt.subplots(1, 2, figsize=(7, 2.6), sharey=True, layout="constrained")
for batches, on in zip(("independent", "reused"), axes):
    reuse = lw.Experiment(
        **{**SIZE, "samples": 1200, "second_layer": "gaussian"},
        activation={"sine": {"amplitude": 1.65, "phase": 0.7}},
        target={"link": lambda z: np.cos(1.5 * z + 0.6), "without": [0, 1], "noise": 0.1},
        steps=[(2.0, 0.37), (2.0, 0.42)],
        batches=batches,
    )
    report = reuse.run()
    last = report.last
    pairs = [(k, pair) for k, pair in enumerate(last.pairing) if pair is not None]
    at = np.arange(1, len(pairs) + 1)
    measured = [last.triplets[k].target_overlap for k, _ in pairs]
    theory = [last.prediction.outliers[pair].target_overlap for _, pair in pairs]
    on.bar(at - 0.2, measured, 0.4, label="measured")
    on.bar(at + 0.2, theory, 0.4, label="predicted")
    on.axhline(report.chance_overlaps[0], color="grey", linestyle=":", label="chance")
    on.set(title=f"{batches} batches", xlabel="singular vector of $W_2$", xticks=at)
axes[0].set_ylabel("overlap with the teacher")
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right", frameon=False)
plt.show()

# %% [markdown]
# ## 5. The formula is a limit: how many outliers are out at finite N
#
# A prediction needs no simulation, so $N$ may be a billion. The terms beyond the formula's count vanish only as a small
# negative power of $N$, and the constants $C_t = 2$ are not small: at no $N$ in sight do the steps lie where the
# limit puts them.

# %%
alphas = np.linspace(0.02, 0.48, 24)
figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
for power in (3, 6, 9):
    width = 10**power
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
    # beside each other where they agree
    axes.step(alphas, np.array(counts) + 0.04 * (power / 3 - 2), where="mid", label=f"$N = 10^{power}$")
formula = [lw.theory.outlier_count(0.35, alpha).total for alpha in alphas]
axes.step(alphas, formula, "k--", where="mid", label="formula")
axes.set(xlabel=r"$\alpha_2$", ylabel="outliers of $W_2$", yticks=range(1, 6))
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# ## 6. How far one network lies from the prediction
#
# Every prediction says what deviation to expect of one network: the bands. Triangles are eight seeds, whose teachers,
# samples and networks are all different.

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
    on.set(title=f"singular value {k + 1} of $W_2$", xlabel="seed")
plt.show()

# %% [markdown]
# ## 7. What the directions buy: the test error of ridge regression on the features
#
# The second layer is trained on new samples, the first layer being that after 0, 1, 2 and 3 steps. The noise
# alone makes an error of 0.01.

# %%
samples, lambdas = 2000, [0.001, 0.01, 0.1, 1.0]
bought = lw.Experiment(
    **small,
    activation=TANH,
    target={"link": [0.0, 1.0, 0.5], "noise": 0.1},
    steps=[(2.0, 0.3), (2.0, 0.4), (2.0, 0.4)],
    readout_samples=[samples],
    readout_lambdas=lambdas,
    feature_samples=samples,
)
bought_report = bought.run()
figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
curve = np.geomspace(3e-4, 3.0, 25)
for stage in bought_report.stages:
    (line,) = axes.semilogx(
        lambdas,
        [readout.measured.test_error.mean_square for readout in stage.readouts],
        "^",
        label=f"$W_{stage.step}$",
    )
    theory = bought.features(stage.step).ridge_curve([samples], curve)[0]
    axes.plot(curve, [errors.test_error for errors in theory], color=line.get_color())
axes.set(xlabel=r"$\lambda$", ylabel="test error", title="measured (triangles), predicted (lines)")
figure.legend(loc="outside right", frameon=False)
plt.show()

# %% [markdown]
# ## 8. The spectrum of the features
#
# The eigenvalues of $F^\top F / m$ for the features $F = \sigma(X W_3^\top)$ of $m$ new samples.

# %%
spectrum = bought.features().spectrum(samples)
spectrum.plot(measured=bought_report.last.features.measured)
plt.show()
print("outliers, predicted:", [round(outlier.eigenvalue, 2) for outlier in spectrum.outliers])

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
