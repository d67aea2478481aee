// The first thing a planner reads: headline numbers of an area with range and report, their course, what ran short.

import type { App } from "../app.ts";
import { drawCurve, type Line } from "../chart/curve.ts";
import { inUnit } from "../chart/axis.ts";
import { ranges, rowAt, type Range } from "../chart/ranges.ts";
import { button, h, options, put } from "../dom.ts";
import { ShortList } from "../events/list.ts";
import { language, pick, t, tMaybe } from "../i18n/index.ts";
import { clock } from "../timeline/time.ts";
import { begun } from "../runs/book.ts";
import { HEADLINES, type SeriesName } from "../world.ts";
import { areaSelect } from "./areas.ts";

interface Course {
  true?: Range;
  reported?: Range;
  observed?: Range;
}

const KINDS = ["true", "reported", "observed"] as const;
const MOST_TILES = 9;

export class SituationPanel {
  readonly element = h("div", { class: "situation" });
  private head = h("div", { class: "area-row" });
  private tiles = h("div", { class: "tiles" });
  private figure = h("figure", { class: "course" });
  private courses = new Map<string, Promise<Course>>();
  private moveCursor: (time_s: number) => void = () => undefined;
  private round = 0;
  private again = 0;

  constructor(
    private readonly app: App,
    signal: AbortSignal,
  ) {
    const short = new ShortList(app, signal, 5);
    const more = button(t("situation.more"), () => app.view.set({ panel: "events" }), { class: "link" });
    this.element.append(
      this.head,
      this.tiles,
      this.figure,
      h("section", { class: "short-now" }, h("header", {}, h("h3", {}, t("situation.shortNow")), more), short.element),
    );
    app.view.on(["area", "run", "branch"], signal, () => void this.draw());
    app.view.on(["series"], signal, () => void this.draw());
    app.view.on(["time_s"], signal, () => void this.drawNumbers());
    app.runs.on(signal, (run) => {
      if (!run || (run.run_id !== app.view.now.run && run.run_id !== app.view.now.branch)) return;
      for (const place of this.courses.keys()) if (place.startsWith(run.run_id)) this.courses.delete(place);
      // while members run, the numbers need not follow every report
      this.again ||= window.setTimeout(() => ((this.again = 0), void this.draw()), 3000);
    });
    void this.draw();
  }

  private get names(): SeriesName[] {
    const { series } = this.app.world;
    const first = HEADLINES.flatMap((name) => series.filter((row) => row.quantity === name));
    return [...first, ...series.filter((row) => !HEADLINES.includes(row.quantity))];
  }

  private course(run: string, quantity: string, area: string): Promise<Course> {
    const place = `${run} ${quantity} ${area}`;
    let answer = this.courses.get(place);
    if (!begun(this.app.runs.get(run))) return Promise.resolve({});
    if (!answer) {
      answer = this.app.client
        .series(run, quantity, area)
        .then((series) => {
          const found: Course = {};
          for (const kind of KINDS) {
            const some = series.filter((one) => one.kind === kind);
            if (some.length) found[kind] = ranges(some);
          }
          return found;
        })
        .catch(() => ({}));
      this.courses.set(place, answer);
    }
    return answer;
  }

  private async draw(): Promise<void> {
    const round = ++this.round;
    const { view, runs } = this.app;
    if (!runs.get(view.now.run)) return;
    await areaSelect(this.app, this.head);
    if (round !== this.round) return;
    await Promise.all([this.drawNumbers(), this.drawCourse()]);
  }

  private async drawNumbers(): Promise<void> {
    const { view, runs } = this.app;
    this.moveCursor(view.now.time_s);
    const { run, area, time_s } = view.now;
    if (!runs.get(run)) return;
    const names = this.names.filter((row) => HEADLINES.includes(row.quantity)).slice(0, MOST_TILES);
    const courses = await Promise.all(names.map((row) => this.course(run, row.quantity, area)));
    if (time_s !== view.now.time_s || area !== view.now.area || run !== view.now.run) return;
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset["tile"] : undefined;
    put(this.tiles, ...names.map((row, at) => this.tile(row, courses[at]!, time_s)));
    if (focused) this.tiles.querySelector<HTMLElement>(`[data-tile="${focused}"]`)?.focus();
  }

