// The canvas layer: ground, values by class (colour, pattern, mark), outlines and names, all drawn by ourselves.

import L from "leaflet";
import { drawNames, drawRoads, drawValues, fillAll, outline, type Place } from "./drawing.ts";
import { classOf, type Scale } from "./scales.ts";
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

export class Painter extends L.Layer {
  private canvas = document.createElement("canvas");
  private asked = 0;
  picture: Picture = {
    ground: null,
    roads: null,
    shapes: null,
    values: null,
    scale: null,
    area: "",
    picked: new Set(),
    english: false,
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
    return Array.from(
      values,
      (value) => scale.classes[classOf(scale, value)]?.mark ?? (Number.isNaN(value) ? "?" : ""),
    );
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
