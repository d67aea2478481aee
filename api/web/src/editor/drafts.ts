// Drafts and candidates of this browser tab, kept while it is open, so that switching language loses nothing.

import type { Countermeasure } from "../api/types.ts";
import { emptyDraft, type Draft } from "./draft.ts";

const PLACE = "twin-drafts";

export class Drafts {
  current: Draft;
  candidates: Countermeasure[] = [];
  private count = 1;
  private listeners = new Set<() => void>();

  constructor() {
    this.current = emptyDraft(6 * 3600, this.count);
    try {
      const kept = JSON.parse(sessionStorage.getItem(PLACE) ?? "null") as Pick<Drafts, "current" | "candidates"> | null;
      if (kept) Object.assign(this, kept);
    } catch {
      sessionStorage.removeItem(PLACE);
    }
  }

  /** Keeps what was changed in place. */
  save(): void {
    sessionStorage.setItem(PLACE, JSON.stringify({ current: this.current, candidates: this.candidates }));
    for (const call of [...this.listeners]) call();
  }

  renew(fork_s: number): void {
    this.count++;
    this.current = emptyDraft(fork_s, this.count);
    this.save();
  }

  /** Adds a copy to the candidates; one of the same name is replaced. */
  addCandidate(record: Countermeasure): void {
    this.candidates = [...this.candidates.filter((one) => one.name !== record.name), structuredClone(record)];
    this.save();
  }

  dropCandidate(name: string): void {
    this.candidates = this.candidates.filter((one) => one.name !== name);
    this.save();
  }

  on(signal: AbortSignal, call: () => void): void {
    this.listeners.add(call);
    signal.addEventListener("abort", () => this.listeners.delete(call));
  }
}
