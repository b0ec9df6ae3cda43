// The controls: every one reads its part of the setting and writes it.

// An element with attributes and children.
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

const STEPS_OF_SLIDER = 1000;
// Hermite coefficients that have one
const SLIDERS = 8;
let ids = 0;

// A number with as many digits as it needs and no more.
export const short = (x) => String(Number(x.toPrecision(6)));

// A slider with a number beside it. `scale` is "log" or "linear"; the slider goes from `from` to
// `to`, the number as far as the program allows.
function number({ key, label, from, to, scale = "linear", step, whole, get, set, title }) {
  const id = `c${(ids += 1)}`;
  const log = scale === "log";
  const place = (x) =>
    log ? Math.log(Math.max(x, from) / from) / Math.log(to / from) : (x - from) / (to - from);
  const value = (p) => (log ? from * (to / from) ** p : from + (to - from) * p);
  const rounded = (x) => {
    if (whole) return Math.round(log ? Number(x.toPrecision(3)) : x);
    return step ? Number((Math.round(x / step) * step).toFixed(6)) : Number(x.toPrecision(3));
  };
  const slider = h("input", { type: "range", min: 0, max: STEPS_OF_SLIDER, step: step && !log ? (STEPS_OF_SLIDER * step) / (to - from) : log ? 5 : 1, "aria-label": label, title });
  const box = h("input", { type: "number", id, step: "any", inputmode: "decimal", title, "aria-describedby": `${id}p` });
  const problem = h("p", { class: "problem", id: `${id}p` });
  // what is wrong with the text typed, which is not a setting yet
  let own = "";
  const show = () => {
    const now = get();
    slider.value = STEPS_OF_SLIDER * Math.min(1, Math.max(0, place(now)));
    slider.setAttribute("aria-valuetext", short(now));
    if (document.activeElement !== box) box.value = short(now);
  };
  const leave = () => {
    if (own) tell(box, problem, (own = ""));
    show();
  };
  slider.addEventListener("input", () => {
    const chosen = rounded(value(slider.value / STEPS_OF_SLIDER));
    own = "";
    box.value = short(chosen);
    slider.setAttribute("aria-valuetext", short(chosen));
    set(chosen);
  });
  box.addEventListener("input", () => {
    const typed = box.value.trim() === "" ? NaN : Number(box.value);
    const fits = Number.isFinite(typed) && (!whole || Number.isInteger(typed));
    own = fits ? "" : `a ${whole ? "whole " : ""}number is needed here`;
    tell(box, problem, own);
    if (fits) set(typed);
  });
  box.addEventListener("blur", leave);
  show();
  const field = h("div", { class: "field" }, h("label", { for: id, title }, label), slider, box, problem);
  return { keys: [key], field, show, tell: (sentence) => tell(box, problem, own || sentence) };
}

function choice({ key, label, options, get, set }) {
  const id = `c${(ids += 1)}`;
  const select = h("select", { id, class: "wide", "aria-describedby": `${id}p` });
  const problem = h("p", { class: "problem", id: `${id}p` });
  for (const [value, text] of options) select.append(h("option", { value }, text));
  const show = () => {
    const now = get();
    if (![...select.options].some((option) => option.value === now)) {
      select.append(h("option", { value: now }, "as in the file"));
    }
    select.value = now;
  };
  select.addEventListener("change", () => set(select.value));
  show();
  const field = h("div", { class: "field" }, h("label", { for: id }, label), select, problem);
  return { keys: [key], field, show, tell: (sentence) => tell(select, problem, sentence) };
}

