// The runs the server knows, kept up to date by the progress streams of those not yet at their end.

import type { Client } from "../api/client.ts";
import { follow } from "../api/stream.ts";
import type { Run } from "../api/types.ts";

type Listener = (run: Run | null) => void;

/** Whether nothing more will come of a run by itself. */
export function atRest(run: Run): boolean {
  return run.status !== "accepted" && run.status !== "running";
}

/** Whether a run has results to ask for. */
export function begun(run: Run | undefined): run is Run {
  return run !== undefined && ((run.now_s ?? 0) > 0 || run.status === "done");
}

export class RunBook {
  private kept = new Map<string, Run>();
  private followed = new Map<string, AbortController>();
  private listeners = new Set<Listener>();

  constructor(private readonly client: Client) {}

  get all(): Run[] {
    return [...this.kept.values()].filter((run) => run.kind !== "rank");
  }

  get(id: string): Run | undefined {
    return this.kept.get(id);
  }

  forksOf(id: string): Run[] {
    return this.all.filter((run) => run.parent === id);
  }

  /** Calls back with the run that changed, or null when the list did. */
  on(signal: AbortSignal, call: Listener): void {
    this.listeners.add(call);
    signal.addEventListener("abort", () => this.listeners.delete(call));
  }

  /** Reads the list anew and follows what is under way. */
  async read(): Promise<void> {
    const runs = await this.client.runs();
    this.kept = new Map(runs.map((run) => [run.run_id, run]));
    for (const run of runs) if (!atRest(run)) this.follow(run.run_id);
    this.tell(null);
  }

  /** Adds a run just made. */
  add(run: Run): void {
    this.kept = new Map([[run.run_id, run], ...this.kept]);
    this.follow(run.run_id);
    this.tell(null);
  }

  forget(id: string): void {
    this.followed.get(id)?.abort();
    this.kept.delete(id);
    this.tell(null);
  }

  /** Reads one run anew. */
  async refresh(id: string): Promise<Run> {
    const run = await this.client.run(id);
    this.kept.set(id, run);
    if (!atRest(run)) this.follow(id);
    this.tell(run);
    return run;
  }

  private tell(run: Run | null): void {
    for (const call of [...this.listeners]) call(run);
  }

  private follow(id: string): void {
    if (this.followed.has(id)) return;
    const stop = new AbortController();
    this.followed.set(id, stop);
    let [last_ms, asked] = [0, 0];
    const look = () => {
      last_ms = performance.now();
      asked = 0;
      void this.refresh(id).then(
        (run) => atRest(run) && stop.abort(),
        () => undefined,
      );
    };
    const done = follow(this.client, id, stop.signal, (told) => {
      if (told.event === "status") look();
      // many members tell a lot: the run itself is read at most once a second
      else if (!asked) asked = window.setTimeout(look, Math.max(0, 1000 - (performance.now() - last_ms)));
      return false;
    });
    void done.finally(() => this.followed.delete(id));
  }
}
