// The view as the part of the address behind `#`, and back. The key is never part of it.

import { START, type Language, type Mode, type View } from "./state.ts";

const MODES: readonly Mode[] = ["single", "side", "difference"];
const LANGUAGES: readonly Language[] = ["ja", "en"];
const NAMES: readonly (readonly [keyof View, string])[] = [
  ["run", "run"],
  ["branch", "with"],
  ["time_s", "t"],
  ["quantity", "map"],
  ["series", "curve"],
  ["area", "area"],
  ["member", "member"],
  ["mode", "view"],
  ["panel", "panel"],
  ["lang", "lang"],
];

/** `run=…&t=21600&…`, only what differs from the start. */
export function toHash(view: View): string {
  const fields = new URLSearchParams();
  for (const [field, name] of NAMES) {
    if (view[field] !== START[field]) fields.set(name, String(view[field]));
  }
  return fields.toString();
}

/** Reads the view; what is missing or makes no sense stays as at the start. */
export function fromHash(hash: string): View {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const text = (name: string, otherwise: string) => fields.get(name) ?? otherwise;
  const whole = (name: string, otherwise: number) => {
    const value = Number(fields.get(name) ?? NaN);
    return Number.isSafeInteger(value) && value >= 0 ? value : otherwise;
  };
  const oneOf = <T extends string>(known: readonly T[], name: string, otherwise: T) =>
    known.find((value) => value === fields.get(name)) ?? otherwise;
  return {
    run: text("run", START.run),
    branch: text("with", START.branch),
    time_s: whole("t", START.time_s),
    quantity: text("map", START.quantity),
    series: text("curve", START.series),
    area: text("area", START.area),
    member: text("member", START.member),
    mode: oneOf(MODES, "view", START.mode),
    panel: text("panel", START.panel),
    lang: oneOf(LANGUAGES, "lang", START.lang),
  };
}

/** Takes `key=…` out of a hash: [key or "", the rest]. */
export function takeKey(hash: string): [key: string, rest: string] {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const key = fields.get("key") ?? "";
  fields.delete("key");
  return [key, fields.toString()];
}
