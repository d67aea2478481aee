// The table of headline differences: baseline, what-if, difference with its ranges, verdict in words and by a sign.

import type { Difference, Spread } from "../api/types.ts";
import { inUnit } from "../chart/axis.ts";
import { button, h } from "../dom.ts";
import { language, pick, t, tMaybe } from "../i18n/index.ts";

const SIGNS = { better: "○", worse: "×", unclear: "～", same: "＝", changed: "⇄", "one-draw": "?" } as const;

/** Rows with a clear change first, those that stay the same last. */
function byWeight(a: Difference, b: Difference): number {
  const weight = { worse: 0, better: 0, changed: 1, "one-draw": 1, unclear: 2, same: 3 };
  return weight[a.difference.verdict] - weight[b.difference.verdict];
}

export function differenceTable(
  rows: readonly Difference[],
  members: number,
  chosen: string,
  choose: (row: Difference) => void,
  keyOf: (row: Difference) => string,
): HTMLElement {
  const worst = h("small", {}, `(${t("compare.worst")})`);
  const head = [
    h("th", { scope: "col" }, t("compare.quantity")),
    h("th", { scope: "col", class: "before" }, `${t("compare.before")} → ${t("compare.after")}`, worst),
    h("th", { scope: "col", class: "change" }, t("compare.change"), h("small", {}, "80% · 95%")),
    h("th", { scope: "col" }, t("compare.verdict")),
  ];
  const body = [...rows].sort(byWeight).map((row) => line(row, members, keyOf(row) === chosen, choose));
  return h(
    "div",
    { class: "table-scroll", tabindex: 0, role: "group", "aria-label": t("compare.title") },
    h("table", { class: "differences" }, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...body)),
  );
}

function unitOf(row: Difference): string {
  const hours = row.summary === "integral" && row.unit.endsWith("*h") ? (language() === "ja" ? "・時間" : "·h") : "";
  return ((language() === "ja" ? row.unit_ja : row.unit_en) ?? tMaybe(`unit.${row.unit}`)) + hours;
}

function line(row: Difference, members: number, chosen: boolean, choose: (row: Difference) => void): HTMLElement {
  const { difference } = row;
  // of one pair there is no range
  const several = members > 1;
  const group =
    row.group && row.group !== "everyone" ? h("span", { class: "group" }, tMaybe(`group.${row.group}`)) : null;
  return h(
    "tr",
    { class: chosen ? `${difference.verdict} chosen` : difference.verdict },
    h(
      "th",
      { scope: "row" },
      button(pick(row, row.quantity), () => choose(row), {
        class: "link",
        "aria-pressed": String(chosen),
        title: t("compare.show"),
      }),
      group,
      h("small", {}, [tMaybe(`summary.${row.summary}`), unitOf(row)].filter(Boolean).join(" ")),
    ),
    h(
      "td",
      { class: "number" },
      inUnit(row.base.mean, row.unit),
      h("span", { class: "arrow" }, " → "),
      inUnit(row.branch.mean, row.unit),
      several && h("small", { title: t("compare.worst") }, `(${worst(row.base, row)} → ${worst(row.branch, row)})`),
    ),
    h(
      "td",
      { class: "number change" },
      h("b", {}, inUnit(difference.mean, row.unit, true)),
      several && range("80%", "compare.range80", difference.range80, row.unit),
      several && range("95%", "compare.range95", difference.range95, row.unit),
    ),
    h(
      "td",
      { class: "verdict" },
      h("span", { "aria-hidden": "true" }, SIGNS[difference.verdict]),
      t(`verdict.${difference.verdict}`),
    ),
  );
}

function worst(spread: Spread, row: Difference): string {
  return inUnit(spread.worst5, row.unit);
}

function range(
  share: string,
  name: "compare.range80" | "compare.range95",
  ends: Spread["range80"],
  unit: string,
): HTMLElement | null {
  if (!ends || ends[0] === null || ends[1] === null) return null;
  return h("small", { title: t(name) }, `${share} ${inUnit(ends[0], unit, true)}…${inUnit(ends[1], unit, true)}`);
}
