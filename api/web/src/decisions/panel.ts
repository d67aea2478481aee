// The decision log: who ordered what, when and why.

import type { Decision } from "../api/types.ts";
import type { App } from "../app.ts";
import { h, put } from "../dom.ts";
import { language, pick, t, tMaybe } from "../i18n/index.ts";
import { clock } from "../timeline/time.ts";

export class DecisionsPanel {
  readonly element = h("div", { class: "decisions" });
  private list = h("ol", { class: "decision-list" });

  constructor(
    private readonly app: App,
    signal: AbortSignal,
  ) {
    this.element.append(h("h2", {}, t("decisions.title")), h("p", { class: "hint" }, t("decisions.hint")), this.list);
    app.view.on(["run"], signal, () => void this.draw());
    app.runs.on(signal, (run) => run === null && void this.draw());
    void this.draw();
  }

  private async draw(): Promise<void> {
    const { client, view } = this.app;
    if (!view.now.run) return;
    const decisions = await client.decisions(view.now.run).catch(() => []);
    put(this.list, ...(decisions.length ? decisions.map(entry) : [h("li", { class: "empty" }, t("decisions.none"))]));
  }
}

function entry(one: Decision): HTMLElement {
  const title = pick({ title_ja: one.title_ja ?? "", title_en: one.title_en ?? "" }, one.countermeasure ?? "");
  return h(
    "li",
    {},
    h("time", {}, clock(one.time, 0, language())),
    h(
      "div",
      {},
      h("b", {}, [tMaybe(`decision.${one.decision}`), title].filter(Boolean).join("：")),
      one.reason ? h("p", {}, one.reason) : null,
      h("small", {}, [one.name ?? one.key_id, tMaybe(`role.${one.role}`)].join(" · ")),
    ),
  );
}
