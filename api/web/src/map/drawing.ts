// Strokes and fills of the map canvas: areas, lines and points by class, outlines, names.

import { patternFill } from "./patterns.ts";
import { classOf, UNKNOWN, UNKNOWN_COLOUR, type Scale } from "./scales.ts";
import type { Shapes } from "./shapes.ts";

const INK = "#10161f";

/** Scale and shift from the unit square to pixels of the canvas. */
export interface Place {
  size: number;
  left: number;
  top: number;
  width: number;
  height: number;
}

function trace(context: CanvasRenderingContext2D, place: Place, shapes: Shapes, row: number): boolean {
  const { size, left, top, width, height } = place;
  const [west, north, east, south] = boxOf(shapes, row, size);
  if (east < left || west > left + width || south < top || north > top + height) return false;
  const snap = shapes.kind === "area";
  for (let ring = shapes.firstRing[row]!; ring < shapes.firstRing[row + 1]!; ring++) {
    for (let at = shapes.rings[ring]!; at < shapes.rings[ring + 1]!; at++) {
      // whole pixels keep neighbouring squares free of seams
      const x = shapes.points[2 * at]! * size - left;
      const y = shapes.points[2 * at + 1]! * size - top;
      const [px, py] = snap ? [Math.round(x), Math.round(y)] : [x, y];
      if (at === shapes.rings[ring]) context.moveTo(px, py);
      else context.lineTo(px, py);
    }
  }
  return true;
}

/** Fills every feature of one colour. */
export function fillAll(context: CanvasRenderingContext2D, place: Place, shapes: Shapes, colour: string): void {
  context.beginPath();
  for (let row = 0; row < shapes.ids.length; row++) trace(context, place, shapes, row);
  context.fillStyle = colour;
  context.fill("evenodd");
}

/** Strokes the outlines of some features. */
export function outline(
  context: CanvasRenderingContext2D,
  place: Place,
  shapes: Shapes,
  rows: Iterable<number>,
  colour: string,
  width: number,
  dash: number[] = [],
): void {
  context.beginPath();
  for (const row of rows) trace(context, place, shapes, row);
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.setLineDash(dash);
  context.stroke();
  context.setLineDash([]);
}

/** Roads as thin lines for orientation. */
export function drawRoads(context: CanvasRenderingContext2D, place: Place, roads: Shapes): void {
  outline(context, place, roads, roads.ids.keys(), "rgba(120,128,140,.42)", 1);
}

/** Every feature in the colour, pattern and mark of its class. */
export function drawValues(
  context: CanvasRenderingContext2D,
  place: Place,
  shapes: Shapes,
  values: Float32Array,
  scale: Scale,
): void {
  const members = new Map<number, number[]>();
  for (let row = 0; row < shapes.ids.length; row++) {
    const at = classOf(scale, values[row] ?? NaN);
    const list = members.get(at);
    if (list) list.push(row);
    else members.set(at, [row]);
  }
  const paint = shapes.kind === "area" ? paintAreas : shapes.kind === "line" ? paintLines : paintPoints;
  for (const [at, rows] of [...members].sort((a, b) => a[0] - b[0])) paint(context, place, shapes, rows, scale, at);
}

function paintAreas(
  context: CanvasRenderingContext2D,
  place: Place,
  shapes: Shapes,
  rows: number[],
  scale: Scale,
  at: number,
): void {
  const found = scale.classes[at];
  if (!found && at !== UNKNOWN) return;
  context.beginPath();
  const seen = rows.filter((row) => trace(context, place, shapes, row));
  const [colour, pattern, ink] = found
    ? [found.colour, found.pattern, found.ink]
    : [UNKNOWN_COLOUR, "dots" as const, INK];
  context.fillStyle = colour;
  context.fill("evenodd");
  const fill = patternFill(context, pattern, ink, Math.min(window.devicePixelRatio || 1, 2));
  if (fill) {
    context.fillStyle = fill;
    context.fill("evenodd");
  }
  if (shapes.on !== "municipality") markAreas(context, place, shapes, seen, found?.mark ?? "?", found?.ink ?? INK);
}

