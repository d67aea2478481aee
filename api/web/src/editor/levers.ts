// The list of levers to choose from: searchable, grouped by phenomenon, with unit, range and who decides.

import type { App } from "../app.ts";
import type { Lever } from "../api/types.ts";
import { amount } from "../map/scales.ts";
import { button, h, put } from "../dom.ts";
import { pick, t, tMaybe } from "../i18n/index.ts";
import { PHENOMENA } from "../world.ts";

/** Name of a lever in the language chosen. */
export function leverName(lever: Lever): string {
  return pick(lever, lever.doc || lever.name.replaceAll("_", " "));
}

export function unitText(unit: string): string {
  return tMaybe(`unit.${unit}`);
}

/** Bounds and unit of a lever. */
export function rangeText(lever: Lever): string {
  const seconds = lever.unit === "s";
  const [low, high] = seconds ? [lever.low / 3600, lever.high / 3600] : [lever.low, lever.high];
  return t("editor.rangeOf", { low: amount(low), high: amount(high), unit: unitText(lever.unit) }).trim();
}

/** Levers whose words hold every word searched for. */
export function matching(levers: readonly Lever[], search: string): Lever[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return levers.filter((lever) => {
    const text = [
      lever.lever,
      lever.doc,
      lever.title_ja,
      lever.title_en,
      tMaybe(`owner.${lever.owner}`),
      tMaybe(`layer.${lever.layer}`),
    ]
      .join(" ")
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The chooser; `take` gets the lever pressed. */
export function leverChooser(app: App, take: (lever: Lever) => void): HTMLElement {
  const list = h("div", { class: "lever-list", role: "group", "aria-label": t("editor.levers"), tabindex: 0 });
  const search = h("input", {
    type: "search",
    id: "lever-search",
    placeholder: t("editor.search"),
    autocomplete: "off",
    input: () => draw(),
  });
  const draw = () => {
    const found = matching(app.world.levers, search.value);
    const groups = PHENOMENA.flatMap((layer) => {
      const rows = found.filter((lever) => lever.layer === layer);
      return rows.length
        ? [h("section", {}, h("h4", {}, tMaybe(`layer.${layer}`)), ...rows.map((lever) => entry(lever, take)))]
        : [];
    });
    put(list, ...(groups.length ? groups : [h("p", { class: "empty" }, t("editor.noLever"))]));
  };
  draw();
  return h("div", { class: "lever-chooser" }, h("label", { for: "lever-search" }, t("editor.add")), search, list);
}

function entry(lever: Lever, take: (lever: Lever) => void): HTMLElement {
  const key = button("", () => take(lever), { class: "lever", "data-lever": lever.lever });
  put(
    key,
    h("span", { class: "lever-name" }, leverName(lever)),
    h("span", { class: "lever-more" }, [tMaybe(`owner.${lever.owner}`), rangeText(lever)].join(" · ")),
  );
  return key;
}
