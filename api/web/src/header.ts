// The line on top: what this is, which run is shown and how far it is, the exercise mark, the language.

import type { App } from "./app.ts";
import type { Run } from "./api/types.ts";
import { button, h, options, put } from "./dom.ts";
import { language, pick, t } from "./i18n/index.ts";
import { clock } from "./timeline/time.ts";

export class Header {
  readonly element = h("header", { class: "top" });
  private facts = h("div", { class: "run-facts" });

  constructor(
    private readonly app: App,
    signal: AbortSignal,
    turn: () => void,
  ) {
    this.element.append(
      h("h1", {}, t("app.title")),
      this.facts,
      h("span", { class: "exercise" }, t("app.exerciseLong")),
      button(t("app.language"), turn, {
        class: "language",
        "aria-label": t("app.languageLabel"),
        lang: language() === "ja" ? "en" : "ja",
      }),
    );
    app.view.on(["run"], signal, () => this.draw());
    app.runs.on(signal, (run) => (run === null || run.run_id === app.view.now.run) && this.draw());
    this.draw();
  }

  private draw(): void {
    const { runs, view } = this.app;
    const run = runs.get(view.now.run);
    const roots = runs.all.filter((one) => !one.parent || !runs.get(one.parent) || one.run_id === view.now.run);
    const select = h(
      "select",
      {
        id: "run",
        "aria-label": t("run.choose"),
        change: () => view.set({ run: select.value, branch: "", mode: "single" }),
      },
      ...options(
        roots.map((one) => [one.run_id, this.nameOf(one)]),
        view.now.run,
      ),
    );
    const had = this.facts.contains(document.activeElement) && document.activeElement?.id;
    put(
      this.facts,
      roots.length ? select : null,
      run ? this.state(run) : null,
      run
        ? h(
            "span",
            { class: "members" },
            (run.members ?? 1) > 1 ? t("run.members", { n: run.members! }) : t("run.oneDraw"),
          )
        : null,
    );
    if (had) document.getElementById(had)?.focus();
  }

  private state(run: Run): HTMLElement {
    const share = run.status === "running" ? ` ${Math.round((run.progress ?? 0) * 100)}%` : "";
    return h("span", { class: `status ${run.status}` }, t(`status.${run.status}`) + share);
  }

  private nameOf(run: Run): string {
    const begun = run.created ? clock(run.created, 0, language()) : "";
    const name = this.app.world.scenarioName(run.scenario);
    return `${run.kind === "fork" ? pick(run.countermeasure ?? {}, run.run_id) : name}　${begun}`;
  }
}
