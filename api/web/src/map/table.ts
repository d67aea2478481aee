// The map as a table: the value of every municipality, for those who cannot see or do not want the picture.

import { inUnit } from "../chart/axis.ts";
import { button, h } from "../dom.ts";
import { byTown, summaryOf } from "../frames/towns.ts";
import { language, t, tMaybe } from "../i18n/index.ts";
import { classOf } from "./scales.ts";
import type { Shown } from "./view.ts";

/** A dialog with one row for each municipality. */
export function tableDialog(shown: Shown, choose: (town: string) => void): HTMLDialogElement {
  const dialog = h("dialog", { class: "table-dialog", "aria-labelledby": "table-title" });
  const close = button(t("map.close"), () => dialog.close(), { class: "quiet" });
  dialog.append(
    h("header", {}, h("h2", { id: "table-title" }, t("map.tableTitle", { name: shown.title })), close),
    table(shown, (town) => {
      dialog.close();
      choose(town);
    }),
  );
  dialog.addEventListener("close", () => dialog.remove());
  return dialog;
}

function table(shown: Shown, choose: (town: string) => void): HTMLElement {
  const { ground, shapes, frame, scale } = shown;
  const unit = frame?.header.unit ?? "";
  const summary = summaryOf(scale.name, unit);
  const values = frame && shapes ? byTown(frame.values, shapes.towns, summary) : new Map<string, number>();
  const names = language() === "ja" ? ground.names_ja : ground.names_en;
  const rows = ground.ids.map((code, row) => {
    const value = values.get(code);
    const found = value === undefined ? undefined : scale.classes[classOf(scale, value)];
    return h(
      "tr",
      {},
      h(
        "th",
        { scope: "row" },
        button(names[row] || code, () => choose(code), { class: "link" }),
      ),
      h("td", { class: "number" }, value === undefined ? t("map.unknown") : inUnit(value, unit)),
      h("td", {}, found ? (language() === "ja" ? found.ja : found.en) : "–"),
    );
  });
  const head = [
    t("map.town"),
    `${t("map.value")}（${t(`map.${summary}`)}${unit ? ` ${tMaybe(`unit.${unit}`)}` : ""}）`,
    t("map.class"),
  ];
  return h(
    "table",
    {},
    h("caption", {}, shown.heading),
    h("thead", {}, h("tr", {}, ...head.map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, ...rows),
  );
}
