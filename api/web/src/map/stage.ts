// The map area: which quantity is shown, one map, two side by side or their difference, filled as the slider moves.

import type { App } from "../app.ts";
import type { Mapped, Run } from "../api/types.ts";
import { button, h, options, put } from "../dom.ts";
import type { Frame } from "../frames/decode.ts";
import { language, pick, t, tMaybe } from "../i18n/index.ts";
import { begun } from "../runs/book.ts";
import type { Mode, View } from "../state.ts";
import { clock } from "../timeline/time.ts";
import { PHENOMENA } from "../world.ts";
import { differenceScale, scaleOf } from "./scales.ts";
import type { Shapes } from "./shapes.ts";
import { tableDialog } from "./table.ts";
import { MapView, tie, type Shown } from "./view.ts";

const MODES: readonly Mode[] = ["single", "side", "difference"];

/** Member asked of the server: the one chosen, else the mean over all, else the only one. */
export function memberOf(view: View, run: Run | undefined): string {
  return view.member || ((run?.members ?? 1) > 1 ? "mean" : "0");
}

export class Stage {
  readonly element = h("section", { class: "stage", "aria-label": t("app.map") });
  private maps: MapView[] = [];
  private shown: Shown[] = [];
  private round = 0;
  private ahead = new AbortController();
  private bar = h("div", { class: "map-bar" });
  private pair = h("div", { class: "maps" });
  private nothing = h("p", { class: "nothing", hidden: true }, t("app.empty"));
  private hint = h("p", { class: "pick-hint", hidden: true, role: "status" }, t("map.picking"));

  constructor(
    private readonly app: App,
    private readonly signal: AbortSignal,
  ) {
    this.maps = [0, 1].map(() => new MapView((town) => this.choose(town), signal));
    tie(this.maps);
    this.pair.append(...this.maps.map((map) => map.element));
    this.element.append(this.bar, this.pair, this.nothing, this.hint);
    app.view.on(["run", "branch", "quantity", "mode", "member"], signal, () => {
      this.drawBar();
      void this.load(true);
    });
    app.view.on(["time_s"], signal, () => void this.load(false));
    app.view.on(["area"], signal, () => this.mark());
    app.picking.on(signal, () => this.mark());
    app.runs.on(signal, (run) => this.heard(run));
    signal.addEventListener("abort", () => this.ahead.abort());
    document.addEventListener("keydown", (event) => event.key === "Escape" && app.picking.end(), { signal });
    this.drawBar();
    void this.load(true);
  }

  private get mapped(): Mapped | undefined {
    const { quantity } = this.app.view.now;
    return this.app.world.mapped.find((row) => row.quantity === quantity) ?? this.app.world.mapped[0];
  }

  private choose(town: string): void {
    if (this.app.picking.active && town) this.app.picking.toggle(town);
    else this.app.view.set({ area: town && town !== this.app.view.now.area ? town : "all" });
  }

  private mark(): void {
    this.hint.hidden = !this.app.picking.active;
    for (const map of this.maps) map.mark(this.app.view.now.area, this.app.picking.codes);
  }

  /** New frames of a run under way: those at the slider may now be there. */
  private heard(run: Run | null): void {
    const { run: base, branch } = this.app.view.now;
    if (!run || (run.run_id !== base && run.run_id !== branch)) return;
    this.app.shelf.forget(run.run_id);
    if (this.shown.some((shown) => !shown.frame || shown.frame.header.time_s + 3600 <= this.app.view.now.time_s))
      void this.load(true);
  }

  private drawBar(): void {
    const { world, view } = this.app;
    const mapped = this.mapped;
    const chosen = world.phenomenonOf(mapped?.quantity ?? "");
    const phenomena = PHENOMENA.filter((name) => world.mapped.some((row) => world.phenomenonOf(row.quantity) === name));
    const menu = phenomena.map((name) =>
      button(tMaybe(`layer.${name}`), () => view.set({ quantity: this.firstOf(name) }), {
        "aria-pressed": String(name === chosen),
        class: "phenomenon",
      }),
    );
    const rows = world.mapped.filter((row) => world.phenomenonOf(row.quantity) === chosen);
    const select = h(
      "select",
      {
        id: "quantity",
        "aria-label": t("map.quantity"),
        change: (event) => view.set({ quantity: (event.target as HTMLSelectElement).value }),
      },
      ...options(
        rows.map((row) => [row.quantity, pick(row, row.quantity)]),
        mapped?.quantity ?? "",
      ),
    );
    const had =
      document.activeElement instanceof HTMLElement && this.bar.contains(document.activeElement)
        ? document.activeElement.textContent
        : null;
    put(
      this.bar,
      h("div", { class: "phenomena", role: "group", "aria-label": t("map.phenomena") }, ...menu),
      h(
        "div",
        { class: "map-choices" },
        select,
        this.memberSelect(),
        view.now.branch ? this.modes() : null,
        button(t("map.table"), () => this.openTable(), { class: "quiet" }),
      ),
    );
    if (had)
      [...this.bar.querySelectorAll<HTMLElement>("button, select")].find((entry) => entry.textContent === had)?.focus();
  }

  private firstOf(phenomenon: string): string {
    return this.app.world.mapped.find((row) => this.app.world.phenomenonOf(row.quantity) === phenomenon)!.quantity;
  }

