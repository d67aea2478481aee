// Round numbers for the axis of a curve, and numbers for people. Pure.

/** About `most` round ticks from 0 or below up to at least the largest value. */
export function ticks(low: number, high: number, most: number): number[] {
  const span = Math.max(high - low, 1e-9);
  const power = 10 ** Math.floor(Math.log10(span / most));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((size) => span / size <= most) ?? 10 * power;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, row) => Number(((first + row) * step).toPrecision(12)));
}

/** A number as people read it: 18,400 · 84.2 · 0.37; "–" when it is not known. */
export function number(value: number | null | undefined, signed = false): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size === 0 || (Number.isInteger(value) && size >= 1) ? 0 : 2;
  const text = size.toLocaleString("en-US", { maximumFractionDigits: digits });
  const sign = value < 0 && text !== "0" ? "−" : signed && value > 0 && text !== "0" ? "+" : "";
  return sign + text;
}

/** Number whose unit is seconds, people, shares …: seconds become hours. */
export function inUnit(value: number | null | undefined, unit: string, signed = false): string {
  if (unit === "s" && value !== null && value !== undefined) return number(value / 3600, signed);
  return number(value, signed);
}