  private tile(name: SeriesName, course: Course, time_s: number): HTMLElement {
    const told = course.true && valueAt(course.true, time_s);
    const reported = course.reported && valueAt(course.reported, time_s);
    const unit = tMaybe(`unit.${name.unit}`);
    const range =
      told && course.true!.members > 1 ? `${inUnit(told.low, name.unit)}–${inUnit(told.high, name.unit)}` : "";
    const heard = course.reported
      ? reported && Number.isFinite(reported.middle)
        ? t("situation.reported", { n: inUnit(reported.middle, name.unit) })
        : t("situation.noReport")
      : "";
    return h(
      "button",
      {
        type: "button",
        class: "tile",
        "data-tile": name.quantity,
        "aria-pressed": String(name.quantity === this.chosen()),
        click: () => this.app.view.set({ series: name.quantity }),
      },
      h("span", { class: "tile-name" }, pick(name, name.quantity)),
      h(
        "span",
        { class: "tile-value" },
        h("b", {}, told ? inUnit(told.middle, name.unit) : "–"),
        told ? h("small", {}, unit) : null,
      ),
      h("span", { class: "tile-range" }, range ? `(${range})` : ""),
      h("span", { class: "tile-reported" }, heard),
    );
  }

  private chosen(): string {
    return this.app.view.now.series || this.names[0]?.quantity || "";
  }

  private async drawCourse(): Promise<void> {
    const { view, runs } = this.app;
    const run = runs.get(view.now.run)!;
    const branch = runs.get(view.now.branch);
    const name = this.names.find((row) => row.quantity === this.chosen());
    if (!name || !run.start) return;
    const [course, other] = await Promise.all([
      this.course(run.run_id, name.quantity, view.now.area),
      branch ? this.course(branch.run_id, name.quantity, view.now.area) : null,
    ]);
    if (this.chosen() !== name.quantity) return;
    const lines: Line[] = KINDS.flatMap((look) =>
      course[look] ? [{ range: scaled(course[look], name.unit), look }] : [],
    );
    if (other?.true) lines.push({ range: scaled(other.true, name.unit), look: "branch" });
    const title = `${pick(name, name.quantity)}${name.unit === "1" ? "" : `（${tMaybe(`unit.${name.unit}`)}）`}`;
    const marks_s = branch?.forked_at_s ? [branch.forked_at_s] : [];
    const plot = {
      lines,
      until_s: run.until_s ?? 0,
      start: run.start,
      marks_s,
      name: `${t("situation.curve")} ${title}`,
    };
    const { element, cursor } = drawCurve(plot, (time_s) => view.set({ time_s }));
    this.moveCursor = cursor;
    cursor(view.now.time_s);
    put(
      this.figure,
      this.caption(run.start),
      lines.length ? element : h("p", { class: "empty" }, t("situation.noSeries")),
      keyOf(lines),
    );
  }

  private caption(start: string): HTMLElement {
    const { view } = this.app;
    const select = h(
      "select",
      {
        "aria-label": t("situation.quantity"),
        change: (event) => view.set({ series: (event.target as HTMLSelectElement).value }),
      },
      ...options(
        this.names.map((row) => [row.quantity, pick(row, row.quantity)]),
        this.chosen(),
      ),
    );
    return h(
      "figcaption",
      {},
      h("h3", {}, t("situation.curve")),
      select,
      h("small", {}, `${clock(start, 0, language())} –`),
    );
  }
}

function valueAt(range: Range, time_s: number): { middle: number; low: number; high: number } | undefined {
  const row = rowAt(range.time_s, time_s);
  return row < 0 ? undefined : { middle: range.middle[row]!, low: range.low[row]!, high: range.high[row]! };
}

/** Seconds are shown as hours. */
function scaled(range: Range, unit: string): Range {
  if (unit !== "s") return range;
  const hours = (values: number[]) => values.map((value) => value / 3600);
  return { ...range, middle: hours(range.middle), low: hours(range.low), high: hours(range.high) };
}

function keyOf(lines: readonly Line[]): HTMLElement {
  const entries = lines.map(({ look, range }) => {
    const words = look === "branch" ? t("map.branch") : t(`kind.${look as "true"}`);
    return h(
      "li",
      { class: look },
      h("i", { "aria-hidden": "true" }),
      words + (range.members > 1 && look !== "observed" ? ` · ${t("kind.range")}` : ""),
    );
  });
  return h("ul", { class: "curve-key" }, ...entries);
}
