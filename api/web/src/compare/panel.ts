// Baseline and what-if in numbers: paired differences with ranges, as soon as the first member is done.

import type { App } from "../app.ts";
import type { BranchComparison, Difference, Run } from "../api/types.ts";
import { drawCurve, type Line } from "../chart/curve.ts";
import { button, h, options, put } from "../dom.ts";
import { pick, t } from "../i18n/index.ts";
import { atRest, begun } from "../runs/book.ts";
import { differenceTable } from "./table.ts";
import { RankBox } from "./rank.ts";

const AGAIN_MS = 1500;

/** Title of the countermeasure of a fork. */
export function forkName(run: Run): string {
  return pick(run.countermeasure ?? {}, run.countermeasure?.name ?? run.run_id);
}

export class ComparePanel {
  readonly element = h("div", { class: "compare" });
  private head = h("div", { class: "compare-head" });
  private numbers = h("div", { class: "compare-numbers", "aria-live": "polite" });
  private figure = h("figure", { class: "course" });
  private quantity = "";
  private round = 0;
  private again = 0;
  private moveCursor: (time_s: number) => void = () => undefined;

  constructor(
    private readonly app: App,
    private readonly signal: AbortSignal,
  ) {
    const rank = new RankBox(app, signal);
    this.element.append(h("h2", {}, t("compare.title")), this.head, this.numbers, this.figure, rank.element);
    app.view.on(["run", "branch", "area"], signal, () => void this.draw());
    app.view.on(["mode"], signal, () =>
      this.drawHead(
        this.forks,
        this.forks.find((run) => run.run_id === app.view.now.branch),
      ),
    );
    app.view.on(["time_s"], signal, (view) => this.moveCursor(view.time_s));
    app.runs.on(signal, (run) => {
      if (run === null || run.run_id === app.view.now.branch) this.soon();
    });
    signal.addEventListener("abort", () => clearTimeout(this.again));
    void this.draw();
  }

  private soon(): void {
    this.again ||= window.setTimeout(() => void this.draw(), AGAIN_MS);
  }

  /** Forks of the run shown; a fork looked at itself is compared with its parent. */
  private get forks(): Run[] {
    return this.app.runs.forksOf(this.app.view.now.run);
  }

  private async draw(): Promise<void> {
    clearTimeout(this.again);
    this.again = 0;
    const round = ++this.round;
    const { view, runs, client } = this.app;
    const { forks } = this;
    const branch = forks.find((run) => run.run_id === view.now.branch) ?? forks[0];
    this.drawHead(forks, branch);
    if (!branch) {
      put(this.numbers, h("p", { class: "empty" }, t("compare.none")));
      put(this.figure);
      return;
    }
    if (branch.run_id !== view.now.branch) return view.set({ branch: branch.run_id });
    const told = begun(branch) ? await client.compare(view.now.run, [branch.run_id]).catch(() => null) : null;
    if (round !== this.round || this.signal.aborted) return;
    this.present(told?.branches[0], branch);
    if (!atRest(branch) || !atRest(runs.get(view.now.run) ?? branch)) this.soon();
  }

  private drawHead(forks: Run[], branch: Run | undefined): void {
    if (!branch) return put(this.head);
    const { view } = this.app;
    const select = h(
      "select",
      { id: "branch", change: () => view.set({ branch: select.value }) },
      ...options(
        forks.map((run) => [run.run_id, forkName(run)]),
        branch.run_id,
      ),
    );
    const had = this.head.contains(document.activeElement) ? document.activeElement?.textContent : null;
    put(
      this.head,
      h("div", { class: "row" }, h("label", { for: "branch" }, t("compare.branches")), select),
      h(
        "div",
        { class: "actions" },
        button(t("compare.onMap"), () => view.set({ mode: "side" }), {
          "aria-pressed": String(view.now.mode === "side"),
        }),
        button(t("compare.differenceOnMap"), () => view.set({ mode: "difference" }), {
          "aria-pressed": String(view.now.mode === "difference"),
        }),
      ),
    );
    if (had)
      [...this.head.querySelectorAll<HTMLElement>("button, select")].find((one) => one.textContent === had)?.focus();
  }

  private present(told: BranchComparison | undefined, branch: Run): void {
    const rows = told?.differences ?? [];
    if (!told || rows.length === 0) {
      put(this.numbers, h("p", { class: "empty waiting" }, t("compare.waiting")));
      put(this.figure);
      return;
    }
    const share = told.of ? told.members / told.of : 0;
    const note = told.one_draw ? t("compare.oneDraw") : t("compare.members", { n: told.members, of: told.of });
    const meter = h("progress", { value: share, max: 1, "aria-label": note });
    const chosen =
      rows.find((row) => keyOf(row) === this.quantity) ??
      rows.find((row) => row.difference.verdict !== "same") ??
      rows[0]!;
    put(
      this.numbers,
      h("p", { class: "pairs" }, h("b", {}, forkName(branch)), h("span", {}, note), meter),
      differenceTable(
        rows,
        told.members,
        keyOf(chosen),
        (row) => {
          this.quantity = keyOf(row);
          this.present(told, branch);
        },
        keyOf,
      ),
    );
    this.drawCourse(chosen, told);
  }

  private drawCourse(row: Difference, told: BranchComparison): void {
    const run = this.app.runs.get(this.app.view.now.run);
    const { curve } = row;
    if (!curve || !run?.start) return put(this.figure);
    const numbers = (values: (number | null)[]) => values.map((value) => value ?? NaN);
    const range = {
      time_s: curve.time_s,
      middle: numbers(curve.middle),
      low: numbers(curve.low80),
      high: numbers(curve.high80),
      members: told.members,
    };
    const lines: Line[] = [{ range, look: "difference" }];
    const title = t("compare.curve", { name: pick(row, row.quantity) });
    const { element, cursor } = drawCurve(
      {
        lines,
        until_s: run.until_s ?? told.until_s,
        start: run.start,
        marks_s: told.from_s ? [told.from_s] : [],
        name: title,
      },
      (time_s) => this.app.view.set({ time_s }),
    );
    this.moveCursor = cursor;
    cursor(this.app.view.now.time_s);
    put(this.figure, h("figcaption", {}, h("h3", {}, title)), element);
  }
}

function keyOf(row: Difference): string {
  return `${row.quantity} ${row.summary} ${row.group ?? ""} ${row.area}`;
}
