// Begins the page: key, language, what there is to show; then map, clock and panels, all from one view.

import "leaflet/dist/leaflet.css";
import "./style/base.css";
import "./style/map.css";
import "./style/panels.css";
import { Client, Problem } from "./api/client.ts";
import { dropKey, keepKey, keyFromAddress } from "./api/key.ts";
import type { App } from "./app.ts";
import { button, h, put } from "./dom.ts";
import { Drafts } from "./editor/drafts.ts";
import { Shelf } from "./frames/shelf.ts";
import { fromHash, toHash } from "./hash.ts";
import { Header } from "./header.ts";
import { speak, t } from "./i18n/index.ts";
import { Picking } from "./map/picking.ts";
import { Stage } from "./map/stage.ts";
import { Panels } from "./panels.ts";
import { atRest, RunBook } from "./runs/book.ts";
import { Store } from "./state.ts";
import { TimeBar } from "./timeline/bar.ts";
import { World } from "./world.ts";

const page = document.getElementById("page")!;
const voice = h("div", { class: "voice", role: "status", "aria-live": "polite" });
const FIELDS = ["run", "branch", "time_s", "quantity", "series", "area", "member", "mode", "panel", "lang"] as const;
const forever = new AbortController().signal;
let life = new AbortController();
let asking = false;

keyFromAddress();
const view = new Store(fromHash(location.hash));
speak(view.now.lang);
const client = new Client(askKey);
void begin();

async function begin(): Promise<void> {
  put(page, h("p", { class: "loading" }, t("app.loading")));
  try {
    const runs = new RunBook(client);
    const [world] = await Promise.all([World.read(client), runs.read()]);
    const app: App = {
      client,
      view,
      world,
      runs,
      shelf: new Shelf(client),
      drafts: new Drafts(),
      picking: new Picking(),
      announce,
    };
    settle(app);
    keepAddress();
    app.runs.on(forever, (run) => run && tellProgress(app, run.run_id));
    show(app);
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return;
    const again = button(t("app.retry"), () => void begin());
    put(page, h("div", { class: "loading" }, h("p", {}, t("app.failed", { what: (error as Error).message })), again));
  }
}

/** Chooses a run, a map and a time where the address names none. */
function settle(app: App): void {
  const roots = app.runs.all.filter((run) => !run.parent);
  const asked = app.runs.get(view.now.run);
  const run = asked ?? roots.find((one) => one.status === "done") ?? roots[0];
  const quantity = app.world.mapped.some((row) => row.quantity === view.now.quantity)
    ? view.now.quantity
    : (app.world.mapped[0]?.quantity ?? "");
  view.set({ run: run?.run_id ?? "", quantity, panel: run ? view.now.panel : "runs" });
  if (view.now.time_s < 0) view.set({ time_s: Math.min(6 * 3600, run?.now_s ?? 0) });
}

/** Builds the page anew: at the start and in another language. */
function show(app: App): void {
  life.abort();
  life = new AbortController();
  const { signal } = life;
  document.title = t("app.title");
  const turn = () => {
    const lang = view.now.lang === "ja" ? "en" : "ja";
    speak(lang);
    view.set({ lang });
    show(app);
    document.querySelector<HTMLElement>(".language")?.focus();
  };
  const skip = h(
    "a",
    {
      class: "skip",
      href: "#panels",
      click: (event) => {
        event.preventDefault();
        document.getElementById("panels")?.focus();
      },
    },
    t("app.skip"),
  );
  const stage = new Stage(app, signal);
  const main = h("main", {}, stage.element, new TimeBar(app, signal).element);
  put(page, skip, new Header(app, signal, turn).element, main, new Panels(app, signal).element, voice);
}

/** The view stands in the address; a pasted address is followed. */
function keepAddress(): void {
  const write = () => history.replaceState(null, "", `#${toHash(view.now)}`);
  view.on(FIELDS, forever, write);
  write();
  window.addEventListener("hashchange", () => {
    keyFromAddress();
    const asked = fromHash(location.hash);
    if (toHash(asked) !== toHash(view.now)) location.reload();
  });
}

let said = "";
function tellProgress(app: App, id: string): void {
  const run = app.runs.get(id);
  if (!run) return;
  const percent = Math.round((run.progress ?? 0) * 10) * 10;
  const scenario = app.world.scenarioName(run.scenario);
  const text = !atRest(run)
    ? t("runs.progress", { scenario, percent, at: `T+${Math.floor((run.now_s ?? 0) / 3600)}h` })
    : run.status === "done"
      ? t("runs.finished", { scenario })
      : t("runs.stopped", { scenario, status: t(`status.${run.status}`) });
  if (text !== said) announce((said = text), atRest(run));
}

let quiet = 0;
function announce(text: string, loud = true): void {
  put(voice, text);
  voice.classList.toggle("loud", loud);
  clearTimeout(quiet);
  quiet = window.setTimeout(() => voice.classList.remove("loud"), 6000);
}

/** Asks for the key once, also after the server refused one. */
function askKey(): void {
  if (asking) return;
  asking = true;
  const again = Boolean(sessionStorage.getItem("twin-key"));
  dropKey();
  life.abort();
  const input = h("input", { type: "password", id: "key", autocomplete: "off", required: true });
  const form = h(
    "form",
    {
      class: "key-form",
      submit: (event) => {
        event.preventDefault();
        keepKey(input.value);
        asking = false;
        void begin();
      },
    },
    h("h1", {}, t("key.title")),
    h("p", {}, t("key.text")),
    again ? h("p", { class: "bad", role: "alert" }, t("key.wrong")) : null,
    h("label", { for: "key" }, t("key.label")),
    input,
    h("button", { type: "submit", class: "primary" }, t("key.go")),
  );
  // the request that was refused still has to fail
  setTimeout(() => {
    put(page, h("main", { class: "key-page" }, form));
    input.focus();
  });
}