// Numbers with commas between them.
function numbers({ key, label, whole, least, get, set, title }) {
  const id = `c${(ids += 1)}`;
  const box = h("input", { type: "text", id, class: "wide", inputmode: "text", title, "aria-describedby": `${id}p` });
  const problem = h("p", { class: "problem", id: `${id}p` });
  let own = "";
  const show = () => {
    if (document.activeElement !== box) box.value = get().map((x) => short(x)).join(", ");
  };
  const leave = () => {
    if (own) tell(box, problem, (own = ""));
    show();
  };
  box.addEventListener("input", () => {
    const parts = box.value.split(/[\s,;]+/).filter((part) => part !== "");
    const all = parts.map(Number);
    const fits = all.every((x) => Number.isFinite(x) && (!whole || (Number.isInteger(x) && x >= 0)));
    const enough = all.length >= least;
    own = fits && enough ? "" : `${whole ? "whole " : ""}numbers with commas between them are needed here`;
    tell(box, problem, own);
    if (fits && enough) set(all);
  });
  box.addEventListener("blur", leave);
  show();
  const field = h("div", { class: "field" }, h("label", { for: id, title }, label), box, problem);
  return { keys: [key], field, show, tell: (sentence) => tell(box, problem, own || sentence) };
}

function tell(input, problem, sentence) {
  problem.textContent = sentence;
  if (sentence) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

// Functions by name: their parameters with default and range of the slider.
const FUNCTIONS = {
  tanh: { text: "tanh", parameters: { scale: [1, 0.1, 5], shift: [0, -3, 3] } },
  erf: { text: "erf" },
  sigmoid: { text: "sigmoid" },
  sine: { text: "sine", parameters: { amplitude: [1, 0.1, 5], phase: [0, -3.14, 3.14] } },
  relu: { text: "ReLU" },
  leaky_relu: { text: "leaky ReLU", parameters: { slope: [0.01, 0, 1] } },
  softplus: { text: "softplus", parameters: { beta: [1, 0.2, 10], scale: [1, 0.1, 5] } },
  gelu: { text: "GELU" },
  silu: { text: "SiLU" },
  hermite: { text: "Hermite coefficients" },
};

const nameOf = (value) => (typeof value === "string" ? value : Object.keys(value)[0]);

function standard(name, before) {
  if (name === "hermite") return { hermite: before };
  const { parameters } = FUNCTIONS[name];
  if (!parameters) return name;
  return { [name]: Object.fromEntries(Object.entries(parameters).map(([p, [value]]) => [p, value])) };
}

// The controls of an activation or a link; `rebuild` is called when other ones are needed.
function functionControls({ key, label, start, get, set, rebuild }) {
  const name = nameOf(get());
  const options = Object.entries(FUNCTIONS).map(([value, { text }]) => [value, text]);
  const kind = choice({
    key, label, options, get: () => nameOf(get()),
    set: (chosen) => { set(standard(chosen, start)); rebuild(); },
  });
  const inner = [];
  const at = (parameter) => `${key}.${name}.${parameter}`;
  if (name === "hermite") {
    const list = () => get().hermite;
    const take = (all) => { set({ hermite: all }); refresh(); };
    inner.push(numbers({
      key: `${key}.hermite`, label: "c0, c1, ...", least: 1, title: "coefficients of the probabilists' Hermite polynomials He0, He1, ...",
      get: list, set: take,
    }));
    // a slider for each of the first coefficients; those that are not there are hidden
    const sliders = Array.from({ length: SLIDERS }, (_, k) => number({
      key: `${key}.hermite.${k + 1}`, label: `c${k}`, from: -2, to: 2, step: 0.01,
      get: () => list()[k] ?? 0,
      set: (x) => take(list().map((old, i) => (i === k ? x : old))),
    }));
    inner.push(...sliders);
    const refresh = () => {
      inner.forEach((control) => control.show());
      sliders.forEach(({ field }, k) => { field.hidden = k >= list().length; });
    };
    refresh();
  } else {
    for (const [parameter, [value, from, to]] of Object.entries(FUNCTIONS[name]?.parameters ?? {})) {
      inner.push(number({
        key: at(parameter), label: parameter, from, to, step: 0.01,
        get: () => get()[name]?.[parameter] ?? value,
        set: (x) => set({ [name]: { ...get()[name], [parameter]: x } }),
      }));
    }
  }
  return [kind, ...inner];
}

// All groups of controls. `page` has: setting; ratios (d/N and n/d, which stay when N is dragged);
// changed(); rebuild().
export function groups(page) {
  const s = () => page.setting;
  const put = (key, value) => { s()[key] = value; page.changed(); };
  // a setting that has its default is left out
  const putUnless = (key, value, standard) => {
    if (value === standard) delete s()[key];
    else s()[key] = value;
    page.changed();
  };
  const target = (key, value) => put("target", { ...s().target, [key]: value });
  const sizes = (width) => {
    s().width = width;
    s().dimension = Math.max(2, Math.round(page.ratios.dimension * width));
    s().samples = Math.max(2, Math.round(page.ratios.samples * s().dimension));
    page.changed();
  };
  const law = (value) => (typeof value === "string" ? value : value === undefined ? undefined : "file");
  const fromFile = {};
  const laws = (key, label, standard, options) => {
    if (typeof s()[key] === "object") fromFile[key] = s()[key];
    return choice({
      key, label, options, get: () => law(s()[key]) ?? standard,
      set: (chosen) => putUnless(key, chosen === "file" ? fromFile[key] : chosen, standard),
    });
  };
  const shapes = [["gaussian", "Gaussian"], ["uniform", "uniform"], ["rademacher", "±1"]];
  const step = (t, part, value) => put("steps", s().steps.map((size, i) => (i === t ? { ...size, [part]: value } : size)));
  const stepControls = s().steps.flatMap((_, t) => [
    number({ key: `steps.${t + 1}.constant`, label: `C of step ${t + 1}`, from: 0.1, to: 20, scale: "log", get: () => s().steps[t].constant, set: (x) => step(t, "constant", x), title: "the step size is C N^alpha" }),
    number({ key: `steps.${t + 1}.alpha`, label: `alpha of step ${t + 1}`, from: 0, to: 0.49, step: 0.01, get: () => s().steps[t].alpha, set: (x) => step(t, "alpha", x), title: "the step size is C N^alpha, alpha in [0, 0.5)" }),
  ]);
  const batches = () => (typeof (s().batches ?? "") === "object" ? "partly_reused" : s().batches ?? "independent");
  const fraction = () => s().batches?.partly_reused?.fraction ?? 0.5;
  const batchControls = s().steps.length < 2 ? [] : [choice({
    key: "batches", label: "Batches", options: [["independent", "independent"], ["reused", "reused"], ["partly_reused", "partly reused"]],
    get: batches,
    set: (chosen) => {
      putUnless("batches", chosen === "partly_reused" ? { partly_reused: { fraction: 0.5 } } : chosen, "independent");
      page.rebuild();
    },
  })];
  if (batchControls.length && batches() === "partly_reused") batchControls.push(number({
    key: "batches.partly_reused.fraction", label: "share kept", from: 0, to: 1, step: 0.01, get: fraction,
    set: (x) => put("batches", { partly_reused: { fraction: x } }),
  }));
  const errors = () => (s().readout_samples ?? []).length > 0;
  const first = (key, x, standard) => put(key, [x, ...(s()[key] ?? standard).slice(1)]);
  const ridge = [choice({
    key: "readouts", label: "Ridge readout", options: [["yes", "its test error"], ["no", "left out"]],
    get: () => (errors() ? "yes" : "no"),
    set: (chosen) => {
      if (chosen === "yes") Object.assign(s(), { readout_samples: [2 * s().width], readout_lambdas: s().readout_lambdas ?? [0.1] });
      else delete s().readout_samples;
      page.changed();
      page.rebuild();
    },
  })];
  if (errors()) ridge.push(
    number({ key: "readout_samples", label: "m, samples", from: 50, to: 1e6, scale: "log", whole: true, get: () => s().readout_samples[0], set: (x) => first("readout_samples", x, []) }),
    number({ key: "readout_lambdas", label: "lambda", from: 1e-4, to: 100, scale: "log", get: () => (s().readout_lambdas ?? [0.1])[0], set: (x) => first("readout_lambdas", x, [0.1]) }),
  );
  return [
    { legend: "Network", controls: [
      number({ key: "width", label: "N, neurons", from: 100, to: 1e5, scale: "log", whole: true, get: () => s().width, set: sizes }),
      number({ key: "dimension", label: "d/N", from: 0.05, to: 5, scale: "log", get: () => page.ratios.dimension, set: (x) => { page.ratios.dimension = x; sizes(s().width); }, title: "input dimension per neuron" }),
      number({ key: "samples", label: "n/d", from: 0.2, to: 20, scale: "log", get: () => page.ratios.samples, set: (x) => { page.ratios.samples = x; sizes(s().width); }, title: "samples of one batch per input dimension" }),
      ...functionControls({ key: "activation", label: "Activation", start: [0, 1, 0.5], get: () => s().activation, set: (f) => put("activation", f), rebuild: page.rebuild }),
    ] },
    { legend: "Gradient steps", controls: [
      choice({
        key: "steps", label: "How many", options: ["1", "2", "3", "4", "5"].map((n) => [n, n]), get: () => String(s().steps.length),
        set: (n) => {
          const sizes = s().steps;
          put("steps", Array.from({ length: Number(n) }, (_, t) => ({ ...(sizes[t] ?? sizes.at(-1)) })));
          page.rebuild();
        },
      }),
      ...stepControls, ...batchControls,
    ] },
    { legend: "Labels", controls: [
      ...functionControls({ key: "target.link", label: "Link", start: [0, 0, 1], get: () => s().target.link, set: (f) => target("link", f), rebuild: page.rebuild }),
      number({ key: "target.argument_scale", label: "link(c z), c", from: 0.1, to: 4, scale: "log", get: () => s().target.argument_scale ?? 1, set: (x) => target("argument_scale", x) }),
      numbers({ key: "target.without", label: "Without He", whole: true, least: 0, title: "degrees of Hermite parts taken out of the link; 0, 1 gives information exponent 2 or more", get: () => s().target.without ?? [], set: (all) => target("without", all) }),
      number({ key: "target.noise", label: "Noise", from: 0, to: 2, step: 0.01, get: () => s().target.noise ?? 0, set: (x) => target("noise", x) }),
    ] },
    { legend: "Laws", controls: [
      laws("input_law", "Inputs", "gaussian", shapes),
      laws("initialisation", "First layer", "sphere", [["sphere", "on the sphere"], ["gaussian", "Gaussian"]]),
      laws("second_layer", "Second layer", "gaussian", shapes),
    ] },
    { legend: "Prediction", controls: [
      choice({
        key: "prediction_options", label: "Bulk", options: [["structured", "structured, better"], ["isotropic", "isotropic, faster"]],
        get: () => s().prediction_options?.bulk_model ?? "structured",
        set: (model) => put("prediction_options", { ...s().prediction_options, bulk_model: model }),
      }),
      ...ridge,
    ] },
  ];
}

// The controls of the simulation; `page.simulation` has width and seed is the setting's.
export function simulationControls(page, most) {
  return [
    number({ key: "simulated width", label: "N, at most", from: 50, to: most, scale: "log", whole: true, get: () => page.simulatedWidth, set: (x) => { page.simulatedWidth = x; }, title: "a larger network is simulated at this width, with d, n and m in proportion" }),
    number({ key: "seed", label: "seed", from: 0, to: 100, step: 1, whole: true, get: () => Number(page.setting.seed ?? 0), set: (x) => { page.setting.seed = x; page.changed(); } }),
  ];
}
