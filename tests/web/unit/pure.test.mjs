// Unit tests of the modules that touch neither the page nor the network; run by test_sources.py.

import assert from "node:assert/strict";
import { test } from "node:test";

const load = (name) => import(new URL(`${name}.js`, process.env.TWIN_PAGE_MODULES));
const { decodeFrame } = await load("frames/decode");
const { byTown, summaryOf } = await load("frames/towns");
const { Shelf, timeAtOrBefore } = await load("frames/shelf");
const { classOf, differenceScale, roundDown, scaleOf, NOTHING, UNKNOWN } = await load("map/scales");
const { featureAt, project, readShapes } = await load("map/shapes");
const { clock, durationSeconds, hoursText, passed, timeTicks } = await load("timeline/time");
const { quantile, ranges, rowAt } = await load("chart/ranges");
const { number, ticks } = await load("chart/axis");
const { EventCutter } = await load("api/stream");
const { fromHash, takeKey, toHash } = await load("hash");
const { START, Store } = await load("state");
const { parseYaml, toYaml } = await load("editor/yaml");
const { asJson, asYaml, emptyDraft, faults, measureOf, readFile } = await load("editor/draft");
const { byUrgency, chainLines, isShort } = await load("events/kinds");
const { ja } = await load("i18n/ja");
const { en } = await load("i18n/en");

function frameBytes(header, values) {
  let text = JSON.stringify(header);
  while ((4 + text.length) % 8) text += " ";
  const bytes = new ArrayBuffer(4 + text.length + values.length * 4);
  const view = new DataView(bytes);
  view.setUint32(0, text.length, true);
  new Uint8Array(bytes, 4, text.length).set(new TextEncoder().encode(text));
  values.forEach((value, row) => view.setFloat32(4 + text.length + 4 * row, value, true));
  return bytes;
}

test("a frame gives back header and values, NaN included", () => {
  const header = { quantity: "hazard.intensity", count: 3, dtype: "float32", label: "simulated" };
  const frame = decodeFrame(frameBytes(header, [1.5, NaN, -2]));
  assert.deepEqual([...frame.values], [1.5, NaN, -2]);
  assert.equal(frame.header.quantity, "hazard.intensity");
});

test("a frame whose bytes do not fit its header is refused", () => {
  const bytes = frameBytes({ quantity: "q", count: 4, dtype: "float32" }, [1, 2, 3]);
  assert.throws(() => decodeFrame(bytes), /do not fit/);
  assert.throws(() => decodeFrame(new ArrayBuffer(3)), /too short/);
});

test("official intensity classes begin at half steps", () => {
  const scale = scaleOf("jma-intensity", "hazard.intensity", 7);
  const names = [0.4, 0.5, 4.49, 4.5, 5.0, 5.5, 6.0, 6.5].map((value) => scale.classes[classOf(scale, value)]?.ja);
  assert.deepEqual(names, [undefined, "1", "4", "5弱", "5強", "6弱", "6強", "7"]);
  assert.equal(classOf(scale, NaN), UNKNOWN);
  assert.equal(classOf(scale, 0), NOTHING);
});

test("flood depths follow the national classes and dry ground is not drawn", () => {
  const scale = scaleOf("flood-depth", "hazard.water_depth_m", 9);
  assert.equal(scale.classes[classOf(scale, 0.49)].ja, "0.5m未満");
  assert.equal(scale.classes[classOf(scale, 0.5)].colour, "#FFD8C0");
  assert.equal(scale.classes[classOf(scale, 20)].ja, "20m以上");
  assert.equal(classOf(scale, 0), NOTHING);
});

test("amounts get five rising classes below the largest value, zero none", () => {
  for (const largest of [0, 0.3, 7, 1234, 9e6]) {
    const { classes } = scaleOf("sequential", "people.trapped_persons", largest);
    assert.equal(classes.length, 5);
    assert.ok(classes.every((entry, row) => row === 0 || entry.low > classes[row - 1].low));
    assert.ok(largest === 0 || classes[4].low < largest);
    assert.equal(classOf({ classes }, 0), NOTHING);
  }
  assert.deepEqual([roundDown(1234), roundDown(0.07), roundDown(5)], [1000, 0.05, 5]);
});

test("every class differs from its neighbours by pattern or mark, not by colour alone", () => {
  for (const name of ["jma-intensity", "flood-depth", "diverging", "sequential", "categories"]) {
    const marks = scaleOf(name, "government.flood_call", 10).classes.map((entry) => entry.mark);
    assert.equal(new Set(marks).size, marks.length);
  }
});

test("a difference scale is symmetrical around no change", () => {
  const scale = differenceScale(80);
  const mark = (value) => scale.classes[classOf(scale, value)].mark;
  assert.deepEqual([mark(0), mark(60), mark(-60), mark(1), mark(-1)], ["0", "+++", "−−−", "+", "−"]);
});

