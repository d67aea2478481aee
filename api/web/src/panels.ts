// The panels beside the map. A new one (alerts, bottlenecks …) is a row here and a text `panel.<name>`.

import type { App } from "./app.ts";
import { ComparePanel } from "./compare/panel.ts";
import { DecisionsPanel } from "./decisions/panel.ts";
import { h, put } from "./dom.ts";
import { EditorPanel } from "./editor/panel.ts";
import { EventsPanel } from "./events/panel.ts";
import { t, type Key } from "./i18n/index.ts";
import { RunsPanel } from "./runs/panel.ts";
import { SituationPanel } from "./situation/panel.ts";

interface Panel {
  element: HTMLElement;
}

const PANELS: readonly (readonly [name: string, make: new (app: App, signal: AbortSignal) => Panel])[] = [
  ["situation", SituationPanel],
  ["events", EventsPanel],
  ["editor", EditorPanel],
  ["compare", ComparePanel],
  ["runs", RunsPanel],
  ["decisions", DecisionsPanel],
];

/** Tabs and the panel chosen; a panel lives while its tab is chosen. */
export class Panels {
  readonly element = h("aside", { class: "panels", id: "panels", "aria-label": t("app.panels"), tabindex: -1 });
  private tabs = h("div", { class: "tabs", role: "tablist", "aria-label": t("app.panels") });
  private place = h("div", { class: "panel", role: "tabpanel", id: "panel", tabindex: 0 });
  private life = new AbortController();

  constructor(
    private readonly app: App,
    signal: AbortSignal,
  ) {
    this.element.append(this.tabs, this.place);
    for (const [name] of PANELS) this.tabs.append(this.tab(name));
    app.view.on(["panel"], signal, () => this.open());
    signal.addEventListener("abort", () => this.life.abort());
    this.open();
  }

  private tab(name: string): HTMLElement {
    return h(
      "button",
      {
        type: "button",
        role: "tab",
        id: `tab-${name}`,
        "aria-controls": "panel",
        click: () => this.app.view.set({ panel: name }),
        keydown: (event) => this.move(event as KeyboardEvent),
      },
      t(`panel.${name}` as Key),
    );
  }

  private move(event: KeyboardEvent): void {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const at = PANELS.findIndex(([name]) => name === this.name);
    this.app.view.set({ panel: PANELS[(at + by + PANELS.length) % PANELS.length]![0] });
    this.tabs.querySelector<HTMLElement>('[aria-selected="true"]')?.focus();
    event.preventDefault();
  }

  private get name(): string {
    const { panel } = this.app.view.now;
    return PANELS.some(([name]) => name === panel) ? panel : PANELS[0]![0];
  }

  private open(): void {
    this.life.abort();
    this.life = new AbortController();
    for (const tab of this.tabs.querySelectorAll("button")) {
      const chosen = tab.id === `tab-${this.name}`;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
    }
    this.place.setAttribute("aria-labelledby", `tab-${this.name}`);
    const Made = PANELS.find(([name]) => name === this.name)![1];
    put(this.place, new Made(this.app, this.life.signal).element);
    this.place.scrollTop = 0;
  }
}
