// The list of runs with their progress, and the start of a new one.

import type { Problem } from "../api/client.ts";
import type { Run } from "../api/types.ts";
import type { App } from "../app.ts";
import { button, download, h, options, put } from "../dom.ts";
import { language, pick, t } from "../i18n/index.ts";
import { clock, passed } from "../timeline/time.ts";
import { forkName } from "../compare/panel.ts";
import { atRest } from "./book.ts";

export class RunsPanel {
  readonly element = h("div", { class: "runs" });
  private list = h("ul", { class: "run-list" });
  private said = h("div", { class: "run-said", role: "status" });
  private sure = "";

  constructor(
    private readonly app: App,
    signal: AbortSignal,
  ) {
    const form = h("form", { class: "run-form" });
    this.element.append(h("h2", {}, t("runs.new")), form, this.said, h("h2", {}, t("runs.title")), this.list);
    app.runs.on(signal, () => this.draw());
    app.view.on(["run"], signal, () => this.draw());
    this.fillForm(form);
    this.draw();
  }

  private fillForm(form: HTMLFormElement): void {
    const known = this.app.world.scenarios.map((one): [string, string] => [one.name, pick(one, one.name)]);
    const first = known.some(([name]) => name === "kumamoto-2026") ? "kumamoto-2026" : (known[0]?.[0] ?? "");
    const scenario = h("select", { id: "new-scenario" }, ...options(known, first));
    const until = h("input", { type: "number", id: "new-until", min: 1, step: 1, placeholder: "72" });
    const members = h("input", { type: "number", id: "new-members", min: 1, max: 1000, value: 8 });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.start({
        scenario: scenario.value,
        members: Number(members.value) || 1,
        ...(until.value ? { until: `${until.value}h` } : {}),
      });
    });
    const row = (label: string, input: HTMLElement) =>
      h("div", { class: "row" }, h("label", { for: input.id }, label), input);
    put(
      form,
      row(t("runs.scenario"), scenario),
      row(t("runs.until"), until),
      row(t("runs.members"), members),
      h("button", { type: "submit", class: "primary" }, t("runs.start")),
    );
  }

  private async start(wish: Record<string, unknown>): Promise<void> {
    try {
      const run = await this.app.client.start(wish);
      this.app.runs.add(run);
      put(this.said, h("p", { class: "fine" }, t("runs.started", { id: run.run_id })));
      this.app.view.set({ run: run.run_id, branch: "", mode: "single", time_s: 0 });
    } catch (error) {
      put(this.said, h("p", { class: "bad" }, (error as Problem).message));
    }
  }

  private draw(): void {
    const had = this.list.contains(document.activeElement)
      ? (document.activeElement as HTMLElement).dataset["key"]
      : undefined;
    put(this.list, ...this.app.runs.all.map((run) => this.entry(run)));
    if (had) this.list.querySelector<HTMLElement>(`[data-key="${CSS.escape(had)}"]`)?.focus();
  }

  private entry(run: Run): HTMLElement {
    const { view } = this.app;
    const name = run.kind === "fork" ? `↳ ${forkName(run)}` : this.app.world.scenarioName(run.scenario);
    const share = run.progress ?? 0;
    const facts = [
      t("run.members", { n: run.members ?? 1 }),
      run.forked_at_s !== null ? t("runs.fork", { at: passed(run.forked_at_s, language()) }) : "",
      run.created ? t("runs.created", { at: clock(run.created, 0, language()) }) : "",
    ]
      .filter(Boolean)
      .join(" · ");
    return h(
      "li",
      { class: run.run_id === view.now.run ? "chosen" : "" },
      h(
        "div",
        { class: "run-name" },
        h("b", {}, name),
        h("span", { class: `status ${run.status}` }, t(`status.${run.status}`)),
      ),
      h("small", { title: run.run_id }, facts),
      run.status === "failed" && run.message ? h("small", { class: "bad" }, run.message) : null,
      atRest(run) ? null : h("progress", { value: share, max: 1, "aria-label": `${name} ${Math.round(share * 100)}%` }),
      this.keys(run, name),
    );
  }

  private keys(run: Run, name: string): HTMLElement {
    const { client, runs, view } = this.app;
    const key = (text: string, act: () => unknown, id: string, more = {}) =>
      button(text, () => void act(), {
        class: "quiet",
        "data-key": `${id} ${run.run_id}`,
        "aria-label": `${text}：${name}`,
        ...more,
      });
    const again = () => runs.refresh(run.run_id);
    const open = () => {
      if (run.kind === "fork" && run.parent && runs.get(run.parent))
        view.set({ run: run.parent, branch: run.run_id, panel: "compare" });
      else view.set({ run: run.run_id, branch: "", mode: "single" });
    };
    const rest = atRest(run);
    return h(
      "div",
      { class: "actions" },
      key(t("runs.open"), open, "open"),
      run.status === "done" ? key(t("runs.report"), () => this.report(run), "report") : null,
      rest ? null : key(t("runs.cancel"), () => client.cancel(run.run_id).then(again), "cancel"),
      run.status === "interrupted" || run.status === "cancelled" || run.status === "failed"
        ? key(t("runs.resume"), () => client.resume(run.run_id).then(again), "resume")
        : null,
      rest
        ? key(t(this.sure === run.run_id ? "runs.removeSure" : "runs.remove"), () => this.remove(run), "remove")
        : null,
    );
  }

  /** The second press deletes. */
  private async remove(run: Run): Promise<void> {
    if (this.sure !== run.run_id) {
      this.sure = run.run_id;
      return this.draw();
    }
    this.sure = "";
    try {
      await this.app.client.remove(run.run_id);
      this.app.runs.forget(run.run_id);
    } catch (error) {
      put(this.said, h("p", { class: "bad" }, (error as Problem).message));
    }
  }

  /** The report needs the key and holds its own style, so it is read here and handed over as a file. */
  private async report(run: Run): Promise<void> {
    const answer = await this.app.client.send(`/v1/runs/${encodeURIComponent(run.run_id)}/report?lang=${language()}`);
    download(`report-${run.run_id}.html`, await answer.text(), "text/html");
  }
}
