// The panel of events: the window of time, kinds and phenomenon, and the list.

import type { App } from "../app.ts";
import { h, options, put } from "../dom.ts";
import { language, t, tMaybe } from "../i18n/index.ts";
import { areaSelect } from "../situation/areas.ts";
import { clock } from "../timeline/time.ts";
import { PHENOMENA } from "../world.ts";
import { ShortList } from "./list.ts";

const WINDOW_S = 6 * 3600;

export class EventsPanel {
  readonly element = h("div", { class: "events-panel" });
  private head = h("div", { class: "area-row" });
  private window = h("p", { class: "hint" });
  private list: ShortList;

  constructor(
    private readonly app: App,
    signal: AbortSignal,
  ) {
    this.list = new ShortList(app, signal, 120);
    this.element.append(h("h2", {}, t("events.title")), this.head, this.filters(), this.window, this.list.element);
    app.view.on(["time_s", "run"], signal, () => this.tell());
    app.view.on(["area", "run"], signal, () => void areaSelect(app, this.head));
    void areaSelect(app, this.head);
    this.tell();
  }

  private filters(): HTMLElement {
    const kinds = h(
      "select",
      {
        id: "event-kinds",
        change: (event) => {
          this.list.everything = (event.target as HTMLSelectElement).value === "every";
          void this.list.draw();
        },
      },
      ...options(
        [
          ["short", t("events.short")],
          ["every", t("events.every")],
        ],
        "short",
      ),
    );
    const layers: [string, string][] = [
      ["", t("events.every")],
      ...PHENOMENA.map((name): [string, string] => [name, tMaybe(`layer.${name}`)]),
    ];
    const layer = h(
      "select",
      {
        id: "event-layer",
        change: (event) => {
          this.list.layer = (event.target as HTMLSelectElement).value;
          void this.list.draw();
        },
      },
      ...options(layers, ""),
    );
    return h(
      "div",
      { class: "filters" },
      h("label", { for: "event-kinds" }, t("events.only")),
      kinds,
      h("label", { for: "event-layer" }, t("events.layer")),
      layer,
    );
  }

  private tell(): void {
    const { runs, view } = this.app;
    const start = runs.get(view.now.run)?.start;
    if (!start) return;
    const { time_s } = view.now;
    const span = {
      from: clock(start, Math.max(0, time_s - WINDOW_S), language()),
      to: clock(start, time_s, language()),
    };
    put(this.window, t("events.window", span));
  }
}
