// Progress of a run as server-sent events. EventSource cannot send a key, so the stream is read from fetch.

import type { Client } from "./client.ts";

export interface Told {
  id: string;
  event: string;
  data: string;
}

/** Cuts a stream of text into events; keeps what is not yet complete. */
export class EventCutter {
  private rest = "";

  push(text: string): Told[] {
    // a return at the very end may be the first half of a line end
    this.rest = (this.rest + text).replace(/\r\n|\r(?!$)/g, "\n");
    const blocks = this.rest.split("\n\n");
    this.rest = blocks.pop() ?? "";
    return blocks.map(readBlock).filter((told): told is Told => told !== null);
  }
}

function readBlock(block: string): Told | null {
  const told: Told = { id: "", event: "message", data: "" };
  const lines: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const [field, value] = colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
    if (field === "id") told.id = value;
    else if (field === "event") told.event = value;
    else if (field === "data") lines.push(value);
  }
  told.data = lines.join("\n");
  return told.id || told.data ? told : null;
}

/**
 * Follows the progress of a run until it ends or the signal does; after a broken connection it goes on behind the last
 * event received.
 */
export async function follow(
  client: Client,
  run: string,
  signal: AbortSignal,
  hear: (told: Told) => boolean,
): Promise<void> {
  let last = "";
  for (let wait_ms = 500; !signal.aborted; wait_ms = Math.min(wait_ms * 2, 15_000)) {
    try {
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (last) headers["Last-Event-ID"] = last;
      const answer = await client.send(`/v1/runs/${encodeURIComponent(run)}/progress`, { headers, signal });
      const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
      const cutter = new EventCutter();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        for (const told of cutter.push(part.value)) {
          if (told.id) last = told.id;
          if (hear(told)) return void reader.cancel();
        }
        wait_ms = 500;
      }
    } catch (error) {
      if (signal.aborted || (error as { status?: number }).status === 404) return;
    }
    await new Promise((resolve) => setTimeout(resolve, wait_ms));
  }
}
