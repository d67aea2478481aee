// The legend of a map: colour, pattern, mark and words of every class.

import { h } from "../dom.ts";
import { language, t, tMaybe } from "../i18n/index.ts";
import { swatch } from "./patterns.ts";
import { UNKNOWN_COLOUR, type Scale } from "./scales.ts";

/** Classes from the strongest down, then what is not known. */
export function legend(scale: Scale, title: string, unit: string): HTMLElement {
  const rows = [...scale.classes]
    .reverse()
    .map((entry) =>
      h(
        "li",
        {},
        swatch(entry.colour, entry.pattern, entry.ink),
        h("b", { class: "mark" }, entry.mark),
        h("span", {}, language() === "ja" ? entry.ja : entry.en),
      ),
    );
  const unknown = h(
    "li",
    {},
    swatch(UNKNOWN_COLOUR, "dots", "#10161f"),
    h("b", { class: "mark" }, "?"),
    h("span", {}, t("map.unknown")),
  );
  const words = tMaybe(`unit.${unit}`);
  const shown = scale.name === "sequential" || scale.name === "difference" ? words : "";
  return h(
    "section",
    { class: "legend", "aria-label": t("map.legend") },
    h("h3", {}, title, shown ? h("small", {}, ` ${shown}`) : null),
    h("ul", {}, ...rows, unknown),
  );
}
