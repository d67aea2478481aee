// From a value to its class: lower bound, words, official colour, pattern and mark. Pure; the painter draws them.

export type Pattern = "" | "dots" | "thin" | "slant" | "dense" | "cross" | "level" | "grid";

export interface Class {
  /** inclusive lower bound; a class ends where the next begins */
  low: number;
  ja: string;
  en: string;
  colour: string;
  /** colour of text on it */
  ink: string;
  pattern: Pattern;
  /** written into places large enough: the class beside its colour */
  mark: string;
}

export interface Scale {
  name: string;
  /** ascending lower bounds; values below the first are not drawn */
  classes: readonly Class[];
}

export const UNKNOWN = -1;
export const NOTHING = -2;
export const UNKNOWN_COLOUR = "#c9cdd3";
const DARK = "#10161f";
const WHITE = "#ffffff";

function rows(...list: [number, string, string, string, string, Pattern, string][]): Class[] {
  return list.map(([low, ja, en, colour, ink, pattern, mark]) => ({ low, ja, en, colour, ink, pattern, mark }));
}

// 気象庁ホームページにおける気象情報の配色に関する設定指針 (2012); bounds of the instrumental intensity
const INTENSITY = rows(
  [0.5, "1", "1", "#F2F2FF", DARK, "", "1"],
  [1.5, "2", "2", "#00AAFF", DARK, "", "2"],
  [2.5, "3", "3", "#0041FF", WHITE, "", "3"],
  [3.5, "4", "4", "#FAE696", DARK, "", "4"],
  [4.5, "5弱", "5−", "#FFE600", DARK, "dots", "5-"],
  [5.0, "5強", "5+", "#FF9900", DARK, "thin", "5+"],
  [5.5, "6弱", "6−", "#FF2800", DARK, "slant", "6-"],
  [6.0, "6強", "6+", "#A50021", WHITE, "dense", "6+"],
  [6.5, "7", "7", "#B40068", WHITE, "cross", "7"],
);

// 水害ハザードマップ作成の手引き (MLIT 2016); below 1 cm counts as dry
const DEPTH = rows(
  [0.01, "0.5m未満", "< 0.5 m", "#F7F5A9", DARK, "", "1"],
  [0.5, "0.5–3m", "0.5–3 m", "#FFD8C0", DARK, "dots", "2"],
  [3, "3–5m", "3–5 m", "#FFB7B7", DARK, "thin", "3"],
  [5, "5–10m", "5–10 m", "#FF9191", DARK, "grid", "4"],
  [10, "10–20m", "10–20 m", "#F285C9", DARK, "dense", "5"],
  [20, "20m以上", "≥ 20 m", "#DC7ADC", DARK, "cross", "6"],
);

// share of normal: full service is quiet, the less is left the stronger
const SHARE = rows(
  [-Infinity, "5%未満", "< 5 %", "#5B1A06", WHITE, "cross", "0"],
  [0.05, "5–25%", "5–25 %", "#A8430F", WHITE, "dense", "1"],
  [0.25, "25–50%", "25–50 %", "#DD7A2B", DARK, "slant", "2"],
  [0.5, "50–75%", "50–75 %", "#F5B562", DARK, "thin", "3"],
  [0.75, "75–95%", "75–95 %", "#FBE3B0", DARK, "dots", "4"],
  [0.95, "平常（95%以上）", "normal (≥ 95 %)", "#D6E6DC", DARK, "", "5"],
);

// 警戒レベルの配色 (Cabinet Office, May 2020): white, yellow, red, purple, black; the exact RGB values are unverified
const ALERT = rows(
  [1, "レベル1", "level 1", "#FFFFFF", DARK, "", "1"],
  [2, "レベル2", "level 2", "#F2E700", DARK, "", "2"],
  [3, "レベル3 高齢者等避難", "level 3", "#FF2800", DARK, "thin", "3"],
  [4, "レベル4 避難指示", "level 4", "#AA00AA", WHITE, "dense", "4"],
  [5, "レベル5 緊急安全確保", "level 5", "#0C000C", WHITE, "cross", "5"],
);

const YES = rows([1, "該当", "yes", "#B45309", WHITE, "dense", "!"]);

