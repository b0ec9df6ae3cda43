// The numbers beside the pictures.

import { h } from "./controls.js";

export const subscript = (t) => String(t).replace(/\d/g, (d) => String.fromCharCode(0x2080 + Number(d)));
const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
export const digits = (x) => (x !== 0 && Math.abs(x) < 1e-3 ? x.toExponential(1) : x.toPrecision(4));

function table(head, rows) {
  const cells = (tag, values) => values.map((value) => {
    const [text, kind] = Array.isArray(value) ? value : [value];
    return h(tag, { class: kind, scope: tag === "th" ? "col" : undefined }, text);
  });
  return h("table", {}, h("thead", {}, h("tr", {}, ...cells("th", head))), h("tbody", {}, ...rows.map((row) => h("tr", {}, ...cells("td", row)))));
}

export function title(stage, measured) {
  const name = `W${subscript(stage.step)}`;
  const found = measured ? `measured ${plural(measured.outliers, "outlier")}, ` : "";
  if (stage.step === 0) return `${name}: ${found}the law of Marchenko and Pastur`;
  if (!stage.spectrum) return `${name}: ${found}no prediction`;
  return `${name}: ${found}predicted ${plural(stage.spectrum.outliers.length, "outlier")}`;
}

// The outliers of a stage, measured ones in green beside those predicted.
export function outliers(stage, measured, chance) {
  const predicted = stage.spectrum?.outliers ?? [];
  const powers = predicted[0]?.left_overlaps.length ?? measured?.triplets[0]?.left_overlaps.length ?? 0;
  const head = ["", "value", "⟨v, teacher⟩", ...Array.from({ length: powers }, (_, k) => `⟨u, a${k ? ["", "²", "³"][k] ?? `^${k + 1}` : ""}⟩`)];
  const row = (name, o, kind) => [[name, kind], [digits(o.singular_value), kind], [o.target_overlap.toFixed(3), kind], ...o.left_overlaps.slice(0, powers).map((u) => [u.toFixed(3), kind])];
  const rows = [];
  const shown = new Set();
  predicted.forEach((o, k) => {
    rows.push(row(`${k + 1}`, o));
    measured?.triplets.forEach((m, i) => {
      if (m.predicted === k) {
        rows.push(row(i < measured.outliers ? "measured" : "in the bulk", m, "measured"));
        shown.add(i);
      }
    });
  });
  measured?.triplets.slice(0, measured.outliers).forEach((m, i) => {
    if (!shown.has(i)) rows.push(row("measured", m, "measured"));
  });
  if (rows.length === 0) return [h("p", { class: "hint" }, stage.problem ? "" : "none")];
  const all = [table(head, rows)];
  if (measured) all.push(h("p", { class: "hint" }, `Chance gives an overlap of ${chance[0].toFixed(3)} with the teacher, ${chance[1].toFixed(3)} with a.`));
  return all;
}

export function errors(stages, measured) {
  const pairs = stages[0].readouts.map(({ samples, lambda }) => [samples, lambda]);
  if (pairs.length === 0) return [];
  const head = ["m", "λ", ...stages.map((stage) => `W${subscript(stage.step)}`)];
  const rows = [];
  pairs.forEach(([samples, lambda], i) => {
    rows.push([String(samples), String(lambda), ...stages.map((s) => (s.readouts[i] ? digits(s.readouts[i].errors.test_error) : "–"))]);
    if (measured) rows.push([["measured", "measured"], "", ...measured.map((s) => [s.readouts[i] ? digits(s.readouts[i].test_error) : "–", "measured"])]);
  });
  return [table(head, rows)];
}

const fact = (name, value, note) => h("div", {}, h("dt", {}, name), h("dd", {}, value, ...(note ? [h("small", {}, note)] : [])));

export function facts(answer, stage, setting) {
  const all = [];
  const { leading_order: order, count } = answer;
  if (stage.spectrum) {
    const { outliers, edge, lower_edge } = stage.spectrum;
    all.push(fact(`Outliers of W${subscript(stage.step)}`, String(outliers.length), "predicted at this size"));
    const largest = outliers[0];
    all.push(fact("Largest", largest ? digits(largest.singular_value) : "–", largest ? `overlap with the teacher ${largest.target_overlap.toFixed(3)}` : "no outlier"));
    all.push(fact("Edge of the bulk", digits(edge), `from ${digits(lower_edge)}`));
  }
  if (count) {
    const [first, second] = setting.steps;
    const note = `${count.total} outliers of W₂ for large N${count.corrected === count.total ? "" : `, ${count.corrected} after special cases`}`;
    all.push(fact(`⌊${second.alpha} / (½ − ${first.alpha})⌋`, String(count.new_directions), note));
  }
  const last = answer.stages.at(-1);
  if (last.readouts.length) all.push(fact(`Test error of W${subscript(last.step)}`, digits(last.readouts[0].errors.test_error), `W₀: ${digits(answer.stages[0].readouts[0].errors.test_error)}`));
  const exponent = (e, constant) => e ?? (constant ? "none" : "> 12");
  if (order.link_coefficients) {
    all.push(fact("Exponents of the link", `${exponent(order.information_exponent, order.link_symmetry === "constant")}, ${exponent(order.reuse_exponent, order.link_symmetry)}`, "information, reuse"));
  }
  return all;
}

// What a screen reader says when things have come to rest.
export function spoken(answer, stage) {
  const { spectrum, step } = stage;
  const parts = [];
  if (spectrum) {
    parts.push(`W ${step}: ${plural(spectrum.outliers.length, "outlier")}, edge ${digits(spectrum.edge)}`);
    for (const o of spectrum.outliers.slice(0, 3)) parts.push(`${digits(o.singular_value)}, overlap ${o.target_overlap.toFixed(2)}`);
  } else parts.push(stage.problem ?? `W ${step}`);
  if (answer.count) parts.push(`the formula counts ${answer.count.new_directions}`);
  const last = answer.stages.at(-1).readouts[0];
  if (last) parts.push(`test error ${digits(last.errors.test_error)}`);
  return parts.join("; ");
}

export function notes(answer, stage) {
  const all = [];
  const say = (text) => all.push(h("p", {}, text));
  if (stage.problem) say(`No prediction for W${subscript(stage.step)}: ${stage.problem}`);
  if (answer.no_feature_prediction) say(`No test errors: ${answer.no_feature_prediction}`);
  if (stage.spectrum && answer.detail === "whole") {
    const { errors, warnings } = stage.spectrum;
    const parts = [];
    if (errors.singular_values.length) parts.push(`${(100 * errors.singular_value).toFixed(1)} % in singular value`, `${errors.overlap.toFixed(3)} in overlap`);
    parts.push(`${(100 * errors.edge).toFixed(1)} % in the edge`);
    say(`Expected deviation of one network: ${parts.join(", ")}.`);
    warnings.forEach((warning) => say(`Note: ${warning}`));
  }
  (answer.count?.special_cases ?? []).forEach((sentence) => say(`Count: ${sentence}`));
  return all;
}
