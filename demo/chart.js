// Copyright 2026 the Tidings authors. MIT license.

/**
 * The charts of the live view.
 *
 * @module
 */

const WIDTH = 240;
const HEIGHT = 100;
const LENGTH = 120;
const STEP = WIDTH / (LENGTH - 1);

/** Milliseconds between two values. */
const INTERVAL = 500;
/** Milliseconds after which the last value is no longer the present one. */
const FRESH = 2500;

/** A line chart of the latest values, which also shows its scale and the last value. */
export class Chart {
  /** Values by time. */
  #values = new Map();
  #lastTime = 0;
  #options;
  #line;
  #area;
  #scale;
  #value;
  #age;

  /**
   * @param {HTMLElement} figure Holds an `svg`, a `.scale`, a `.value` and an `.age`.
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
    this.#age = figure.querySelector(".age");
    this.#options = options;
  }

  /**
   * Sets the value of a time. Setting it twice does no harm.
   *
   * @param {number} time Milliseconds since the epoch.
   * @param {number} value The value.
   */
  set(time, value) {
    this.#values.set(time, value);
    if (time < this.#lastTime) {
      this.#values = new Map([...this.#values].sort(([a], [b]) => a - b));
    }
    this.#lastTime = Math.max(this.#lastTime, time);
    if (this.#values.size > LENGTH) {
      this.#values.delete(this.#values.keys().next().value);
    }
    const { unit, digits } = this.#options;
    const values = [...this.#values.values()];
    const max = this.#options.max ?? roundUp(Math.max(1, ...values));
    this.#value.textContent = `${values.at(-1).toFixed(digits)} ${unit}`;
    this.#scale.textContent = `0 to ${max} ${unit}`;
    this.#draw(max);
    this.showAge();
  }

  /** Forgets all values. */
  clear() {
    this.#values.clear();
    this.#lastTime = 0;
  }

  /** Shows how old the last value is. */
  showAge() {
    const age = Date.now() - this.#lastTime;
    this.#age.textContent = this.#values.size === 0
      ? "no value yet"
      : age < FRESH
      ? "now"
      : `${Math.round(age / 1000)} s ago`;
  }

  #draw(max) {
    const points = [...this.#values].map(([time, value]) => {
      const x = WIDTH - (this.#lastTime - time) / INTERVAL * STEP;
      const y = HEIGHT * (1 - Math.min(1, value / max));
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    });
    const [left] = points[0].split(",");
    this.#line.setAttribute("d", `M${points.join("L")}`);
    this.#area.setAttribute(
      "d",
      `M${left},${HEIGHT}L${points.join("L")}L${WIDTH},${HEIGHT}Z`,
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
