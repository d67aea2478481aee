// One map: Leaflet for moving and zooming, our painter for everything drawn, a tip under the pointer.

import L from "leaflet";
import { button, h, put } from "../dom.ts";
import type { Frame } from "../frames/decode.ts";
import { inUnit } from "../chart/axis.ts";
import { language, t, tMaybe } from "../i18n/index.ts";
import { legend } from "./legend.ts";
import { Painter } from "./painter.ts";
import { classOf, type Scale } from "./scales.ts";
import { featureAt, type Shapes } from "./shapes.ts";

export interface Shown {
  ground: Shapes;
  roads: Shapes | null;
  shapes: Shapes | null;
  frame: Frame | null;
  scale: Scale;
  title: string;
  heading: string;
}

export class MapView {
  readonly element = h("div", { class: "map-view" });
  readonly map: L.Map;
  private painter = new Painter();
  private shown: Shown | null = null;
  private tip = h("div", { class: "tip", hidden: true, "aria-hidden": "true" });
  private heading = h("p", { class: "map-heading" });
  private key = h("div", { class: "map-legend" });
  private fitted = "";
  /** once the planner has moved the map, a new size of the window leaves it where it is */
  private moved = false;

  constructor(choose: (town: string) => void, signal: AbortSignal) {
    const place = h("div", {
      class: "leaflet-place",
      role: "application",
      "aria-label": `${t("app.map")}。${t("map.help")}`,
    });
    this.element.append(place, this.heading, this.key, this.controls(), this.tip);
    this.map = L.map(place, {
      attributionControl: false,
      zoomControl: false,
      zoomAnimation: false,
      fadeAnimation: false,
      inertia: false,
      zoomSnap: 0.25,
      zoomDelta: 0.5,
      wheelPxPerZoomLevel: 120,
      minZoom: 6,
      maxZoom: 16,
      doubleClickZoom: false,
    });
    this.map.setView([32.7, 130.7], 9);
    this.painter.addTo(this.map);
    this.map.on("mousemove", (event) => this.point(event));
    this.map.on("mouseout", () => (this.tip.hidden = true));
    this.map.on("click", (event) => choose(this.townAt(event.latlng)));
    const watch = new ResizeObserver(() => {
      if (this.element.hidden) return;
      this.map.invalidateSize({ animate: false, pan: false });
      if (!this.moved) this.fit();
    });
    for (const kind of ["mousedown", "wheel", "keydown"])
      place.addEventListener(kind, () => (this.moved = true), { passive: true });
    watch.observe(this.element);
    signal.addEventListener("abort", () => {
      watch.disconnect();
      this.map.remove();
    });
  }

  private controls(): HTMLElement {
    const zoom = (by: number) => () => {
      this.moved = true;
      this.map.setZoom(this.map.getZoom() + by);
    };
    return h(
      "div",
      { class: "map-controls" },
      button("＋", zoom(0.5), { "aria-label": t("map.zoomIn"), title: t("map.zoomIn") }),
      button("－", zoom(-0.5), { "aria-label": t("map.zoomOut"), title: t("map.zoomOut") }),
      button("⤢", () => this.fit(), { "aria-label": t("map.whole"), title: t("map.whole") }),
    );
  }

  /** Shows the whole region. */
  fit(): void {
    const ground = this.shown?.ground;
    if (!ground || ground.ids.length === 0 || this.map.getSize().x === 0) return;
    const edge = (side: number, best: (...values: number[]) => number) =>
      ground.ids.map((_, row) => ground.boxes[row * 4 + side]!).reduce((a, b) => best(a, b));
    const at = (x: number, y: number) => L.CRS.EPSG3857.pointToLatLng(L.point(x * 256, y * 256), 0);
    const corners = L.latLngBounds(at(edge(0, Math.min), edge(3, Math.max)), at(edge(2, Math.max), edge(1, Math.min)));
    this.map.fitBounds(corners, { animate: false, paddingTopLeft: [14, 14], paddingBottomRight: [56, 14] });
    // the legend stands on the left: what room there is on both sides goes to it
    const left = this.map.latLngToContainerPoint(corners.getNorthWest()).x;
    this.map.panBy([-Math.max(0, Math.min(left - 14, 70)), 0], { animate: false });
  }

