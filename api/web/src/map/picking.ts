// Municipalities picked on the map for a measure: the editor asks, the map answers.

export class Picking {
  private chosen: ReadonlySet<string> = new Set();
  private taker: ((codes: string[]) => void) | null = null;
  private listeners = new Set<() => void>();

  get active(): boolean {
    return this.taker !== null;
  }

  get codes(): ReadonlySet<string> {
    return this.chosen;
  }

  /** Starts with the towns chosen before; `take` hears of every change. */
  begin(codes: readonly string[], take: (codes: string[]) => void): void {
    this.chosen = new Set(codes);
    this.taker = take;
    this.tell();
  }

  /** Takes a town in or out. */
  toggle(code: string): void {
    const next = new Set(this.chosen);
    if (!next.delete(code)) next.add(code);
    this.chosen = next;
    this.taker?.([...next]);
    this.tell();
  }

  end(): void {
    if (!this.taker) return;
    this.taker = null;
    this.chosen = new Set();
    this.tell();
  }

  on(signal: AbortSignal, call: () => void): void {
    this.listeners.add(call);
    signal.addEventListener("abort", () => this.listeners.delete(call));
  }

  private tell(): void {
    for (const call of [...this.listeners]) call();
  }
}
