// Every request of the page: adds the key, turns problem answers into errors people can read.

import { readKey } from "./key.ts";
import type {
  Comparison,
  Countermeasure,
  Decision,
  FrameTimes,
  GeoCollection,
  Happening,
  Lever,
  Mapped,
  Rank,
  Run,
  Series,
} from "./types.ts";

/** An answer that is not a success (RFC 9457), with every single fault the server named. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly faults: string[],
  ) {
    super(detail || title);
  }
}

type Query = Record<string, string | number | null | undefined | string[]>;
type Told = { title?: string; detail?: string; errors?: unknown[] };

function address(path: string, query: Query): string {
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) fields.append(name, String(one));
  }
  const text = fields.toString();
  return text ? `${path}?${text}` : path;
}

function fault(entry: unknown): string {
  const { pointer, detail } = entry as { pointer?: string; detail?: string };
  return [pointer, detail ?? JSON.stringify(entry)].filter(Boolean).join(": ");
}

async function problemOf(answer: Response): Promise<Problem> {
  const told = (await answer.json().catch(() => ({}))) as Told;
  return new Problem(answer.status, told.title ?? answer.statusText, told.detail ?? "", (told.errors ?? []).map(fault));
}

/** Random, so that a request sent twice by a broken connection makes a thing once (`randomUUID` needs https). */
function freshKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The interface `/v1`. `refused` is called on 401, so that the page can ask for a key again. */
export class Client {
  constructor(private readonly refused: () => void) {}

  async send(path: string, request: RequestInit = {}): Promise<Response> {
    const headers = new Headers(request.headers);
    const key = readKey();
    if (key) headers.set("Authorization", `Bearer ${key}`);
    const answer = await fetch(path, { ...request, headers });
    if (answer.ok) return answer;
    if (answer.status === 401) this.refused();
    throw await problemOf(answer);
  }

  private async get<T>(path: string, query: Query = {}): Promise<T> {
    return (await (await this.send(address(path, query), { headers: { Accept: "application/json" } })).json()) as T;
  }

  private async post<T>(path: string, body: unknown): Promise<T> {
    const headers = { "Content-Type": "application/json", "Idempotency-Key": freshKey() };
    return (await (await this.send(path, { method: "POST", headers, body: JSON.stringify(body) })).json()) as T;
  }

  runs = () => this.get<{ runs: Run[] }>("/v1/runs", { limit: 100 }).then((answer) => answer.runs);
  run = (id: string) => this.get<Run>(`/v1/runs/${encodeURIComponent(id)}`);
  start = (wish: Record<string, unknown>) => this.post<Run>("/v1/runs", wish);
  cancel = (id: string) => this.post<unknown>(`/v1/runs/${encodeURIComponent(id)}/cancel`, {});
  resume = (id: string) => this.post<unknown>(`/v1/runs/${encodeURIComponent(id)}/resume`, {});
  remove = (id: string) => this.send(`/v1/runs/${encodeURIComponent(id)}`, { method: "DELETE" });
  scenarios = () => this.get<{ scenarios: { name: string; title_ja?: string; title_en?: string }[] }>("/v1/scenarios");
  mapped = () => this.get<{ mapped: Mapped[] }>("/v1/mapped").then((answer) => answer.mapped);
  levers = () => this.get<{ levers: Lever[] }>("/v1/levers").then((answer) => answer.levers);
  layers = () => this.get<{ layers: LayerAnswer[] }>("/v1/layers").then((answer) => answer.layers);
  geometry = (region: string, on: string) =>
    this.get<GeoCollection>(`/v1/regions/${encodeURIComponent(region)}/geometry/${encodeURIComponent(on)}`);
  frames = (id: string, member: string) =>
    this.get<{ frames: FrameTimes[] }>(`/v1/runs/${encodeURIComponent(id)}/frames`, { member }).then((a) => a.frames);
  series = (id: string, quantity: string, area: string) =>
    this.get<{ series: Series[] }>(`/v1/runs/${encodeURIComponent(id)}/series`, { quantity, area }).then(
      (a) => a.series,
    );
  events = (id: string, query: Query) =>
    this.get<{ events: Happening[]; next: string | null }>(`/v1/runs/${encodeURIComponent(id)}/events`, query);
  event = (id: string, event: number | string, member: number, depth: number) =>
    this.get<Happening>(`/v1/runs/${encodeURIComponent(id)}/events/${event}`, { member, depth });
  fork = (id: string, wish: { at: string; countermeasure: Countermeasure; members?: number }) =>
    this.post<Run>(`/v1/runs/${encodeURIComponent(id)}/forks`, wish);
  check = (wish: { scenario: string; at?: string; countermeasure: Countermeasure }) =>
    this.post<{ problems: string[] }>("/v1/countermeasures/check", wish);
  compare = (base: string, branch: string[]) => this.get<Comparison>("/v1/compare", { base, branch });
  startRank = (id: string, wish: Record<string, unknown>) =>
    this.post<Rank>(`/v1/runs/${encodeURIComponent(id)}/ranks`, wish);
  rank = (id: string) => this.get<Rank>(`/v1/ranks/${encodeURIComponent(id)}`);
  decisions = (run: string) =>
    this.get<{ decisions: Decision[] }>("/v1/decisions", { run }).then((answer) => answer.decisions);

  /** One frame of a member or over all of them (`mean`); with `minus` the difference from another run. */
  async frame(id: string, quantity: string, time_s: number, member: string, minus: string): Promise<ArrayBuffer> {
    const place = `/v1/runs/${encodeURIComponent(id)}/frames/${encodeURIComponent(quantity)}`;
    const query = { at: `${time_s}s`, member, minus, format: "binary" };
    const answer = await this.send(address(place, query), { headers: { Accept: "application/vnd.twin.frame" } });
    return answer.arrayBuffer();
  }
}

export interface LayerAnswer {
  name: string;
  title_ja?: string;
  title_en?: string;
  series: { quantity: string; unit: string; kind: string; title_ja?: string; title_en?: string; doc?: string }[];
}
