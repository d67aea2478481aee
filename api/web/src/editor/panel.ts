// The countermeasure editor: clock of the fork, what is ordered where and why, check, files, and the run of the branch.

import { Problem } from "../api/client.ts";
import type { Lever } from "../api/types.ts";
import type { App } from "../app.ts";
import { button, download, h, options, put } from "../dom.ts";
import { language, t } from "../i18n/index.ts";
import { clock, FORK_POINTS_S, passed } from "../timeline/time.ts";
import { asJson, asYaml, cleaned, faults, measureOf, readFile } from "./draft.ts";
import { leverChooser, leverName } from "./levers.ts";
import { measureForm, textInput } from "./measure.ts";

export class EditorPanel {
  readonly element = h("div", { class: "editor" });
  private answer = h("div", { class: "check-answer", role: "status" });

  constructor(
    private readonly app: App,
    signal: AbortSignal,
  ) {
    app.view.on(["run"], signal, () => this.draw());
    signal.addEventListener("abort", () => app.picking.end());
    this.draw();
  }

  private draw(): void {
    const { drafts, world } = this.app;
    const { record } = drafts.current;
    const measures = record.measures.map((measure, number) =>
      measureForm(
        measure,
        world.levers.find((row) => row.lever === measure.lever),
        number,
        {
          app: this.app,
          changed: () => this.changed(),
          remove: () => {
            record.measures.splice(number, 1);
            this.app.picking.end();
            this.changed();
            this.draw();
          },
        },
      ),
    );
    put(
      this.element,
      h("h2", {}, t("editor.title")),
      this.clockRow(),
      this.textRows(),
      h("div", { class: "measures" }, ...measures),
      leverChooser(this.app, (lever) => this.add(lever)),
      h(
        "div",
        { class: "actions" },
        button(t("editor.check"), () => void this.check()),
        button(t("editor.run"), () => void this.run(), { class: "primary" }),
        button(t("editor.candidate"), () => this.candidate()),
      ),
      this.answer,
      this.fileRow(),
    );
  }

  private changed(): void {
    this.app.drafts.save();
    put(this.answer);
  }

  private add(lever: Lever): void {
    this.app.drafts.current.record.measures.push(measureOf(lever));
    this.changed();
    this.draw();
    const added = this.element.querySelector<HTMLElement>(".measure:last-child input");
    added?.focus();
  }

  private clockRow(): HTMLElement {
    const { drafts, runs, view } = this.app;
    const run = runs.get(view.now.run);
    const until_s = run?.until_s ?? 0;
    const points = [...new Set([...FORK_POINTS_S.filter((at_s) => at_s < until_s), drafts.current.fork_s])].sort(
      (a, b) => a - b,
    );
    const name = (at_s: number) =>
      `${passed(at_s, language())}${run?.start ? `（${clock(run.start, at_s, language())}）` : ""}`;
    const choose = (at_s: number) => {
      drafts.current.fork_s = at_s;
      this.changed();
      view.set({ time_s: at_s });
      this.draw();
    };
    const select = h(
      "select",
      { id: "fork-at", change: () => choose(Number(select.value)) },
      ...options(
        points.map((at_s) => [String(at_s), name(at_s)]),
        String(drafts.current.fork_s),
      ),
    );
    return h(
      "div",
      { class: "row clock-row" },
      h("label", { for: "fork-at" }, t("editor.clock")),
      select,
      button(t("editor.clockHere"), () => choose(view.now.time_s), { class: "quiet" }),
    );
  }

  private textRows(): HTMLElement {
    const { drafts, runs, view } = this.app;
    const { current } = drafts;
    const { record } = current;
    const field = language() === "ja" ? "title_ja" : "title_en";
    const most = runs.get(view.now.run)?.members ?? 1;
    const members = h("input", {
      type: "number",
      id: "fork-members",
      min: 1,
      max: most,
      value: Math.min(current.members, most),
    });
    members.addEventListener("input", () => {
      current.members = Number(members.value) || 1;
      this.changed();
    });
    const row = (label: string, input: HTMLElement) =>
      h("div", { class: "row" }, h("label", { for: input.id }, label), input);
    const take = (key: "name" | "reason" | typeof field) => (text: string) => {
      record[key] = text;
      this.changed();
    };
    return h(
      "div",
      { class: "texts" },
      row(t("editor.heading"), textInput("draft-title", record[field], take(field), { maxlength: "200" })),
      row(
        t("editor.name"),
        textInput("draft-name", record.name, take("name"), { maxlength: "60", pattern: "[a-z0-9][a-z0-9\\-]*" }),
      ),
      row(t("editor.reason"), textInput("draft-reason", record.reason, take("reason"))),
      most > 1 ? row(t("editor.members"), members) : null,
    );
  }

