// Geometry of one index set, projected once to the unit square of the web map; the painter only scales and shifts it.

import type { GeoCollection, GeoFeature } from "../api/types.ts";

export type Kind = "area" | "line" | "point";

export interface Shapes {
  on: string;
  kind: Kind;
  ids: string[];
  names_ja: string[];
  names_en: string[];
  /** municipality code of each feature, "" where there is none */
  towns: string[];
  /** x, y of all vertices, 0 to 1 (Web Mercator) */
  points: Float64Array;
  /** first vertex of each ring or line, one more entry than rings */
  rings: Int32Array;
  /** first ring of each feature, one more entry than features */
  firstRing: Int32Array;
  /** west, north, east, south of each feature */
  boxes: Float64Array;
}

type Position = [number, number];

/** Longitude and latitude in degrees to the unit square, north at 0. */
export function project(longitude: number, latitude: number): Position {
  const sine = Math.sin((latitude * Math.PI) / 180);
  return [longitude / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

const DEPTH: Record<string, number> = {
  Point: 0,
  MultiPoint: 1,
  LineString: 1,
  MultiLineString: 2,
  Polygon: 2,
  MultiPolygon: 3,
};

function ringsOf(feature: GeoFeature): Position[][] {
  const geometry = feature.geometry;
  if (!geometry) return [];
  const depth = DEPTH[geometry.type] ?? -1;
  if (depth < 0) return [];
  if (depth === 0) return [[geometry.coordinates as Position]];
  if (depth === 1) return [geometry.coordinates as Position[]];
  return (geometry.coordinates as unknown[]).flat(depth - 2) as Position[][];
}

function kindOf(features: readonly GeoFeature[]): Kind {
  const type = features.find((feature) => feature.geometry)?.geometry?.type ?? "Point";
  return type.endsWith("Polygon") ? "area" : type.endsWith("LineString") ? "line" : "point";
}

/** Reads a feature collection in row order. */
export function readShapes(on: string, collection: GeoCollection): Shapes {
  const { features } = collection;
  const all = features.map(ringsOf);
  const count = all.reduce((sum, rings) => sum + rings.reduce((inner, ring) => inner + ring.length, 0), 0);
  const shapes: Shapes = {
    on,
    kind: kindOf(features),
    ids: features.map((feature) => String(feature.id)),
    names_ja: features.map((feature) => feature.properties?.name_ja ?? ""),
    names_en: features.map((feature) => feature.properties?.name_en ?? feature.properties?.name_ja ?? ""),
    towns: features.map((feature) =>
      on === "municipality" ? String(feature.id) : (feature.properties?.municipality ?? ""),
    ),
    points: new Float64Array(count * 2),
    rings: new Int32Array(all.reduce((sum, rings) => sum + rings.length, 0) + 1),
    firstRing: new Int32Array(features.length + 1),
    boxes: new Float64Array(features.length * 4),
  };
  fillShapes(shapes, all);
  return shapes;
}

function fillShapes(shapes: Shapes, all: Position[][][]): void {
  let [vertex, ringRow] = [0, 0];
  all.forEach((rings, row) => {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    shapes.firstRing[row] = ringRow;
    for (const ring of rings) {
      shapes.rings[ringRow++] = vertex;
      for (const [longitude, latitude] of ring) {
        const [x, y] = project(longitude, latitude);
        shapes.points[2 * vertex] = x;
        shapes.points[2 * vertex + 1] = y;
        vertex++;
        box[0] = Math.min(box[0]!, x);
        box[1] = Math.min(box[1]!, y);
        box[2] = Math.max(box[2]!, x);
        box[3] = Math.max(box[3]!, y);
      }
    }
    shapes.boxes.set(box, row * 4);
  });
  shapes.firstRing[all.length] = ringRow;
  shapes.rings[ringRow] = vertex;
}

/** Feature that contains a point of the unit square (areas) or lies nearest within `reach`; -1 for none. */
export function featureAt(shapes: Shapes, x: number, y: number, reach: number): number {
  let [best, nearest] = [-1, reach];
  for (let row = 0; row < shapes.ids.length; row++) {
    const [west, north, east, south] = shapes.boxes.subarray(row * 4, row * 4 + 4) as unknown as number[];
    if (x < west! - reach || x > east! + reach || y < north! - reach || y > south! + reach) continue;
    if (shapes.kind === "area") {
      if (inside(shapes, row, x, y)) return row;
      continue;
    }
    const away = distance(shapes, row, x, y);
    if (away < nearest) [best, nearest] = [row, away];
  }
  return best;
}

function inside(shapes: Shapes, row: number, x: number, y: number): boolean {
  let odd = false;
  for (let ring = shapes.firstRing[row]!; ring < shapes.firstRing[row + 1]!; ring++) {
    const [begin, end] = [shapes.rings[ring]!, shapes.rings[ring + 1]!];
    for (let at = begin, before = end - 1; at < end; before = at++) {
      const [x1, y1] = [shapes.points[2 * at]!, shapes.points[2 * at + 1]!];
      const [x2, y2] = [shapes.points[2 * before]!, shapes.points[2 * before + 1]!];
      if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) odd = !odd;
    }
  }
  return odd;
}

function distance(shapes: Shapes, row: number, x: number, y: number): number {
  let least = Infinity;
  for (let ring = shapes.firstRing[row]!; ring < shapes.firstRing[row + 1]!; ring++) {
    for (let at = shapes.rings[ring]!; at < shapes.rings[ring + 1]!; at++) {
      const [x1, y1] = [shapes.points[2 * at]!, shapes.points[2 * at + 1]!];
      const last = at + 1 >= shapes.rings[ring + 1]!;
      const [x2, y2] = last ? [x1, y1] : [shapes.points[2 * at + 2]!, shapes.points[2 * at + 3]!];
      const length = (x2 - x1) ** 2 + (y2 - y1) ** 2;
      const share = length > 0 ? Math.min(1, Math.max(0, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length)) : 0;
      least = Math.min(least, Math.hypot(x - x1 - share * (x2 - x1), y - y1 - share * (y2 - y1)));
    }
  }
  return least;
}
