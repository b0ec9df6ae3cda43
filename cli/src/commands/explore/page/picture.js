// The pictures, as SVG.

const NS = "http://www.w3.org/2000/svg";

function draw(tag, attributes, text) {
  const element = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

const place = (x) => Math.round(100 * x) / 100;
const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${place(x)} ${place(y)}`).join("");

// 1, 2, 5 times a power of ten, from `from` to `to`.
function ticks(from, to, log) {
  const found = [];
  if (log) {
    for (let power = Math.floor(Math.log10(from)); power <= Math.log10(to); power += 1) {
      for (const m of [1, 2, 5]) found.push(Number((m * 10 ** power).toPrecision(1)));
    }
  } else {
    const rough = (to - from) / 6;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find((m) => m * power >= rough) * power;
    for (let x = Math.ceil(from / step) * step; x <= to; x += step) found.push(Number(x.toPrecision(6)));
  }
  return found.filter((x) => x >= from && x <= to);
}

// The ends of the axis, rounded so that it stands still while small things move.
function ends(smallest, largest, log) {
  if (!log) {
    const power = 10 ** Math.floor(Math.log10(largest));
    const to = [1, 1.5, 2, 3, 4, 6, 8, 10].find((m) => m * power >= 1.04 * largest) ?? 15;
    return [0, to * power];
  }
  const rung = 6;
  return [
    10 ** (Math.floor(rung * Math.log10(0.97 * smallest)) / rung),
    10 ** (Math.ceil(rung * Math.log10(1.08 * largest)) / rung),
  ];
}

// Heights of `bins` equal parts of the axis, as shares of all values per unit of the axis.
function histogram(values, all, bins, from, to, unit) {
  const width = (unit(to) - unit(from)) / bins;
  const counts = new Array(bins).fill(0);
  for (const value of values) {
    const bin = Math.floor((unit(value) - unit(from)) / width);
    if (bin >= 0) counts[Math.min(bin, bins - 1)] += 1;
  }
  return counts.map((count, i) => [unit(from) + i * width, count / (all * width), width]);
}

// The spectrum of one stage. `scene` has: log; noise, law (densities or null); spectrum (edges and
// outliers, or null); measured (or null).
export function drawSpectrum(svg, { log, noise, law, spectrum, measured }) {
  const box = svg.getBoundingClientRect();
  const [width, height] = [Math.max(200, box.width), Math.max(100, box.height)];
  const room = { left: 8, right: 12, top: 26, bottom: 34 };
  const bulk = law ?? noise;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const parts = [];
  if (bulk) {
    const edge = bulk.singular_values.at(-1);
    const lowest = Math.max(1e-2 * edge, Math.min(bulk.singular_values[0], measured ? measured.singular_values.at(-1) : Infinity));
    const outliers = spectrum?.outliers ?? [];
    const found = measured ? measured.singular_values.slice(0, measured.outliers) : [];
    const largest = Math.max(edge, noise.singular_values.at(-1), ...outliers.map((o) => o.singular_value), ...found, measured ? measured.singular_values[0] : 0);
    const [from, to] = ends(lowest, largest, log);
    const unit = log ? Math.log : (s) => s;
    const x = (u) => room.left + ((u - unit(from)) / (unit(to) - unit(from))) * (width - room.left - room.right);
    const at = (s) => x(unit(Math.max(s, log ? from : 0)));
    // on a logarithmic axis the height is the density of ln s, so that areas are shares
    const shape = ({ singular_values, density }) => singular_values
      .map((s, i) => [s, density[i] * (log ? s : 1)]).filter(([s, h]) => s >= from && Number.isFinite(h));
    const bars = measured ? histogram(measured.singular_values.slice(measured.outliers), measured.singular_values.length, 36, Math.max(lowest * 0.99, log ? from : 0), Math.max(edge, measured.singular_values[measured.outliers] ?? 0) * 1.001, unit) : [];
    // a density may grow without bound at an edge at 0
    const heights = shape(bulk).filter(([s]) => s > 0.02 * edge).map(([, h]) => h);
    const top = 1.12 * Math.max(...heights, ...bars.map(([, h]) => h), 1e-300);
    const base = height - room.bottom;
    const y = (h) => base - (Math.min(h, top) / top) * (base - room.top);
    const outline = (density) => shape(density).map(([s, h]) => [at(s), y(h)]);
    parts.push(draw("line", { class: "frame", x1: room.left, x2: width - room.right, y1: base, y2: base }));
    for (const tick of ticks(from, to, log)) {
      parts.push(draw("line", { class: "frame", x1: at(tick), x2: at(tick), y1: base, y2: base + 4 }));
      parts.push(draw("text", { x: at(tick), y: base + 17, "text-anchor": "middle" }, String(tick)));
    }
    parts.push(draw("text", { x: width - room.right, y: height - 4, "text-anchor": "end" }, "singular value"));
    parts.push(draw("text", { x: room.left, y: 12 }, log ? "density of the logarithm" : "density"));
    for (const [left, h, w] of bars) {
      if (h > 0) parts.push(draw("rect", { class: "bars", x: place(x(left)), width: place(x(left + w) - x(left)), y: place(y(h)), height: place(base - y(h)) }));
    }
    if (law && noise) parts.push(draw("path", { class: "noise", d: path(outline(noise)) }));
    const line = outline(bulk);
    if (line.length) parts.push(draw("path", { class: "law", id: "law", d: `${path([[line[0][0], base], ...line, [line.at(-1)[0], base]])}` }));
    parts.push(draw("line", { class: "edge", x1: at(edge), x2: at(edge), y1: base, y2: room.top }));
    parts.push(draw("text", { class: "edge-text", x: at(edge) + (at(edge) > width - 90 ? -5 : 5), y: room.top + 4, "text-anchor": at(edge) > width - 90 ? "end" : "start" }, `edge ${edge.toPrecision(4)}`));
    const mark = (s, overlap, tall, name, last) => {
      const px = place(at(s));
      const py = base - tall;
      parts.push(draw("line", { class: name === "outlier" ? "stem" : "measured-stem", x1: px, x2: px, y1: base, y2: py }));
      parts.push(draw("path", { class: name, d: name === "outlier" ? `M${px} ${py - 6}l5 6l-5 6l-5 -6z` : `M${px} ${py + 6}l-5 -9h10z` }));
      // numbers that would lie on one another are left to the table
      if (Math.abs(px - last) > 30) {
        parts.push(draw("text", { class: "overlap", x: px, y: py - 10, "text-anchor": "middle" }, overlap.toFixed(2)));
        return px;
      }
      return last;
    };
    const tall = 0.32 * (base - room.top);
    let last = -Infinity;
    for (const triplet of measured ? measured.triplets.slice(0, measured.outliers) : []) mark(triplet.singular_value, triplet.target_overlap, 0.6 * tall, "measured-outlier", at(triplet.singular_value));
    for (const outlier of outliers) last = mark(outlier.singular_value, outlier.target_overlap, tall, "outlier", last);
  }
  svg.replaceChildren(...parts);
}

// Test errors after every step; `measured` has one per stage, or is null.
export function drawErrors(svg, predicted, measured, floor) {
  const box = svg.getBoundingClientRect();
  const [width, height] = [Math.max(160, box.width), Math.max(80, box.height)];
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const room = { left: 46, right: 12, top: 8, bottom: 22 };
  const known = predicted.filter(Number.isFinite);
  if (known.length === 0) return svg.replaceChildren();
  const found = (measured ?? []).filter(Boolean).map((m) => m.test_error);
  const all = [...known, ...found, floor];
  const [low, high] = [Math.min(...known, ...found), Math.max(...all)];
  const top = high + 0.08 * (high - low) + 0.01 * high;
  // small changes of a large error are seen too
  const bottom = Math.max(0, low - 0.5 * (high - low) - 0.02 * high);
  const x = (t) => room.left + ((t + 0.5) / predicted.length) * (width - room.left - room.right);
  const y = (e) => height - room.bottom - ((e - bottom) / (top - bottom)) * (height - room.top - room.bottom);
  const parts = [draw("line", { class: "frame", x1: room.left, x2: width - room.right, y1: y(bottom), y2: y(bottom) })];
  for (const tick of ticks(bottom, top, false)) {
    parts.push(draw("line", { class: "axis", x1: room.left, x2: width - room.right, y1: y(tick), y2: y(tick) }));
    parts.push(draw("text", { x: room.left - 6, y: y(tick) + 4, "text-anchor": "end" }, String(tick)));
  }
  if (floor > bottom) parts.push(draw("line", { class: "noise", x1: room.left, x2: width - room.right, y1: y(floor), y2: y(floor) }));
  const points = predicted.map((e, t) => [x(t), y(e)]).filter(([, at]) => Number.isFinite(at));
  parts.push(draw("path", { class: "curve", d: path(points) }));
  for (const [px, py] of points) parts.push(draw("circle", { class: "dot", cx: place(px), cy: place(py), r: 4 }));
  (measured ?? []).forEach((m, t) => {
    if (!m) return;
    const [above, below] = [1, -1].map((sign) => y(m.test_error + 2 * sign * m.standard_error));
    parts.push(draw("line", { class: "whisker", x1: x(t), x2: x(t), y1: above, y2: below }));
    parts.push(draw("path", { class: "measured-dot", d: `M${place(x(t))} ${place(y(m.test_error) + 5)}l-5 -9h10z` }));
  });
  predicted.forEach((_, t) => parts.push(draw("text", { x: x(t), y: height - 5, "text-anchor": "middle" }, `W${String.fromCharCode(0x2080 + t)}`)));
  svg.replaceChildren(...parts);
}
