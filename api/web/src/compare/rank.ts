// Ranking of several candidates: members are given where they tell most; the answer so far is shown at any time.

import type { Problem } from "../api/client.ts";
import type { Candidate, Rank, Ranking } from "../api/types.ts";
import type { App } from "../app.ts";
import { inUnit } from "../chart/axis.ts";
import { button, h, put } from "../dom.ts";
import { pick, t } from "../i18n/index.ts";

const AGAIN_MS = 1500;

export class RankBox {
  readonly element = h("section", { class: "rank" });
  private list = h("div", { class: "candidates" });
  private answer = h("div", { class: "rank-answer", "aria-live": "polite" });

  constructor(
    private readonly app: App,
    private readonly signal: AbortSignal,
  ) {
    this.element.append(h("h3", {}, t("rank.title")), this.list, this.answer);
    app.drafts.on(signal, () => this.draw());
    this.draw();
  }

  private draw(): void {
    const { drafts } = this.app;
    const chips = drafts.candidates.map((one) =>
      button(`${pick(one, one.name)} ×`, () => drafts.dropCandidate(one.name), { class: "chip" }),
    );
    const enough = drafts.candidates.length >= 2;
    put(
      this.list,
      h("p", { class: "hint" }, enough ? t("rank.candidates", { n: drafts.candidates.length }) : t("rank.need")),
      h("div", { class: "chips" }, ...chips),
      enough ? button(t("rank.start"), () => void this.start(), { class: "primary" }) : null,
    );
  }

  private async start(): Promise<void> {
    const { client, drafts, view } = this.app;
    const wish = { at: `${drafts.current.fork_s}s`, candidates: drafts.candidates };
    try {
      const begun = await client.startRank(view.now.run, wish);
      await this.follow(begun);
    } catch (error) {
      put(this.answer, h("p", { class: "bad" }, (error as Problem).message));
    }
  }

  private async follow(rank: Rank): Promise<void> {
    const names = new Map(this.app.drafts.candidates.map((one) => [one.name, pick(one, one.name)]));
    for (let now = rank; !this.signal.aborted; now = await this.app.client.rank(rank.run_id)) {
      this.present(now.result, names, now);
      if (now.status !== "accepted" && now.status !== "running") break;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  private present(result: Ranking | null, names: ReadonlyMap<string, string>, rank: Rank): void {
    if (!result?.candidates)
      return put(this.answer, h("p", { class: "empty waiting" }, rank.message || t("compare.waiting")));
    const name = (one: Candidate) => names.get(one.name) ?? pick(one, one.name);
    const rows = [...result.candidates].sort((a, b) => (b.probability_best ?? 0) - (a.probability_best ?? 0));
    const head = ["name", "mean", "best", "members"] as const;
    const best = result.candidates.find((one) => one.name === result.best);
    put(
      this.answer,
      h("p", {}, h("b", {}, t(`rank.verdict.${result.verdict ?? "undecided"}`, { name: best ? name(best) : "–" }))),
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, ...head.map((key) => h("th", { scope: "col" }, t(`rank.${key}`))))),
        h("tbody", {}, ...rows.map((one) => row(one, name(one), one.name === result.best))),
      ),
      result.members_used
        ? h(
            "p",
            { class: "hint" },
            t("rank.saved", { used: result.members_used, equal: result.members_equal_allocation ?? "–" }),
          )
        : null,
    );
  }
}

function row(one: Candidate, name: string, best: boolean): HTMLElement {
  const sure = one.probability_best ?? 0;
  return h(
    "tr",
    { class: best ? "chosen" : "" },
    h("th", { scope: "row" }, name),
    h("td", { class: "number" }, inUnit(one.mean, "")),
    h(
      "td",
      { class: "number" },
      h("meter", { value: sure, min: 0, max: 1, "aria-hidden": "true" }),
      ` ${Math.round(sure * 100)}%`,
    ),
    h("td", { class: "number" }, one.members),
  );
}
