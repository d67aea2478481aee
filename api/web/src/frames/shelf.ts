// Frames already read: asked for once, kept in the order of use, fetched ahead of the slider.

import { Problem, type Client } from "../api/client.ts";
import type { FrameTimes } from "../api/types.ts";
import { decodeFrame, type Frame } from "./decode.ts";

const MOST_BYTES = 96e6;

/** Last of the ascending times at or before an instant; -1 where there is none. */
export function timeAtOrBefore(times_s: readonly number[], time_s: number): number {
  let [low, high] = [0, times_s.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times_s[middle]! <= time_s) low = middle + 1;
    else high = middle;
  }
  return low > 0 ? times_s[low - 1]! : -1;
}

/** Frames of any run, by quantity, member and time. */
export class Shelf {
  private kept = new Map<string, Frame>();
  private asked = new Map<string, Promise<Frame>>();
  private times = new Map<string, Promise<FrameTimes[]>>();
  private bytes = 0;

  constructor(private readonly client: Client) {}

  /** Which frames a run has; asked again after `forget`. */
  timesOf(run: string): Promise<FrameTimes[]> {
    let answer = this.times.get(run);
    if (!answer) {
      answer = this.client.frames(run, "0");
      answer.catch(() => this.times.delete(run));
      this.times.set(run, answer);
    }
    return answer;
  }

  /** A running run has new frames. */
  forget(run: string): void {
    this.times.delete(run);
  }

  /** The frame at or before an instant, or null where the run has none. */
  async frame(run: string, quantity: string, time_s: number, member: string, minus = ""): Promise<Frame | null> {
    const entry = (await this.timesOf(run)).find((row) => row.quantity === quantity);
    const at_s = entry ? timeAtOrBefore(entry.times_s, time_s) : -1;
    if (at_s < 0) return null;
    return this.exact(run, quantity, at_s, member, minus).catch((error: unknown) => {
      // not every member is that far yet
      if (error instanceof Problem && error.status === 404) return null;
      throw error;
    });
  }

  private exact(run: string, quantity: string, time_s: number, member: string, minus: string): Promise<Frame> {
    const place = `${run} ${quantity} ${time_s} ${member} ${minus}`;
    const kept = this.kept.get(place);
    if (kept) {
      this.kept.delete(place);
      this.kept.set(place, kept);
      return Promise.resolve(kept);
    }
    let asked = this.asked.get(place);
    if (!asked) {
      asked = this.client.frame(run, quantity, time_s, member, minus).then((bytes) => {
        const frame = decodeFrame(bytes);
        // while members advance unevenly the answer may be an earlier frame: shown, but not kept for this time
        return frame.header.time_s === time_s ? this.keep(place, frame) : frame;
      });
      this.asked.set(place, asked);
      asked.catch(() => undefined).finally(() => this.asked.delete(place));
    }
    return asked;
  }

  private keep(place: string, frame: Frame): Frame {
    this.kept.set(place, frame);
    this.bytes += frame.values.byteLength;
    for (const [oldest, old] of this.kept) {
      if (this.bytes <= MOST_BYTES) break;
      this.kept.delete(oldest);
      this.bytes -= old.values.byteLength;
    }
    return frame;
  }

  /** Largest value among the frames read so far, so that a scale does not jump while the slider moves. */
  largest(runs: readonly string[], quantity: string): number {
    let most = 0;
    for (const [place, frame] of this.kept) {
      const [run, name, , , minus] = place.split(" ");
      if (name !== quantity || !runs.includes(run!) || minus) continue;
      for (const value of frame.values) if (value > most && value < Infinity) most = value;
    }
    return most;
  }

  /** Reads all frames of a quantity, nearest to the slider first, two at a time, until the signal ends. */
  async fetchAhead(run: string, quantity: string, time_s: number, member: string, signal: AbortSignal): Promise<void> {
    const entry = (await this.timesOf(run)).find((row) => row.quantity === quantity);
    const times = [...(entry?.times_s ?? [])].sort((a, b) => near(a, time_s) - near(b, time_s));
    const take = async () => {
      for (let next = times.shift(); next !== undefined && !signal.aborted; next = times.shift()) {
        await this.exact(run, quantity, next, member, "");
      }
    };
    await Promise.all([take(), take()]);
  }
}

/** Later frames come first: play goes forward. */
function near(at_s: number, time_s: number): number {
  return at_s >= time_s ? at_s - time_s : (time_s - at_s) * 3;
}
