// A curve with its range as SVG: simulated truth, what was reported, what was observed; a cursor tied to the slider.

import { s } from "../dom.ts";
import { hourMinute, timeTicks } from "../timeline/time.ts";
import { number, ticks } from "./axis.ts";
import type { Range } from "./ranges.ts";

export interface Line {
  range: Range;
  look: "true" | "reported" | "observed" | "branch" | "difference";
}

export interface Plot {
  lines: Line[];
  until_s: number;
  start: string;
  /** instants marked by a thin line: a fork */
  marks_s: number[];
  name: string;
}

const WIDTH = 430;
const HEIGHT = 176;
const EDGE = { left: 52, right: 18, top: 8, bottom: 22 };

/** Draws the plot and returns it with the function that moves its cursor. */
export function drawCurve(
  plot: Plot,
  choose: (time_s: number) => void,
): { element: SVGSVGElement; cursor: (time_s: number) => void } {
  const known = plot.lines
    .flatMap(({ range }) => [...range.low, ...range.high, ...range.middle])
    .filter(Number.isFinite);
  const grid = ticks(Math.min(0, ...known), Math.max(known.length ? Math.max(...known) : 1, 1e-6), 4);
  const [low, high] = [grid[0]!, grid[grid.length - 1]!];
  const x = (time_s: number) => EDGE.left + (time_s / Math.max(plot.until_s, 1)) * (WIDTH - EDGE.left - EDGE.right);
  const y = (value: number) =>
    HEIGHT - EDGE.bottom - ((value - low) / (high - low || 1)) * (HEIGHT - EDGE.top - EDGE.bottom);
  const element = s("svg", { class: "curve", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": plot.name });
  for (const value of grid) element.append(...gridLine(y(value), number(value), value === 0));
  for (const at_s of timeTicks(plot.until_s, 6)) {
    element.append(
      s("text", { class: "tick", x: x(at_s), y: HEIGHT - 6, "text-anchor": "middle" }, timeLabel(plot, at_s)),
    );
  }
  for (const at_s of plot.marks_s)
    element.append(s("path", { class: "fork", d: `M${x(at_s)} ${EDGE.top}V${HEIGHT - EDGE.bottom}` }));
  for (const line of plot.lines) element.append(...drawLine(line, x, y));
  const stick = s("path", { class: "cursor" });
  element.append(stick);
  element.addEventListener("click", (event) => {
    const box = element.getBoundingClientRect();
    const share = (((event as MouseEvent).clientX - box.left) / box.width) * WIDTH;
    const time_s = ((share - EDGE.left) / (WIDTH - EDGE.left - EDGE.right)) * plot.until_s;
    choose(Math.max(0, Math.min(plot.until_s, Math.round(time_s / 3600) * 3600)));
  });
  const cursor = (time_s: number) =>
    stick.setAttribute("d", `M${x(time_s).toFixed(1)} ${EDGE.top}V${HEIGHT - EDGE.bottom}`);
  return { element, cursor };
}

function timeLabel(plot: Plot, at_s: number): string {
  return plot.until_s > 36 * 3600 || at_s % 3600
    ? `+${at_s / 3600}h`
    : at_s === 0
      ? hourMinute(plot.start, 0)
      : `+${at_s / 3600}h`;
}

function gridLine(y: number, text: string, zero: boolean): SVGElement[] {
  return [
    s("path", { class: zero ? "grid zero" : "grid", d: `M${EDGE.left} ${y.toFixed(1)}H${WIDTH - EDGE.right}` }),
    s("text", { class: "tick", x: EDGE.left - 5, y: y + 3.5, "text-anchor": "end" }, text),
  ];
}

type Place = (value: number) => number;

function drawLine({ range, look }: Line, x: Place, y: Place): SVGElement[] {
  if (look === "observed") {
    return range.time_s.flatMap((time_s, row) =>
      Number.isFinite(range.middle[row])
        ? [s("circle", { class: "observed", cx: x(time_s), cy: y(range.middle[row]!), r: 3.2 })]
        : [],
    );
  }
  const parts: SVGElement[] = [];
  if (range.members > 1) parts.push(s("path", { class: `band ${look}`, d: band(range, x, y) }));
  parts.push(s("path", { class: `line ${look}`, d: path(range.time_s, range.middle, x, y) }));
  return parts;
}

function path(time_s: readonly number[], values: readonly number[], x: Place, y: Place): string {
  let [text, pen] = ["", "M"];
  values.forEach((value, row) => {
    if (!Number.isFinite(value)) pen = "M";
    else {
      text += `${pen}${x(time_s[row]!).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = "L";
    }
  });
  return text;
}

function band(range: Range, x: Place, y: Place): string {
  const rows = range.time_s.map((_, row) => row).filter((row) => Number.isFinite(range.low[row]));
  if (rows.length < 2) return "";
  const side = (values: number[], order: number[]) =>
    order.map((row) => `${x(range.time_s[row]!).toFixed(1)} ${y(values[row]!).toFixed(1)}`).join("L");
  return `M${side(range.high, rows)}L${side(range.low, [...rows].reverse())}Z`;
}
