// Events at the time and area looked at, shortages first; each opens the chain of its causes.

import type { App } from "../app.ts";
import type { Happening } from "../api/types.ts";
import { button, h, put } from "../dom.ts";
import { language, t, tMaybe } from "../i18n/index.ts";
import { clock, passed } from "../timeline/time.ts";
import { begun } from "../runs/book.ts";
import { byUrgency, chainLines, isShort } from "./kinds.ts";

const WINDOW_S = 6 * 3600;
const PAGE = 500;
const DEPTH = 8;

/** The sentence of an event in the language chosen. */
export function sentence(event: Happening): string {
  return (language() === "ja" ? event.sentence_ja : event.sentence_en) || event.kind;
}

export class ShortList {
  readonly element = h("div", { class: "events" });
  private round = 0;
  private wait = 0;
  everything = false;
  layer = "";

  constructor(
    private readonly app: App,
    signal: AbortSignal,
    private readonly most: number,
  ) {
    app.view.on(["time_s", "area", "run", "member"], signal, () => this.soon());
    signal.addEventListener("abort", () => clearTimeout(this.wait));
    this.soon();
  }

  /** Draws when the slider has rested for a moment. */
  private soon(): void {
    clearTimeout(this.wait);
    this.wait = window.setTimeout(() => void this.draw(), 200);
  }

  async draw(): Promise<void> {
    const round = ++this.round;
    const { view, runs, client } = this.app;
    const run = runs.get(view.now.run);
    if (!begun(run) || !run.start) return;
    const { time_s, area, member } = view.now;
    const query = {
      from: `${Math.max(0, time_s - WINDOW_S)}s`,
      to: `${time_s}s`,
      member: member && member !== "mean" ? member : "0",
      area: area === "all" ? "" : area,
      layer: this.layer,
      limit: PAGE,
    };
    const answer = await client.events(run.run_id, query).catch(() => ({ events: [] as Happening[], next: null }));
    if (round !== this.round) return;
    const found = answer.events.filter((event) => this.everything || isShort(event)).sort(byUrgency);
    const { start } = run;
    const rows = alike(found)
      .slice(0, this.most)
      .map(({ event, times }) => this.row(event, times, start));
    put(
      this.element,
      rows.length ? h("ul", { class: "event-list" }, ...rows) : h("p", { class: "empty" }, t("events.none")),
    );
  }

  private row(event: Happening, times: number, start: string): HTMLElement {
    const entry = h("li", { class: isShort(event) ? "short" : "" });
    const open = button(
      times > 1 ? `${sentence(event)}　×${times}` : sentence(event),
      () => void this.open(event, entry, open, start),
      {
        class: "event",
        "aria-expanded": "false",
        title: t("events.causes"),
      },
    );
    entry.append(
      h("time", { title: passed(event.time_s, language()) }, clock(start, event.time_s, language())),
      open,
      h("span", { class: `layer-chip ${event.layer}` }, tMaybe(`layer.${event.layer}`)),
    );
    return entry;
  }

  private async open(event: Happening, entry: HTMLElement, key: HTMLButtonElement, start: string): Promise<void> {
    const old = entry.querySelector(".chain");
    key.setAttribute("aria-expanded", String(!old));
    if (old) return old.remove();
    const { client, view } = this.app;
    const told = await client.event(view.now.run, event.id, event.member, DEPTH);
    if (!entry.querySelector(".chain")) entry.append(chain(told, start, this.app));
  }
}

/** Events that read the same at the same time stand once, with their number. */
function alike(events: readonly Happening[]): { event: Happening; times: number }[] {
  const found = new Map<string, { event: Happening; times: number }>();
  for (const event of events) {
    const place = `${event.time_s} ${sentence(event)}`;
    const entry = found.get(place);
    if (entry) entry.times++;
    else found.set(place, { event, times: 1 });
  }
  return [...found.values()];
}

/** The chain of causes as a list, the first cause on top; a press takes map and clock to it. */
function chain(event: Happening, start: string, app: App): HTMLElement {
  const lines = chainLines(event);
  const rows = lines.map(({ event: one, depth }) =>
    h(
      "li",
      { class: depth === 0 ? "asked" : "", "data-depth": Math.min(depth, 6) },
      h("time", {}, clock(start, one.time_s, language())),
      button(sentence(one), () => app.view.set({ time_s: Math.floor(one.time_s / 3600) * 3600, ...areaOf(one) }), {
        class: "link",
      }),
      h("span", { class: `layer-chip ${one.layer}` }, tMaybe(`layer.${one.layer}`)),
    ),
  );
  const hint = lines.length > 1 ? t("events.chainHint") : t("events.noCause");
  return h(
    "section",
    { class: "chain", "aria-label": t("events.chain") },
    h("h4", {}, t("events.chain"), h("small", {}, hint)),
    h("ol", {}, ...rows),
  );
}

function areaOf(event: Happening): { area?: string } {
  return /^\d{5}$/.test(event.area) ? { area: event.area } : {};
}
