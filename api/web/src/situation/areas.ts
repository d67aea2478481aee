// The area looked at: the whole region or one municipality.

import type { App } from "../app.ts";
import { h, options, put } from "../dom.ts";
import { language, t } from "../i18n/index.ts";

/** [code, name] of every municipality of the run shown. */
export async function townNames(app: App): Promise<[string, string][]> {
  const run = app.runs.get(app.view.now.run);
  if (!run) return [];
  const ground = await app.world.shapesOf(run.scenario, "municipality");
  const names = language() === "ja" ? ground.names_ja : ground.names_en;
  return ground.ids.map((code, row) => [code, names[row] || code]);
}

/** Fills a place with the choice of the area. */
export async function areaSelect(app: App, place: HTMLElement): Promise<void> {
  const rows: [string, string][] = [["all", t("area.all")], ...(await townNames(app).catch(() => []))];
  const select = h(
    "select",
    { id: "area", change: (event) => app.view.set({ area: (event.target as HTMLSelectElement).value }) },
    ...options(rows, app.view.now.area),
  );
  const had = place.contains(document.activeElement);
  put(place, h("label", { for: "area" }, t("area.label")), select, h("small", {}, t("situation.key")));
  if (had) select.focus();
}
