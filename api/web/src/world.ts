// What does not change while one looks at it: maps there are, levers, series, shapes of a region.

import type { Client, LayerAnswer } from "./api/client.ts";
import type { Lever, Mapped } from "./api/types.ts";
import { pick } from "./i18n/index.ts";
import { readShapes, type Shapes } from "./map/shapes.ts";

/** Order of the eight phenomena in the menu, as in the daily brief. */
export const PHENOMENA = [
  "hazard",
  "damage",
  "people",
  "rescue",
  "infrastructure",
  "evacuation",
  "logistics",
  "government",
] as const;

/** Series first offered for curves and tiles: what a headquarters asks at once. */
export const HEADLINES = [
  "households_without_power",
  "households_without_water",
  "trapped_persons",
  "rescue_waiting",
  "evacuees_in_shelters",
  "hospital_patients_waiting",
  "people_without_telecom",
  "roads_closed",
  "meals_short",
  "water_short_l",
  "evacuees_in_cars",
  "silent_towns",
];

export interface SeriesName {
  quantity: string;
  unit: string;
  layer: string;
  title_ja: string;
  title_en: string;
}

export interface ScenarioName {
  name: string;
  title_ja?: string;
  title_en?: string;
}

export class World {
  private shapes = new Map<string, Promise<Shapes>>();

  private constructor(
    private readonly client: Client,
    readonly mapped: readonly Mapped[],
    readonly levers: readonly Lever[],
    readonly series: readonly SeriesName[],
    readonly scenarios: readonly ScenarioName[],
  ) {}

  static async read(client: Client): Promise<World> {
    const [mapped, levers, layers, { scenarios }] = await Promise.all([
      client.mapped(),
      client.levers(),
      client.layers(),
      client.scenarios(),
    ]);
    return new World(client, mapped, levers, seriesNames(layers), scenarios);
  }

  /** Short title of a scenario: what stands before its first bracket. */
  scenarioName(name: string): string {
    const title = pick(this.scenarios.find((row) => row.name === name) ?? {}, name);
    return title.split(/[（(]/)[0]!.trim() || name;
  }

  phenomenonOf(quantity: string): string {
    return quantity.slice(0, quantity.indexOf("."));
  }

  /** Shapes of an index set, read once for each region. */
  shapesOf(region: string, on: string): Promise<Shapes> {
    const place = `${region} ${on}`;
    let answer = this.shapes.get(place);
    if (!answer) {
      answer = this.client.geometry(region, on).then((collection) => readShapes(on, collection));
      answer.catch(() => this.shapes.delete(place));
      this.shapes.set(place, answer);
    }
    return answer;
  }
}

function seriesNames(layers: readonly LayerAnswer[]): SeriesName[] {
  const found = new Map<string, SeriesName>();
  for (const layer of layers) {
    for (const row of layer.series) {
      const [title_ja, title_en] = [row.title_ja ?? row.quantity, row.title_en ?? row.quantity.replaceAll("_", " ")];
      if (!found.has(row.quantity)) found.set(row.quantity, { ...row, layer: layer.name, title_ja, title_en });
    }
  }
  return [...found.values()];
}
