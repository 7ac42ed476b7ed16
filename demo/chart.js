// Copyright 2026 the Tidings authors. MIT license.

/**
 * The charts of the page of the measurements.
 *
 * @module
 */

const WIDTH = 240;
const HEIGHT = 100;
const LENGTH = 120;

/** A line chart of the latest values, which also shows its scale and the last value. */
export class Chart {
  #values = [];
  #options;
  #line;
  #area;
  #scale;
  #value;

  /**
   * @param {HTMLElement} figure Holds an `svg`, a `.scale` and a `.value`.
   * @param {{ unit: string, digits: number, max?: number }} options How values are
   * shown. `max` is the value at the upper edge, by default a round number above the
   * largest value that is shown.
   */
  constructor(figure, options) {
    const svg = figure.querySelector("svg");
    svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    svg.setAttribute("preserveAspectRatio", "none");
    this.#area = svg.appendChild(makePath("area"));
    this.#line = svg.appendChild(makePath("line"));
    this.#scale = figure.querySelector(".scale");
    this.#value = figure.querySelector(".value");
    this.#options = options;
  }

  /** @param {number} value The latest value. */
  add(value) {
    const { unit, digits, max = roundUp(Math.max(1, value, ...this.#values)) } =
      this.#options;
    this.#values.push(value);
    if (this.#values.length > LENGTH) this.#values.shift();
    this.#value.textContent = `${value.toFixed(digits)} ${unit}`;
    this.#scale.textContent = `0 to ${max} ${unit}`;
    this.#draw(max);
  }

  #draw(max) {
    const step = WIDTH / (LENGTH - 1);
    const left = WIDTH - (this.#values.length - 1) * step;
    const points = this.#values.map((value, index) => {
      const y = HEIGHT * (1 - Math.min(1, value / max));
      return `${(left + index * step).toFixed(1)},${y.toFixed(1)}`;
    });
    this.#line.setAttribute("d", `M${points.join("L")}`);
    this.#area.setAttribute(
      "d",
      `M${left.toFixed(1)},${HEIGHT}L${points.join("L")}L${WIDTH},${HEIGHT}Z`,
    );
  }
}

/** Returns the smallest of 1, 2, 5, 10, 20, 50, … that is not below the value. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power)
    .find((round) => round >= value);
}

function makePath(name) {
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("class", name);
  return path;
}