  private memberSelect(): HTMLElement | null {
    const { view, runs } = this.app;
    const members = runs.get(view.now.run)?.members ?? 1;
    if (members <= 1) return h("span", { class: "draw-note" }, t("run.oneDraw"));
    const rows: [string, string][] = [["mean", t("run.mean", { n: members })]];
    for (let member = 0; member < members; member++) rows.push([String(member), t("run.member", { n: member })]);
    return h(
      "select",
      {
        "aria-label": t("run.memberLabel"),
        change: (event) => view.set({ member: (event.target as HTMLSelectElement).value }),
      },
      ...options(rows, memberOf(view.now, runs.get(view.now.run))),
    );
  }

  private modes(): HTMLElement {
    const { view } = this.app;
    const keys = MODES.map((mode) =>
      button(t(`map.${mode}`), () => view.set({ mode }), { "aria-pressed": String(mode === view.now.mode) }),
    );
    return h("div", { class: "segments", role: "group", "aria-label": t("map.mode") }, ...keys);
  }

  /** Fills the maps for the view; a later call overtakes an earlier one. */
  private async load(changed: boolean): Promise<void> {
    const round = ++this.round;
    const { view, runs } = this.app;
    const run = runs.get(view.now.run);
    const mapped = this.mapped;
    this.nothing.hidden = Boolean(run);
    if (!run || !mapped) return;
    try {
      const shown = await this.read(run, mapped);
      if (round !== this.round || this.signal.aborted) return;
      this.present(shown);
      if (changed) this.readAhead(mapped.quantity);
    } catch (error) {
      if (round === this.round) this.app.announce(t("app.failed", { what: (error as Error).message }));
    }
  }

  private async read(run: Run, mapped: Mapped): Promise<Shown[]> {
    const { view, world, shelf, runs } = this.app;
    const { time_s, quantity, mode, branch } = { ...view.now, quantity: mapped.quantity };
    const other = mode === "single" ? undefined : runs.get(branch);
    const member = memberOf(view.now, run);
    const both = mode === "side" && other;
    const minus = mode === "difference" && other ? run.run_id : "";
    const first = minus ? other!.run_id : run.run_id;
    const [ground, roads, shapes, ...frames] = await Promise.all([
      world.shapesOf(run.scenario, "municipality"),
      world.shapesOf(run.scenario, "road").catch(() => null),
      world.shapesOf(run.scenario, mapped.on),
      begun(runs.get(first)) ? shelf.frame(first, quantity, time_s, member, minus) : null,
      both && begun(other) ? shelf.frame(other.run_id, quantity, time_s, member) : null,
    ]);
    const basic = { ground, roads, shapes, title: pick(mapped, quantity) };
    if (minus) return [this.difference(basic, frames[0]!, other!)];
    const scale = scaleOf(mapped.scale, quantity, shelf.largest([run.run_id, branch], quantity));
    const one = (frame: Frame | null, name: string): Shown => {
      // a run that is not as far as the slider says of when its picture is
      const old = frame !== null && frame.header.time_s + 3600 <= time_s && run.start;
      return { ...basic, frame, scale, heading: old ? `${name} ${clock(old, frame.header.time_s, language())}` : name };
    };
    return both
      ? [one(frames[0]!, t("map.base")), one(frames[1]!, this.nameOf(other))]
      : [one(frames[0]!, basic.title)];
  }

  private nameOf(run: Run): string {
    return `${t("map.branch")}：${pick(run.countermeasure ?? {}, run.countermeasure?.name ?? run.run_id)}`;
  }

  private difference(
    basic: { ground: Shapes; roads: Shapes | null; shapes: Shapes | null; title: string },
    frame: Frame,
    other: Run,
  ): Shown {
    const largest = frame?.values.reduce((most, value) => (Math.abs(value) > most ? Math.abs(value) : most), 0) ?? 0;
    return {
      ...basic,
      frame,
      scale: differenceScale(largest),
      heading: `${t("map.differenceTitle")}（${this.nameOf(other)}）`,
    };
  }

  private present(shown: Shown[]): void {
    this.shown = shown;
    this.pair.classList.toggle("two", shown.length > 1);
    this.maps.forEach((map, row) => {
      map.element.hidden = row >= shown.length;
      map.withLegend(row === shown.length - 1);
      if (shown[row]) map.show(shown[row]!);
    });
    this.mark();
    this.element.dataset["time"] = String(shown[0]?.frame?.header.time_s ?? "");
    // what the benchmark of the first picture waits for
    if (!this.element.classList.contains("ready")) requestAnimationFrame(() => performance.mark("first-picture"));
    this.element.classList.add("ready");
  }

  private readAhead(quantity: string): void {
    this.ahead.abort();
    this.ahead = new AbortController();
    const { view, runs, shelf } = this.app;
    const wanted = [view.now.run, view.now.mode === "single" ? "" : view.now.branch].filter((id) =>
      begun(runs.get(id)),
    );
    const member = memberOf(view.now, runs.get(view.now.run));
    const read = async (signal: AbortSignal) => {
      for (const id of wanted) await shelf.fetchAhead(id, quantity, view.now.time_s, member, signal);
      // the scale reaches up to the largest value of all times, known only now
      if (!signal.aborted) void this.load(false);
    };
    const signal = this.ahead.signal;
    setTimeout(() => void read(signal).catch(() => undefined), 300);
  }

  private openTable(): void {
    const shown = this.shown[this.shown.length - 1];
    if (!shown) return;
    const dialog = tableDialog(shown, (town) => this.app.view.set({ area: town }));
    this.element.append(dialog);
    dialog.showModal();
  }
}
