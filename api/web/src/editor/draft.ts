// A countermeasure as it is being written: made, checked against the levers, read from and written to files. Pure.

import type { Countermeasure, Lever, Measure } from "../api/types.ts";
import { durationSeconds } from "../timeline/time.ts";
import { parseYaml, toYaml } from "./yaml.ts";

export interface Draft {
  fork_s: number;
  members: number;
  record: Countermeasure;
}

export interface Fault {
  kind: "badName" | "outOfRange";
  lever?: Lever;
}

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,59})$/;

export function emptyDraft(fork_s: number, number: number): Draft {
  const record: Countermeasure = {
    countermeasure: 1,
    name: `plan-${number}`,
    title_ja: "",
    title_en: "",
    reason: "",
    measures: [],
  };
  return { fork_s, members: 30, record };
}

/** A measure that pulls a lever: everywhere, from the fork on, at the middle of its range. */
export function measureOf(lever: Lever): Measure {
  const whole = Number.isInteger(lever.low) && Number.isInteger(lever.high);
  const middle = (lever.low + lever.high) / 2;
  const areas = lever.target || lever.on === "region" || !lever.on ? [] : ["all"];
  return { lever: lever.lever, value: whole ? Math.round(middle) : Number(middle.toPrecision(3)), areas, reason: "" };
}

/** Whether a lever acts on places one can choose. */
export function hasPlaces(lever: Lever | undefined): boolean {
  return Boolean(lever && !lever.target && lever.on && lever.on !== "region");
}

/** What can be seen to be wrong without asking the server. */
export function faults(record: Countermeasure, levers: readonly Lever[]): Fault[] {
  const found: Fault[] = NAME.test(record.name) ? [] : [{ kind: "badName" }];
  for (const measure of record.measures) {
    const lever = levers.find((row) => row.lever === measure.lever);
    const value = measure.value;
    if (lever && (value === null || !(value >= lever.low && value <= lever.high)))
      found.push({ kind: "outOfRange", lever });
  }
  return found;
}

/** The record as sent and saved: no empty fields. */
export function cleaned(record: Countermeasure): Countermeasure {
  const measures = record.measures.map((measure) => {
    const kept = Object.entries(measure).filter(
      ([, value]) =>
        value !== "" && value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0),
    );
    return Object.fromEntries(kept) as unknown as Measure;
  });
  return {
    ...record,
    title_ja: record.title_ja || record.title_en || record.name,
    title_en: record.title_en || record.title_ja || record.name,
    measures,
  };
}

export function asJson(record: Countermeasure): string {
  return `${JSON.stringify(cleaned(record), null, 2)}\n`;
}

export function asYaml(record: Countermeasure): string {
  return toYaml(cleaned(record));
}

/** Reads a countermeasure file of either kind; throws with a plain message. */
export function readFile(text: string): Countermeasure {
  const data = (
    text.trimStart().startsWith("{") ? JSON.parse(text) : parseYaml(text)
  ) as Partial<Countermeasure> | null;
  if (!data || typeof data !== "object" || data.countermeasure !== 1) throw new Error("countermeasure: 1");
  const measures = data.measures ?? [];
  if (!Array.isArray(measures) || measures.some((measure) => typeof measure?.lever !== "string"))
    throw new Error("measures: lever");
  return {
    countermeasure: 1,
    name: String(data.name ?? ""),
    title_ja: String(data.title_ja ?? ""),
    title_en: String(data.title_en ?? ""),
    reason: String(data.reason ?? ""),
    measures: measures.map((measure) => ({
      ...measure,
      areas: (measure.areas ?? []).map(String),
      value: Number(measure.value),
    })),
  };
}

/** Hours since the start of a measure's instant for the form; "" where it is not given. */
export function hoursOf(instant: string | number | null | undefined): string {
  if (instant === null || instant === undefined || instant === "") return "";
  const seconds = durationSeconds(instant);
  return Number.isNaN(seconds) ? "" : String(seconds / 3600);
}