test("values of a town: largest, mean or sum of what is known", () => {
  const [values, towns] = [
    [1, 3, NaN, 5],
    ["a", "a", "a", "b"],
  ];
  assert.deepEqual(
    [...byTown(values, towns, "mean")],
    [
      ["a", 2],
      ["b", 5],
    ],
  );
  assert.deepEqual(
    [...byTown(values, towns, "sum")],
    [
      ["a", 4],
      ["b", 5],
    ],
  );
  assert.deepEqual(
    [...byTown(values, towns, "largest")],
    [
      ["a", 3],
      ["b", 5],
    ],
  );
  assert.equal(summaryOf("sequential", "person"), "sum");
  assert.equal(summaryOf("diverging", "1"), "mean");
});

test("the frame shown is the last at or before the slider", () => {
  assert.deepEqual(
    [-1, 0, 3599, 3600, 9e9].map((time_s) => timeAtOrBefore([0, 3600, 7200], time_s)),
    [-1, 0, 0, 3600, 7200],
  );
});

test("frames are read once; an earlier one than asked for is shown but asked for again", async () => {
  const told = [3600, 7200];
  const client = {
    frames: async () => [{ quantity: "q", times_s: [0, 3600, 7200] }],
    frame: async () => frameBytes({ quantity: "q", count: 1, dtype: "float32", time_s: told.shift() }, [1]),
  };
  const shelf = new Shelf(client);
  const seen = [];
  for (let ask = 0; ask < 3; ask++) seen.push((await shelf.frame("r", "q", 8000, "mean")).header.time_s);
  assert.deepEqual(seen, [3600, 7200, 7200]);
  assert.equal(await shelf.frame("r", "other", 8000, "mean"), null);
});

test("a point finds the polygon around it, holes left out", () => {
  const square = (west, south, side) => [
    [west, south],
    [west + side, south],
    [west + side, south + side],
    [west, south + side],
    [west, south],
  ];
  const geometry = { type: "Polygon", coordinates: [square(130, 32, 1), square(130.4, 32.4, 0.2)] };
  const shapes = readShapes("municipality", { features: [{ id: "43100", geometry, properties: { name_ja: "町" } }] });
  assert.equal(featureAt(shapes, ...project(130.1, 32.1), 0), 0);
  assert.equal(featureAt(shapes, ...project(130.5, 32.5), 0), -1);
  assert.equal(shapes.towns[0], "43100");
});

test("a click near a road finds it, one far away does not", () => {
  const geometry = {
    type: "LineString",
    coordinates: [
      [130, 32],
      [131, 32],
    ],
  };
  const shapes = readShapes("road", { features: [{ id: "r", geometry, properties: null }] });
  const [x, y] = project(130.5, 32.0001);
  assert.equal(featureAt(shapes, x, y, 1e-5), 0);
  assert.equal(featureAt(shapes, x, y + 1e-3, 1e-5), -1);
});

test("clocks are those of Japan whatever the zone of the machine", () => {
  const start = "2026-07-28T16:27:00+09:00";
  assert.equal(clock(start, 6 * 3600, "ja"), "7/28(火) 22:27");
  assert.equal(clock(start, 8 * 3600, "en"), "Wed 29 Jul 00:27");
  assert.equal(passed(93_600 + 600, "ja"), "T+1日2時間10分");
  assert.equal(passed(0, "en"), "T+0 min");
});

test("hours of the form and durations of the interface agree", () => {
  for (const hours of [0, 6, 6.5, 30.25]) assert.equal(durationSeconds(hoursText(hours)), hours * 3600);
  assert.ok(Number.isNaN(durationSeconds("2026-07-28T22:00:00+09:00")));
  assert.deepEqual(
    timeTicks(86_400, 6).map((time_s) => time_s / 3600),
    [0, 6, 12, 18, 24],
  );
});

test("members become a median and an 80 % range; unknown values count for nothing", () => {
  const series = [1, 2, 3, 4, 5].map((value, member) => ({
    member,
    time_s: [0, 60],
    value: [value, member ? null : 7],
  }));
  const range = ranges(series);
  assert.deepEqual([range.middle[0], range.low[0], range.high[0]], [3, 1.4, 4.6]);
  assert.deepEqual([range.middle[1], range.members], [7, 5]);
  assert.ok(Number.isNaN(quantile([], 0.5)));
  assert.equal(rowAt([0, 60], 59), 0);
});

test("axes get round numbers around the values", () => {
  assert.deepEqual(ticks(0, 87, 4), [0, 50, 100]);
  assert.deepEqual(ticks(-3, 3, 4), [-4, -2, 0, 2, 4]);
  assert.deepEqual(
    [number(18400.4), number(-0.004, true), number(-12.34, true), number(null), number(5, true)],
    ["18,400", "0", "−12.3", "–", "+5"],
  );
});

