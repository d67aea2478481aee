// The clock of the page: slider with fork points and how far the run is computed, play, steps, Japan time.

import type { App } from "../app.ts";
import { button, h, put } from "../dom.ts";
import { language, t } from "../i18n/index.ts";
import { atRest } from "../runs/book.ts";
import { clock, FORK_POINTS_S, passed, timeTicks } from "./time.ts";

const HOUR_S = 3600;
const TICK_MS = 450;

export class TimeBar {
  readonly element = h("section", { class: "timeline", "aria-label": t("time.label") });
  private readout = h("output", { class: "readout", for: "clock" });
  private slider = h("input", { type: "range", id: "clock", min: 0, step: HOUR_S, "aria-label": t("time.label") });
  private track = h("div", { class: "track", "aria-hidden": "true" });
  private play = button("▶", () => this.toggle(), { class: "play" });
  private timer = 0;
  /** a run under way takes the clock along until the planner sets it */
  private following = false;

  constructor(
    private readonly app: App,
    signal: AbortSignal,
  ) {
    const step = (by_s: number) => () => this.go(this.app.view.now.time_s + by_s);
    this.element.append(
      h(
        "div",
        { class: "transport" },
        button("«", () => this.toFork(), { "aria-label": t("time.toFork"), title: t("time.toFork") }),
        button("‹", step(-HOUR_S), { "aria-label": t("time.back"), title: t("time.back"), class: "step" }),
        this.play,
        button("›", step(HOUR_S), { "aria-label": t("time.forward"), title: t("time.forward"), class: "step" }),
      ),
      this.readout,
      h("div", { class: "rail" }, this.track, this.slider),
    );
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    app.view.on(["time_s", "run", "branch"], signal, () => this.draw());
    app.view.on(["run"], signal, () => this.followNow());
    app.runs.on(signal, (run) => (run === null || run.run_id === app.view.now.run) && this.heard());
    signal.addEventListener("abort", () => clearInterval(this.timer));
    this.face();
    this.followNow();
    this.draw();
  }

  private followNow(): void {
    const run = this.app.runs.get(this.app.view.now.run);
    this.following = run !== undefined && !atRest(run);
  }

  private heard(): void {
    const now_s = this.app.runs.get(this.app.view.now.run)?.now_s ?? 0;
    if (this.following) this.app.view.set({ time_s: Math.floor(now_s / HOUR_S) * HOUR_S });
    this.draw();
  }

  private get until_s(): number {
    return this.app.runs.get(this.app.view.now.run)?.until_s ?? 0;
  }

  private go(time_s: number): void {
    this.following = false;
    this.app.view.set({ time_s: Math.max(0, Math.min(this.until_s, time_s)) });
  }

  private toFork(): void {
    const points = this.points().filter((at_s) => at_s < this.app.view.now.time_s);
    this.go(points.length ? Math.max(...points) : 0);
  }

  private points(): number[] {
    return FORK_POINTS_S.filter((at_s) => at_s < this.until_s);
  }

  private toggle(): void {
    if (this.timer) {
      clearInterval(this.timer);
      this.timer = 0;
    } else {
      if (this.app.view.now.time_s >= this.until_s) this.go(0);
      this.timer = window.setInterval(() => {
        this.go(this.app.view.now.time_s + HOUR_S);
        if (this.app.view.now.time_s >= this.until_s) this.toggle();
      }, TICK_MS);
    }
    this.face();
  }

  private face(): void {
    this.play.textContent = this.timer ? "❚❚" : "▶";
    this.play.setAttribute("aria-label", t(this.timer ? "time.pause" : "time.play"));
    this.play.title = t(this.timer ? "time.pause" : "time.play");
  }

  private draw(): void {
    const run = this.app.runs.get(this.app.view.now.run);
    const { time_s } = this.app.view.now;
    this.slider.max = String(this.until_s);
    this.slider.value = String(time_s);
    this.slider.disabled = !run;
    if (!run?.start) return;
    const told = clock(run.start, time_s, language());
    this.slider.setAttribute("aria-valuetext", `${passed(time_s, language())}, ${told}`);
    put(this.readout, h("b", {}, told), h("span", {}, passed(time_s, language())), h("small", {}, t("time.japan")));
    this.drawTrack(run.start, run.now_s ?? 0);
  }

  private drawTrack(start: string, now_s: number): void {
    const at = (time_s: number) => `${(100 * time_s) / Math.max(this.until_s, 1)}%`;
    const put_at = <T extends HTMLElement>(element: T, time_s: number): T => {
      element.style.left = at(time_s);
      return element;
    };
    const done = h("span", { class: "computed" });
    done.style.width = at(now_s);
    const ticks = timeTicks(this.until_s, 12).map((at_s) =>
      put_at(h("span", { class: "tick" }, `+${at_s / HOUR_S}h`), at_s),
    );
    const points = this.points().map((at_s) =>
      put_at(h("span", { class: "fork-point", title: `${t("time.fork")} ${passed(at_s, language())}` }), at_s),
    );
    const branch = this.app.runs.get(this.app.view.now.branch);
    const forked = branch?.forked_at_s ?? null;
    const mark =
      forked === null
        ? null
        : put_at(h("span", { class: "forked" }, t("time.forked", { at: passed(forked, language()) })), forked);
    const edge =
      now_s < this.until_s
        ? put_at(
            h(
              "span",
              { class: now_s < 0.3 * this.until_s ? "now early" : "now" },
              t("time.now", { at: clock(start, now_s, language()) }),
            ),
            now_s,
          )
        : null;
    put(this.track, h("span", { class: "rail-line" }), done, ...ticks, ...points, mark, edge);
  }
}
