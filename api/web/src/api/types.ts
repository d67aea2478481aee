// Shapes of the answers of the HTTP interface, as far as the page reads them.

export type Status = "accepted" | "running" | "done" | "interrupted" | "failed" | "cancelled";

export interface Run {
  run_id: string;
  kind: "run" | "fork" | "rank";
  scenario: string;
  status: Status;
  members: number | null;
  seed: number | null;
  until_s: number | null;
  start: string | null;
  created: string | null;
  finished: string | null;
  now_s: number | null;
  progress: number | null;
  parent: string | null;
  forked_at_s: number | null;
  countermeasure: Partial<Countermeasure> | null;
  draws?: string | null;
  message: string;
}

export interface Mapped {
  quantity: string;
  phenomenon?: string;
  on: string;
  unit: string;
  title_ja: string;
  title_en: string;
  scale: string;
}

export interface Measure {
  lever: string;
  at?: string | number | null;
  until?: string | number | null;
  areas?: string[];
  value: number | null;
  owner?: string | null;
  reason?: string;
}

export interface Countermeasure {
  countermeasure: 1;
  name: string;
  title_ja: string;
  title_en: string;
  reason: string;
  measures: Measure[];
}

export interface Lever {
  /** `layer.lever`, what a measure names */
  lever: string;
  name: string;
  layer: string;
  unit: string;
  low: number;
  high: number;
  owner: string;
  target?: string;
  on?: string;
  withdraws?: boolean;
  doc?: string;
  title_ja?: string;
  title_en?: string;
}

export interface Series {
  quantity: string;
  unit: string;
  area: string;
  kind: "true" | "reported" | "observed";
  label: string;
  member: number;
  time_s: number[];
  value: (number | null)[];
}

export interface Mentioned {
  id: number;
}

export interface Happening {
  id: number;
  member: number;
  time_s: number;
  layer: string;
  kind: string;
  subject?: string;
  area: string;
  quantity: string;
  amount: number | null;
  unit: string;
  /** ids in a list of events; events inside one another in a chain, `{id}` where it stands elsewhere */
  causes: (Happening | Mentioned | number)[];
  time?: string;
  sentence_ja: string;
  sentence_en: string;
}

export interface FrameTimes {
  quantity: string;
  on: string;
  unit: string;
  times_s: number[];
}

export interface Spread {
  mean: number | null;
  range80?: [number | null, number | null] | null;
  range95?: [number | null, number | null] | null;
  worst5?: number | null;
}

export interface Difference {
  quantity: string;
  title_ja: string;
  title_en: string;
  unit: string;
  area: string;
  unit_ja?: string;
  unit_en?: string;
  group: string | null;
  summary: "end" | "peak" | "integral";
  better: "less" | "more" | "";
  base: Spread;
  branch: Spread;
  difference: Spread & {
    mean95?: [number | null, number | null] | null;
    better_fraction?: number | null;
    verdict: "better" | "worse" | "unclear" | "same" | "changed" | "one-draw";
  };
  curve?: Curve | null;
}

export interface Curve {
  time_s: number[];
  middle: (number | null)[];
  low80: (number | null)[];
  high80: (number | null)[];
  base_middle: (number | null)[];
  branch_middle: (number | null)[];
}

export interface BranchComparison {
  run_id: string;
  name: string;
  title_ja: string;
  title_en: string;
  members: number;
  of: number;
  one_draw: boolean;
  from_s?: number;
  until_s: number;
  differences: Difference[];
}

export interface Comparison {
  base: string;
  branches: BranchComparison[];
}

export interface Candidate {
  name: string;
  title_ja: string;
  title_en: string;
  members: number;
  mean: number | null;
  mean95?: [number | null, number | null] | null;
  difference?: number | null;
  probability_best: number | null;
  regret?: number | null;
}

export interface Ranking {
  objective?: unknown;
  candidates?: Candidate[];
  best?: string | null;
  verdict?: "best" | "indifferent" | "undecided" | null;
  members_used?: number;
  members_equal_allocation?: number;
}

export interface Rank extends Run {
  result: Ranking | null;
}

export interface Decision {
  time: string;
  decision: string;
  run_id: string | null;
  parent: string | null;
  countermeasure: string | null;
  title_ja: string | null;
  title_en: string | null;
  reason: string | null;
  key_id: string;
  name: string | null;
  role: string;
}

export interface GeoFeature {
  type: "Feature";
  id: string | number;
  geometry: { type: string; coordinates: unknown } | null;
  properties: { name_ja?: string; name_en?: string; municipality?: string } | null;
}

export interface GeoCollection {
  type: "FeatureCollection";
  features: GeoFeature[];
}
