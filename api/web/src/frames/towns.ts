// One number per municipality from the values of its cells, roads or places: for labels, tooltips and the table.

export type Summary = "largest" | "mean" | "sum";

/** How places are drawn together: shaking and depth by the largest, shares and factors by the mean, counts by the sum. */
export function summaryOf(scale: string, unit: string): Summary {
  if (scale === "jma-intensity" || scale === "flood-depth" || scale === "categories") return "largest";
  return unit === "1" || unit === "degC" || unit === "" || unit === "s" ? "mean" : "sum";
}

/** Municipality code -> value; towns without any known value are missing. */
export function byTown(values: ArrayLike<number>, towns: readonly string[], summary: Summary): Map<string, number> {
  const found = new Map<string, number>();
  const counts = new Map<string, number>();
  for (let row = 0; row < values.length; row++) {
    const [value, town] = [values[row]!, towns[row]];
    if (!town || Number.isNaN(value)) continue;
    const before = found.get(town);
    counts.set(town, (counts.get(town) ?? 0) + 1);
    if (before === undefined) found.set(town, value);
    else found.set(town, summary === "largest" ? Math.max(before, value) : before + value);
  }
  if (summary === "mean") for (const [town, value] of found) found.set(town, value / counts.get(town)!);
  return found;
}