/** The class as a number in every square large enough to hold it. */
function markAreas(
  context: CanvasRenderingContext2D,
  place: Place,
  shapes: Shapes,
  rows: number[],
  mark: string,
  ink: string,
): void {
  context.font = "600 11px sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = ink;
  for (const row of rows) {
    const [west, north, east, south] = boxOf(shapes, row, place.size);
    if (east - west < 18 || south - north < 14) continue;
    context.fillText(mark, (west + east) / 2 - place.left, (north + south) / 2 - place.top);
  }
}

function paintLines(
  context: CanvasRenderingContext2D,
  place: Place,
  shapes: Shapes,
  rows: number[],
  scale: Scale,
  at: number,
): void {
  const found = scale.classes[at];
  const width = found ? 3 + (at / Math.max(scale.classes.length - 1, 1)) * 3 : 2;
  outline(context, place, shapes, rows, "rgba(255,255,255,.9)", width + 2);
  const colour = found?.colour ?? (at === UNKNOWN ? UNKNOWN_COLOUR : "#9aa3ae");
  outline(context, place, shapes, rows, colour, width, at === UNKNOWN ? [4, 4] : []);
}

function paintPoints(
  context: CanvasRenderingContext2D,
  place: Place,
  shapes: Shapes,
  rows: number[],
  scale: Scale,
  at: number,
): void {
  const found = scale.classes[at];
  const radius = found ? 6 + (at / Math.max(scale.classes.length - 1, 1)) * 5 : 2.5;
  context.font = `700 ${Math.round(radius * 1.35)}px sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const row of rows) {
    const x = shapes.boxes[row * 4]! * place.size - place.left;
    const y = shapes.boxes[row * 4 + 1]! * place.size - place.top;
    if (x < -20 || y < -20 || x > place.width + 20 || y > place.height + 20) continue;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = found?.colour ?? (at === UNKNOWN ? UNKNOWN_COLOUR : "#ffffff");
    context.fill();
    context.strokeStyle = "rgba(16,22,31,.8)";
    context.lineWidth = 1;
    context.stroke();
    if (!found) continue;
    context.fillStyle = found.ink;
    context.fillText(found.mark, x, y + 0.5);
  }
}

/** Names of the towns, and the marks given for them. */
export function drawNames(
  context: CanvasRenderingContext2D,
  place: Place,
  ground: Shapes,
  english: boolean,
  marks: readonly string[],
): void {
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.strokeStyle = "rgba(255,255,255,.92)";
  for (let row = 0; row < ground.ids.length; row++) {
    const name = (english ? ground.names_en : ground.names_ja)[row]!;
    const [west, north, east, south] = boxOf(ground, row, place.size);
    const room = east - west;
    const named = name && room >= name.length * (english ? 6 : 12) && south - north >= 26;
    const mark = room >= 14 ? (marks[row] ?? "") : "";
    const [x, y] = [(west + east) / 2 - place.left, (north + south) / 2 - place.top];
    const both = named && mark && south - north >= 34;
    if (named) write(context, name, x, both ? y - 7 : y, room > 130 ? 13 : 11, 600);
    if (mark && (both || !named)) write(context, mark, x, both ? y + 8 : y, room > 60 ? 14 : 11, 800);
  }
}

function write(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  size: number,
  weight: number,
): void {
  context.font = `${weight} ${size}px "Hiragino Sans","Noto Sans CJK JP","Yu Gothic",Meiryo,sans-serif`;
  context.lineWidth = 3.5;
  context.strokeText(text, x, y);
  context.fillStyle = INK;
  context.fillText(text, x, y);
}

/** West, north, east, south of a feature in pixels of the whole map. */
function boxOf(shapes: Shapes, row: number, size: number): [number, number, number, number] {
  const at = (side: number) => shapes.boxes[row * 4 + side]! * size;
  return [at(0), at(1), at(2), at(3)];
}
