// Copyright 2026 the Tidings authors. MIT license.

const WIDTH = 240;
const HEIGHT = 100;
const LENGTH = 120;

/** A line of the latest values, drawn into an `svg` element. */
export class Chart {
  #values = [];
  #max;
  #line;
  #area;

  /**
   * @param {SVGSVGElement} svg Where to draw.
   * @param {number | undefined} max What the upper edge stands for; if left out,
   * the largest value that is shown.
   */
  constructor(svg, max) {
    svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    svg.setAttribute("preserveAspectRatio", "none");
    this.#max = max;
    this.#area = svg.appendChild(makePath("area"));
    this.#line = svg.appendChild(makePath("line"));
  }

  /** @param {number} value The latest value. */
  add(value) {
    this.#values.push(value);
    if (this.#values.length > LENGTH) this.#values.shift();
    const max = this.#max ?? Math.max(1, ...this.#values) * 1.1;
    const step = WIDTH / (LENGTH - 1);
    const left = WIDTH - (this.#values.length - 1) * step;
    const points = this.#values.map((value, index) => {
      const y = HEIGHT - (HEIGHT - 2) * Math.min(1, value / max) - 1;
      return `${(left + index * step).toFixed(1)},${y.toFixed(1)}`;
    });
    this.#line.setAttribute("d", `M${points.join("L")}`);
    this.#area.setAttribute(
      "d",
      `M${left.toFixed(1)},${HEIGHT}L${points.join("L")}L${WIDTH},${HEIGHT}Z`,
    );
  }
}

function makePath(name) {
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("class", name);
  return path;
}
