// One measure of the draft: value within its range, where, from when until when, why.

import type { App } from "../app.ts";
import type { Lever, Measure } from "../api/types.ts";
import { button, h, options, put } from "../dom.ts";
import { language, t, tMaybe } from "../i18n/index.ts";
import { townNames } from "../situation/areas.ts";
import { hoursText } from "../timeline/time.ts";
import { hasPlaces, hoursOf } from "./draft.ts";
import { leverName, rangeText, unitText } from "./levers.ts";

const ALL = "all";

export interface MeasureDesk {
  app: App;
  /** keeps the draft after a change */
  changed: () => void;
  remove: () => void;
}

/** The form of one measure. */
export function measureForm(
  measure: Measure,
  lever: Lever | undefined,
  number: number,
  desk: MeasureDesk,
): HTMLElement {
  const id = (name: string) => `measure-${number}-${name}`;
  const name = lever ? leverName(lever) : measure.lever;
  return h(
    "fieldset",
    { class: "measure" },
    h("legend", {}, `${number + 1}. ${name}`),
    h(
      "p",
      { class: "hint" },
      lever
        ? [t("editor.owner", { who: tMaybe(`owner.${lever.owner}`) }), rangeText(lever)].join(" · ")
        : measure.lever,
    ),
    // an order that is given or not has no value to choose
    lever && lever.low === lever.high ? null : valueRow(measure, lever, id("value"), desk),
    lever && hasPlaces(lever) ? placesRow(measure, lever, id("areas"), desk) : null,
    timesRow(measure, lever, id, desk),
    h(
      "div",
      { class: "row" },
      h("label", { for: id("reason") }, t("editor.reason")),
      textInput(id("reason"), measure.reason ?? "", (text) => {
        measure.reason = text;
        desk.changed();
      }),
    ),
    button(t("editor.remove"), desk.remove, { class: "quiet remove", "aria-label": `${t("editor.remove")}：${name}` }),
  );
}

export function textInput(
  id: string,
  value: string,
  take: (text: string) => void,
  more: Record<string, string> = {},
): HTMLInputElement {
  return h("input", {
    type: "text",
    id,
    value,
    maxlength: 2000,
    input: (event) => take((event.target as HTMLInputElement).value),
    ...more,
  });
}

/** Seconds are typed in hours. */
function valueRow(measure: Measure, lever: Lever | undefined, id: string, desk: MeasureDesk): HTMLElement {
  const per = lever?.unit === "s" ? 3600 : 1;
  const [low, high] = lever ? [lever.low / per, lever.high / per] : [undefined, undefined];
  const input = h("input", {
    type: "number",
    id,
    step: "any",
    min: low,
    max: high,
    value: measure.value === null ? "" : measure.value / per,
  });
  input.addEventListener("input", () => {
    measure.value = input.value === "" ? null : Number(input.value) * per;
    input.setAttribute("aria-invalid", String(!input.validity.valid || measure.value === null));
    desk.changed();
  });
  return h(
    "div",
    { class: "row" },
    h("label", { for: id }, t("editor.value")),
    input,
    h("span", {}, lever ? unitText(lever.unit) : ""),
  );
}

function placesRow(measure: Measure, lever: Lever, id: string, desk: MeasureDesk): HTMLElement {
  const place = h("div", { class: "row places" });
  const draw = async () => {
    const [towns, places] = await Promise.all([townNames(desk.app), placeNames(desk.app, lever.on!)]);
    const areas = measure.areas ?? [];
    const nameOf = (area: string) =>
      area === ALL ? t("editor.everywhere") : ([...towns, ...places].find(([code]) => code === area)?.[1] ?? area);
    const chips = areas.map((area) =>
      button(`${nameOf(area)} ×`, () => set(areas.filter((one) => one !== area)), { class: "chip" }),
    );
    const add = h(
      "select",
      {
        id,
        change: () =>
          add.value &&
          set(add.value === ALL ? [ALL] : [...areas.filter((one) => one !== ALL && one !== add.value), add.value]),
      },
      ...options([["", t("editor.addArea")], [ALL, t("editor.everywhere")], ...towns], ""),
    );
    const picking = desk.app.picking.active;
    const pick = button(
      t(picking ? "editor.picking" : "editor.pick"),
      () => {
        if (desk.app.picking.active) desk.app.picking.end();
        else
          desk.app.picking.begin(
            areas.filter((one) => one !== ALL),
            (codes) => set(codes),
          );
        void draw();
      },
      { class: "quiet", "aria-pressed": String(picking) },
    );
    put(
      place,
      h("label", { for: id }, t("editor.areas")),
      h(
        "div",
        { class: "chips" },
        ...chips,
        add,
        pick,
        ...oneOf(places, `${id}-one`, (place) => set([...areas.filter((one) => one !== ALL && one !== place), place])),
      ),
    );
  };
  const set = (areas: string[]) => {
    measure.areas = areas;
    desk.changed();
    void draw();
  };
  void draw();
  return place;
}

/** [id, name] of the single places a lever acts on; none where those are the towns themselves. */
async function placeNames(app: App, on: string): Promise<[string, string][]> {
  const run = app.runs.get(app.view.now.run);
  if (on === "municipality" || !run) return [];
  const shapes = await app.world.shapesOf(run.scenario, on).catch(() => null);
  const names = language() === "ja" ? shapes?.names_ja : shapes?.names_en;
  return (shapes?.ids ?? []).map((id, row) => [id, names?.[row] || id]);
}

/** A field that offers single places as one types. */
function oneOf(places: readonly [string, string][], id: string, take: (place: string) => void): HTMLElement[] {
  if (!places.length) return [];
  const list = h(
    "datalist",
    { id: `${id}-list` },
    ...places.map(([place, name]) => h("option", { value: place }, name)),
  );
  const input = h("input", {
    type: "text",
    id,
    list: `${id}-list`,
    placeholder: t("editor.onePlace"),
    "aria-label": t("editor.onePlace"),
    class: "one-place",
  });
  input.addEventListener("change", () => places.some(([place]) => place === input.value) && take(input.value));
  return [input, list];
}

function timesRow(
  measure: Measure,
  lever: Lever | undefined,
  id: (name: string) => string,
  desk: MeasureDesk,
): HTMLElement {
  const hours = (field: "at" | "until", placeholder: string) => {
    const input = h("input", {
      type: "number",
      id: id(field),
      min: 0,
      step: "any",
      value: hoursOf(measure[field]),
      placeholder,
    });
    input.addEventListener("input", () => {
      measure[field] = input.value === "" ? null : hoursText(Number(input.value));
      desk.changed();
    });
    return input;
  };
  const ends = !lever || lever.withdraws || Boolean(lever.target);
  return h(
    "div",
    { class: "row times" },
    h("label", { for: id("at") }, t("editor.from")),
    hours("at", t("editor.atFork")),
    ends ? h("label", { for: id("until") }, t("editor.until")) : null,
    ends ? hours("until", "") : null,
  );
}
