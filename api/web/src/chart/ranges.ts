// Members of a run to a middle line and an 80 % range, instant by instant. Pure.

import type { Series } from "../api/types.ts";

export interface Range {
  time_s: number[];
  middle: number[];
  low: number[];
  high: number[];
  members: number;
}

/** Quantile of ascending numbers, linear between neighbours; NaN of none. */
export function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return NaN;
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const [a, b] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  return a + (b - a) * (place - below);
}

/** Middle and 10–90 % range over the members of one kind; instants not known by any member are NaN. */
export function ranges(series: readonly Series[]): Range {
  const at = new Map<number, number[]>();
  for (const one of series) {
    one.time_s.forEach((time_s, row) => {
      const value = one.value[row];
      const list = at.get(time_s) ?? [];
      if (value !== null && value !== undefined && Number.isFinite(value)) list.push(value);
      at.set(time_s, list);
    });
  }
  const time_s = [...at.keys()].sort((a, b) => a - b);
  const sorted = time_s.map((time) => at.get(time)!.sort((a, b) => a - b));
  const line = (share: number) => sorted.map((values) => quantile(values, share));
  return {
    time_s,
    middle: line(0.5),
    low: line(0.1),
    high: line(0.9),
    members: new Set(series.map((one) => one.member)).size,
  };
}

/** Row of the last instant at or before a time; -1 for none. */
export function rowAt(time_s: readonly number[], at_s: number): number {
  let row = -1;
  while (row + 1 < time_s.length && time_s[row + 1]! <= at_s) row++;
  return row;
}
