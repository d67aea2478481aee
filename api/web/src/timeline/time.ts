// Seconds since the start of a run as clock times in Japan and as time passed. Pure.

const DAY_S = 86_400;
const HOUR_S = 3_600;

/** Fork points at which every run keeps a snapshot, seconds. */
export const FORK_POINTS_S: readonly number[] = [1, 3, 6, 12, 24, 48].map((hours) => hours * HOUR_S);

const formats = new Map<string, Intl.DateTimeFormat>();

function format(lang: string): Intl.DateTimeFormat {
  let found = formats.get(lang);
  if (!found) {
    found = new Intl.DateTimeFormat(lang === "ja" ? "ja-JP" : "en-GB", {
      timeZone: "Asia/Tokyo",
      month: lang === "ja" ? "numeric" : "short",
      day: "numeric",
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    formats.set(lang, found);
  }
  return found;
}

/** Clock in Japan: `7/28(火) 22:27` or `Tue 28 Jul 22:27`. */
export function clock(start: string, time_s: number, lang: string): string {
  const parts = Object.fromEntries(
    format(lang)
      .formatToParts(new Date(Date.parse(start) + time_s * 1000))
      .map((part) => [part.type, part.value]),
  );
  const time = `${parts["hour"]}:${parts["minute"]}`;
  if (lang === "ja") return `${parts["month"]}/${parts["day"]}(${parts["weekday"]}) ${time}`;
  return `${parts["weekday"]} ${parts["day"]} ${parts["month"]} ${time}`;
}

/** Only hours and minutes in Japan. */
export function hourMinute(start: string, time_s: number): string {
  return clock(start, time_s, "en").slice(-5);
}

/** Time passed: `T+6時間`, `T+1日2時間`, `T+6 h 30 min`. */
export function passed(time_s: number, lang: string): string {
  const days = Math.floor(time_s / DAY_S);
  const hours = Math.floor((time_s % DAY_S) / HOUR_S);
  const minutes = Math.floor((time_s % HOUR_S) / 60);
  const words = lang === "ja" ? ["日", "時間", "分"] : [" d", " h", " min"];
  const parts = [days, hours, minutes].map((count, row) => (count ? `${count}${words[row]}` : "")).filter(Boolean);
  return `T+${parts.join(lang === "ja" ? "" : " ") || (lang === "ja" ? "0分" : "0 min")}`;
}

/** Length of time for people: `2時間10分`, `2 h 10 min`. */
export function duration(time_s: number, lang: string): string {
  return passed(Math.max(0, time_s), lang).slice(2);
}

/** Hours of the countermeasure form to a duration of the interface: 6.5 -> `390m`. */
export function hoursText(hours: number): string {
  return Number.isInteger(hours) ? `${hours}h` : `${Math.round(hours * 60)}m`;
}

/** `8h`, `90m`, `2d`, `3600s` or a number of seconds -> seconds; NaN for anything else. */
export function durationSeconds(text: string | number): number {
  if (typeof text === "number") return text;
  const found = /^(\d+(?:\.\d+)?)\s*(d|h|m|min|s)?$/.exec(text.trim());
  if (!found) return NaN;
  const unit_s = { d: DAY_S, h: HOUR_S, m: 60, min: 60, s: 1 }[found[2] ?? "s"]!;
  return Number(found[1]) * unit_s;
}

/** Places of labelled ticks on a time axis: the finest step that leaves at most `most` of them. */
export function timeTicks(until_s: number, most: number): number[] {
  const step_s = [1, 2, 3, 6, 12, 24, 48, 120, 240]
    .map((hours) => hours * HOUR_S)
    .find((step) => until_s / step <= most);
  const step = step_s ?? 240 * HOUR_S;
  return Array.from({ length: Math.floor(until_s / step) + 1 }, (_, row) => row * step);
}
