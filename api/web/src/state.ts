// What the planner looks at: one record, kept in the address so that a view can be shared.

export type Mode = "single" | "side" | "difference";
export type Language = "ja" | "en";

export interface View {
  run: string;
  branch: string;
  time_s: number;
  quantity: string;
  series: string;
  area: string;
  /** a member, or `mean` over all of them; "" chooses by the run */
  member: string;
  mode: Mode;
  panel: string;
  lang: Language;
}

export const START: View = {
  run: "",
  branch: "",
  time_s: -1,
  quantity: "",
  series: "",
  area: "all",
  member: "",
  mode: "single",
  panel: "situation",
  lang: "ja",
};

type Listener = (view: View) => void;

/** Holds the view and tells those who asked when one of their fields changed. */
export class Store {
  private view: View;
  private listeners: { fields: readonly (keyof View)[]; call: Listener }[] = [];

  constructor(view: View) {
    this.view = view;
  }

  get now(): View {
    return this.view;
  }

  set(change: Partial<View>): void {
    const before = this.view;
    this.view = { ...before, ...change };
    const changed = (Object.keys(change) as (keyof View)[]).filter((field) => before[field] !== this.view[field]);
    if (changed.length === 0) return;
    for (const { fields, call } of [...this.listeners]) {
      if (fields.some((field) => changed.includes(field))) call(this.view);
    }
  }

  /** Calls back on every change of the fields until the signal ends. */
  on(fields: readonly (keyof View)[], signal: AbortSignal, call: Listener): void {
    const entry = { fields, call };
    this.listeners.push(entry);
    signal.addEventListener("abort", () => {
      this.listeners = this.listeners.filter((other) => other !== entry);
    });
  }
}