  show(shown: Shown): void {
    this.shown = shown;
    this.painter.show({
      ground: shown.ground,
      roads: shown.roads,
      shapes: shown.shapes,
      values: shown.frame?.values ?? null,
      scale: shown.scale,
      english: language() === "en",
    });
    const label = shown.frame ? tMaybe(`label.${shown.frame.header.label}`) : t("map.noFrame");
    put(
      this.heading,
      h("b", {}, shown.heading),
      h("span", { class: "label-chip" }, label),
      h("span", { class: "exercise small" }, t("app.exercise")),
    );
    put(this.key, legend(shown.scale, shown.title, shown.frame?.header.unit ?? ""));
    const place = `${shown.ground.ids.join()}`;
    if (this.fitted !== place) {
      this.fitted = place;
      this.moved = false;
      this.fit();
    }
  }

  mark(area: string, picked: ReadonlySet<string>): void {
    this.painter.show({ area: area === "all" ? "" : area, picked });
    this.element.classList.toggle("picking", picked.size > 0);
  }

  withLegend(wanted: boolean): void {
    this.key.hidden = !wanted;
  }

  private place(where: L.LatLng): [x: number, y: number, reach: number] {
    const point = L.CRS.EPSG3857.latLngToPoint(where, 0);
    return [point.x / 256, point.y / 256, 9 / (256 * 2 ** this.map.getZoom())];
  }

  private townAt(where: L.LatLng): string {
    const ground = this.shown?.ground;
    if (!ground) return "";
    const [x, y] = this.place(where);
    return ground.ids[featureAt(ground, x, y, 0)] ?? "";
  }

  private point(event: L.LeafletMouseEvent): void {
    const shown = this.shown;
    if (!shown) return;
    const [x, y, reach] = this.place(event.latlng);
    const { ground, shapes, frame, scale } = shown;
    const town = featureAt(ground, x, y, 0);
    const row = shapes ? featureAt(shapes, x, y, reach) : -1;
    this.tip.hidden = town < 0 && row < 0;
    if (this.tip.hidden) return;
    const names = (set: Shapes) => (language() === "ja" ? set.names_ja : set.names_en);
    const value = row >= 0 && frame ? frame.values[row]! : null;
    const found = value === null ? null : scale.classes[classOf(scale, value)];
    const unit = tMaybe(`unit.${frame?.header.unit ?? ""}`);
    const told =
      value === null
        ? ""
        : Number.isNaN(value)
          ? t("map.unknown")
          : `${inUnit(value, frame!.header.unit)}${unit ? ` ${unit}` : ""}`;
    const name = shapes && row >= 0 && shapes.on !== "municipality" ? names(shapes)[row] : "";
    put(
      this.tip,
      h("b", {}, town >= 0 ? names(ground)[town] || ground.ids[town]! : ""),
      name ? h("span", {}, name) : null,
      told ? h("span", {}, told, found ? ` ［${language() === "ja" ? found.ja : found.en}］` : "") : null,
    );
    const size = this.map.getSize();
    const { x: left, y: top } = event.containerPoint;
    this.tip.style.left = `${Math.min(left + 14, size.x - 190)}px`;
    this.tip.style.top = `${Math.min(top + 14, size.y - 70)}px`;
  }
}

/** Moves every map with the others. */
export function tie(views: readonly MapView[]): void {
  let moving = false;
  for (const view of views) {
    view.map.on("move", () => {
      if (moving || view.element.hidden) return;
      moving = true;
      for (const other of views) {
        if (other !== view && !other.element.hidden)
          other.map.setView(view.map.getCenter(), view.map.getZoom(), { animate: false });
      }
      moving = false;
    });
  }
}