test("server-sent events are cut out of a stream however it is split", () => {
  const text =
    ': hello\n\nid: 1\nevent: progress\ndata: {"now_s":\ndata: 600}\n\nid: 2\r\nevent: status\r\ndata: done\r\n\r\n';
  for (const size of [1, 7, 1000]) {
    const cutter = new EventCutter();
    const told = [];
    for (let at = 0; at < text.length; at += size) told.push(...cutter.push(text.slice(at, at + size)));
    assert.deepEqual(
      told.map((one) => [one.id, one.event, one.data]),
      [
        ["1", "progress", '{"now_s":\n600}'],
        ["2", "status", "done"],
      ],
    );
  }
});

test("the view survives the address, and the key never stays in it", () => {
  const view = {
    ...START,
    run: "r-1",
    branch: "f-2",
    time_s: 21_600,
    quantity: "hazard.x",
    mode: "side",
    lang: "en",
    member: "mean",
  };
  assert.deepEqual(fromHash(`#${toHash(view)}`), view);
  assert.deepEqual(fromHash("#t=-4&view=round&lang=fr"), START);
  assert.deepEqual(takeKey("#key=abc&run=r-1"), ["abc", "run=r-1"]);
});

test("only those hear of a change who asked for its field, until their signal ends", () => {
  const store = new Store(START);
  const heard = [];
  const life = new AbortController();
  store.on(["area"], life.signal, (view) => heard.push(view.area));
  store.set({ time_s: 5 });
  store.set({ area: "43100" });
  store.set({ area: "43100" });
  life.abort();
  store.set({ area: "all" });
  assert.deepEqual(heard, ["43100"]);
});

const LEVER = {
  lever: "logistics.second_hub",
  name: "second_hub",
  layer: "logistics",
  unit: "1",
  low: 0,
  high: 1,
  owner: "prefecture",
  target: "logistics.hubs",
};

test("a draft becomes YAML and JSON and comes back the same", () => {
  const { record } = emptyDraft(21_600, 3);
  record.title_ja = "第二拠点: 開く # すぐ";
  record.reason = 'one "hub" cannot unload';
  record.measures = [
    { ...measureOf(LEVER), at: "8h", areas: ["43100", "43202"] },
    { ...measureOf(LEVER), until: "24h" },
  ];
  for (const text of [asYaml(record), asJson(record)]) {
    const back = readFile(text);
    assert.deepEqual([back.title_ja, back.reason, back.name], [record.title_ja, record.reason, "plan-3"]);
    assert.deepEqual(
      back.measures.map((one) => [one.lever, one.at, one.until, one.areas]),
      [
        ["logistics.second_hub", "8h", undefined, ["43100", "43202"]],
        ["logistics.second_hub", undefined, "24h", []],
      ],
    );
  }
});

test("YAML as people write it is read; what is beyond it is refused with its line", () => {
  const text =
    "countermeasure: 1   # version\nname: second-hub\nmeasures:\n- lever: a.b\n  areas:\n  - '43100'\n  - \"all\"\n  value: 1.5\n  at: 8h\n";
  assert.deepEqual(parseYaml(text), {
    countermeasure: 1,
    name: "second-hub",
    measures: [{ lever: "a.b", areas: ["43100", "all"], value: 1.5, at: "8h" }],
  });
  assert.throws(() => parseYaml("a: &x 1"), /line 1/);
  assert.throws(() => parseYaml("a: 1\n   b: 2"), /line 2/);
  assert.deepEqual(parseYaml(toYaml({ a: [], b: { c: null, d: ["x, y", 2] } })), {
    a: [],
    b: { c: null, d: ["x, y", 2] },
  });
});

test("values outside the range of a lever and bad names are found before asking", () => {
  const { record } = emptyDraft(0, 1);
  record.measures = [
    { ...measureOf(LEVER), value: 2 },
    { ...measureOf(LEVER), value: null },
  ];
  record.name = "Größe";
  assert.deepEqual(
    faults(record, [LEVER]).map((fault) => fault.kind),
    ["badName", "outOfRange", "outOfRange"],
  );
});

test("shortages stand before other events, causes before what they led to", () => {
  assert.ok(isShort({ kind: "shelter_out_of_food" }) && !isShort({ kind: "power_restored" }));
  const events = [
    { id: 1, kind: "road_opened", time_s: 9 },
    { id: 2, kind: "zone_dry", time_s: 1 },
    { id: 3, kind: "zone_dry", time_s: 5 },
  ];
  assert.deepEqual(
    [...events].sort(byUrgency).map((event) => event.id),
    [3, 2, 1],
  );
  const chain = {
    id: 3,
    kind: "c",
    causes: [{ id: 2, kind: "b", causes: [{ id: 1, kind: "a", causes: [] }] }, { id: 9 }],
  };
  assert.deepEqual(
    chainLines(chain).map(({ event, depth }) => [event.id, depth]),
    [
      [1, 2],
      [2, 1],
      [3, 0],
    ],
  );
});

test("both languages have the same texts with the same places to fill", () => {
  assert.deepEqual(Object.keys(ja).sort(), Object.keys(en).sort());
  const places = (text) => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const key of Object.keys(ja)) assert.deepEqual(places(ja[key]), places(en[key]), key);
});