  private fileRow(): HTMLElement {
    const { drafts, view } = this.app;
    const file = h("input", {
      type: "file",
      id: "draft-file",
      accept: ".yaml,.yml,.json",
      class: "visually-hidden",
      tabindex: -1,
      "aria-label": t("editor.import"),
      change: () => void this.read(file),
    });
    const { record } = drafts.current;
    return h(
      "div",
      { class: "actions files" },
      file,
      button(t("editor.import"), () => file.click(), { class: "quiet" }),
      button(t("editor.exportYaml"), () => download(`${record.name}.yaml`, asYaml(record), "application/yaml"), {
        class: "quiet",
      }),
      button(t("editor.exportJson"), () => download(`${record.name}.json`, asJson(record), "application/json"), {
        class: "quiet",
      }),
      button(
        t("editor.new"),
        () => {
          drafts.renew(view.now.time_s);
          this.draw();
        },
        { class: "quiet" },
      ),
    );
  }

  private async read(file: HTMLInputElement): Promise<void> {
    try {
      this.app.drafts.current.record = readFile(await file.files![0]!.text());
      this.app.drafts.save();
      this.draw();
    } catch (error) {
      this.tell([t("editor.badFile", { what: (error as Error).message })]);
    }
  }

  private candidate(): void {
    this.app.drafts.addCandidate(cleaned(this.app.drafts.current.record));
    this.app.announce(t("rank.candidates", { n: this.app.drafts.candidates.length }));
  }

  private tell(problems: string[], fine = ""): void {
    const told = problems.length
      ? [
          h("p", { class: "bad" }, t("editor.problems", { n: problems.length })),
          h("ul", {}, ...problems.map((text) => h("li", {}, text))),
        ]
      : [h("p", { class: "fine" }, fine)];
    put(this.answer, ...told);
  }

  private ownFaults(): string[] {
    return faults(this.app.drafts.current.record, this.app.world.levers).map(({ kind, lever }) =>
      kind === "badName" || !lever
        ? t("editor.badName")
        : t("editor.outOfRange", { name: leverName(lever), low: lever.low, high: lever.high }),
    );
  }

  /** Asks the server; true when nothing stands against the countermeasure. */
  private async check(): Promise<boolean> {
    const { client, drafts, runs, view } = this.app;
    const run = runs.get(view.now.run);
    if (!run) return false;
    let problems = this.ownFaults();
    if (!problems.length) {
      const wish = {
        scenario: run.scenario,
        at: `${drafts.current.fork_s}s`,
        countermeasure: cleaned(drafts.current.record),
      };
      problems = await client.check(wish).then(
        (told) => told.problems,
        (error: Problem) => [error.detail, ...(error.faults ?? [])],
      );
    }
    const empty = drafts.current.record.measures.length === 0;
    this.tell(problems, empty ? t("editor.noMeasures") : t("editor.fine"));
    return problems.length === 0;
  }

  private async run(): Promise<void> {
    if (!(await this.check())) return;
    const { client, drafts, runs, view } = this.app;
    const most = runs.get(view.now.run)?.members ?? 1;
    const wish = {
      at: `${drafts.current.fork_s}s`,
      countermeasure: cleaned(drafts.current.record),
      members: Math.min(drafts.current.members, most),
    };
    try {
      const fork = await client.fork(view.now.run, wish);
      runs.add(fork);
      this.app.picking.end();
      this.app.announce(t("editor.started"));
      view.set({ branch: fork.run_id, panel: "compare" });
    } catch (error) {
      this.tell(error instanceof Problem ? [error.detail || error.title, ...error.faults] : [(error as Error).message]);
    }
  }
}
