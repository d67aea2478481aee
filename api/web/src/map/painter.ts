// The canvas layer: ground, values by class (colour, pattern, mark), outlines and names, all drawn by ourselves.

import L from "leaflet";
import { patternFill } from "./patterns.ts";
import { classOf, UNKNOWN, UNKNOWN_COLOUR, type Scale } from "./scales.ts";
import type { Shapes } from "./shapes.ts";

export interface Picture {
  ground: Shapes | null;
  roads: Shapes | null;
  shapes: Shapes | null;
  values: Float32Array | null;
  scale: Scale | null;
  /** municipality marked, "" for none */
  area: string;
  /** municipalities picked for a measure */
  picked: ReadonlySet<string>;
  english: boolean;
}

const PAD = 0.25;
const LAND = "#fbfaf6";
const INK = "#10161f";

/** Scale and shift from the unit square to pixels of the canvas. */
interface Place {
  size: number;
  left: number;
  top: number;
  width: number;
  height: number;
}

export class Painter extends L.Layer {
  private canvas = document.createElement("canvas");
  private asked = 0;
  picture: Picture = {
    ground: null, roads: null, shapes: null, values: null, scale: null, area: "", picked: new Set(), english: false,
  };

  override onAdd(map: L.Map): this {
    this.canvas.className = "painting";
    this.canvas.setAttribute("aria-hidden", "true");
    map.getPane("overlayPane")!.append(this.canvas);
    map.on("moveend zoomend resize viewreset", this.draw, this);
    this.draw();
    return this;
  }

  override onRemove(map: L.Map): this {
    map.off("moveend zoomend resize viewreset", this.draw, this);
    this.canvas.remove();
    return this;
  }

  /** Takes what changed and draws with the next frame of the screen. */
  show(change: Partial<Picture>): void {
    this.picture = { ...this.picture, ...change };
    if (!this.asked) this.asked = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    cancelAnimationFrame(this.asked);
    this.asked = 0;
    const map = this._map as L.Map | undefined;
    if (!map) return;
    const [context, place] = this.prepare(map);
    const { ground, roads, shapes, values, scale } = this.picture;
    if (ground) fillAll(context, place, ground, LAND);
    if (roads && shapes !== roads) drawRoads(context, place, roads);
    if (shapes && values && scale) drawValues(context, place, shapes, values, scale);
    if (ground) this.drawTowns(context, place, ground);
  }

  /** Where values stand for whole towns, the class is written beside the name. */
  private townMarks(): string[] {
    const { shapes, values, scale } = this.picture;
    if (shapes?.on !== "municipality" || !values || !scale) return [];
    return Array.from(values, (value) => scale.classes[classOf(scale, value)]?.mark ?? (Number.isNaN(value) ? "?" : ""));
  }

  private prepare(map: L.Map): [CanvasRenderingContext2D, Place] {
    const size = map.getSize();
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const corner = map.containerPointToLayerPoint(size.multiplyBy(-PAD)).round();
    const [width, height] = [Math.ceil(size.x * (1 + 2 * PAD)), Math.ceil(size.y * (1 + 2 * PAD))];
    L.DomUtil.setPosition(this.canvas, corner);
    if (this.canvas.width !== width * ratio || this.canvas.height !== height * ratio) {
      this.canvas.width = width * ratio;
      this.canvas.height = height * ratio;
      this.canvas.style.width = `${width}px`;
      this.canvas.style.height = `${height}px`;
    }
    const context = this.canvas.getContext("2d")!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const origin = map.getPixelOrigin().add(corner);
    return [context, { size: 256 * 2 ** map.getZoom(), left: origin.x, top: origin.y, width, height }];
  }

  private drawTowns(context: CanvasRenderingContext2D, place: Place, ground: Shapes): void {
    const { area, picked, english } = this.picture;
    outline(context, place, ground, ground.ids.keys(), "rgba(70,82,99,.75)", 1);
    const marked = [...ground.ids.keys()].filter((row) => picked.has(ground.ids[row]!));
    outline(context, place, ground, marked, "#b45309", 3, [6, 3]);
    const chosen = ground.ids.indexOf(area);
    if (chosen >= 0) {
      outline(context, place, ground, [chosen], "#ffffff", 5.5);
      outline(context, place, ground, [chosen], "#0b5394", 3);
    }
    drawNames(context, place, ground, english, this.townMarks());
  }
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

function fillAll(context: CanvasRenderingContext2D, place: Place, shapes: Shapes, colour: string): void {
  context.beginPath();
  for (let row = 0; row < shapes.ids.length; row++) trace(context, place, shapes, row);
  context.fillStyle = colour;
  context.fill("evenodd");
}

function outline(
  context: CanvasRenderingContext2D, place: Place, shapes: Shapes, rows: Iterable<number>, colour: string, width: number,
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

function drawRoads(context: CanvasRenderingContext2D, place: Place, roads: Shapes): void {
  outline(context, place, roads, roads.ids.keys(), "rgba(120,128,140,.42)", 1);
}

function drawValues(context: CanvasRenderingContext2D, place: Place, shapes: Shapes, values: Float32Array, scale: Scale): void {
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
  context: CanvasRenderingContext2D, place: Place, shapes: Shapes, rows: number[], scale: Scale, at: number,
): void {
  const found = scale.classes[at];
  if (!found && at !== UNKNOWN) return;
  context.beginPath();
  const seen = rows.filter((row) => trace(context, place, shapes, row));
  const [colour, pattern, ink] = found ? [found.colour, found.pattern, found.ink] : [UNKNOWN_COLOUR, "dots" as const, INK];
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
  context: CanvasRenderingContext2D, place: Place, shapes: Shapes, rows: number[], mark: string, ink: string,
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
  context: CanvasRenderingContext2D, place: Place, shapes: Shapes, rows: number[], scale: Scale, at: number,
): void {
  const found = scale.classes[at];
  const width = found ? 3 + (at / Math.max(scale.classes.length - 1, 1)) * 3 : 2;
  outline(context, place, shapes, rows, "rgba(255,255,255,.9)", width + 2);
  const colour = found?.colour ?? (at === UNKNOWN ? UNKNOWN_COLOUR : "#9aa3ae");
  outline(context, place, shapes, rows, colour, width, at === UNKNOWN ? [4, 4] : []);
}

function paintPoints(
  context: CanvasRenderingContext2D, place: Place, shapes: Shapes, rows: number[], scale: Scale, at: number,
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

function drawNames(context: CanvasRenderingContext2D, place: Place, ground: Shapes, english: boolean, marks: readonly string[]): void {
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

function write(context: CanvasRenderingContext2D, text: string, x: number, y: number, size: number, weight: number): void {
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