const AMOUNT_COLOURS: readonly [string, string, Pattern][] = [
  ["#E1E9F6", DARK, ""],
  ["#B5CAE8", DARK, "dots"],
  ["#7FA3D6", DARK, "thin"],
  ["#3F72B5", WHITE, "slant"],
  ["#123F80", WHITE, "cross"],
];
const LESS: readonly [string, string][] = [
  ["#D1E5F0", DARK],
  ["#7DB4D8", DARK],
  ["#2166AC", WHITE],
];
const MORE: readonly [string, string][] = [
  ["#FDDBC7", DARK],
  ["#EF8A62", DARK],
  ["#A8182B", WHITE],
];

/** Largest of 1, 2, 5 × 10ⁿ that is not above a positive value. */
export function roundDown(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const step = [5, 2, 1].find((digit) => digit * power <= value * (1 + 1e-9)) ?? 1;
  return step * power;
}

/** A bound in words: 1,200 · 0.5 · 12万 stays in digits. */
export function amount(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 1 : size >= 0.1 ? 2 : 3;
  return value.toLocaleString("en-US", { maximumFractionDigits: digits });
}

/** Five classes in steps of 1, 2, 5 … that end below the largest value. */
function amounts(largest: number): Class[] {
  let bound = largest > 0 ? roundDown(largest * 0.999) : 1;
  const bounds = [bound];
  while (bounds.length < 4) bounds.unshift((bound = roundDown(bound * 0.501)));
  const least = Math.min(bounds[0]! / 2, 1e-6 * bounds[3]!);
  return [least, ...bounds].map((low, row) => {
    const [colour, ink, pattern] = AMOUNT_COLOURS[row]!;
    const next = bounds[row];
    const words =
      next === undefined ? `≥ ${amount(low)}` : row === 0 ? `< ${amount(next)}` : `${amount(low)}–${amount(next)}`;
    return { low, ja: words, en: words, colour, ink, pattern, mark: String(row + 1) };
  });
}

/** Scale of a mapped quantity; `largest` is the largest value seen (sequential scales reach up to it). */
export function scaleOf(name: string, quantity: string, largest: number): Scale {
  if (name === "jma-intensity") return { name, classes: INTENSITY };
  if (name === "flood-depth") return { name, classes: DEPTH };
  if (name === "diverging") return { name, classes: SHARE };
  if (name === "categories") return { name, classes: quantity.endsWith("flood_call") ? ALERT : YES };
  return { name: "sequential", classes: amounts(largest) };
}

/** Scale of a difference, symmetrical around zero; `largest` is the largest size of a difference. */
export function differenceScale(largest: number): Scale {
  const top = largest > 0 ? roundDown(largest * 0.999) : 1;
  const middle = roundDown(top * 0.301);
  const least = middle / 1000;
  const steps = [least, middle, top];
  const less = steps
    .map((size, row): Class => {
      const words =
        row === 2 ? `≤ −${amount(size)}` : `−${amount(steps[row + 1]!)} … ${row ? `−${amount(size)}` : "0"}`;
      return {
        low: row === 2 ? -Infinity : -steps[row + 1]!,
        ja: words,
        en: words,
        colour: LESS[row]![0],
        ink: LESS[row]![1],
        pattern: row === 0 ? "" : row === 1 ? "level" : "grid",
        mark: "−".repeat(row + 1),
      };
    })
    .reverse();
  const same: Class = { low: -least, ja: "±0", en: "±0", colour: "#F4F5F6", ink: DARK, pattern: "", mark: "0" };
  const more = steps.map((size, row): Class => {
    const words = row === 2 ? `≥ +${amount(size)}` : `${row ? `+${amount(size)}` : "0"} … +${amount(steps[row + 1]!)}`;
    return {
      low: size,
      ja: words,
      en: words,
      colour: MORE[row]![0],
      ink: MORE[row]![1],
      pattern: row === 0 ? "" : row === 1 ? "thin" : "dense",
      mark: "+".repeat(row + 1),
    };
  });
  return { name: "difference", classes: [...less, same, ...more] };
}

/** Row of the class a value falls into; UNKNOWN for NaN, NOTHING below the first. */
export function classOf(scale: Scale, value: number): number {
  if (Number.isNaN(value)) return UNKNOWN;
  let row = NOTHING as number;
  for (let at = 0; at < scale.classes.length && value >= scale.classes[at]!.low; at++) row = at;
  return row;
}
