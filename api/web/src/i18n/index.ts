// Texts of the page in the language chosen; one catalogue per language, both with the same keys.

import type { Language } from "../state.ts";
import { en } from "./en.ts";
import { ja } from "./ja.ts";

export type Key = keyof typeof ja;
export type Texts = Record<Key, string>;

const CATALOGUES: Record<Language, Texts> = { ja, en };
let chosen: Language = "ja";

/** Chooses the language of every text made from now on. */
export function speak(lang: Language): void {
  chosen = lang;
  document.documentElement.lang = lang;
}

export function language(): Language {
  return chosen;
}

/** Fills `{name}` places of a text. */
export function filled(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The text of a key. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return filled(CATALOGUES[chosen][key], values);
}

/** The text of a key made at run time (a status, a unit); the last part of the key itself where it is not known. */
export function tMaybe(key: string): string {
  const texts = CATALOGUES[chosen] as Record<string, string>;
  return texts[key] ?? key.slice(key.indexOf(".") + 1);
}

/** The fitting one of two texts the server sent; the other where it is empty. */
export function pick(entry: { title_ja?: string; title_en?: string }, otherwise = ""): string {
  const [first, second] = chosen === "ja" ? [entry.title_ja, entry.title_en] : [entry.title_en, entry.title_ja];
  return first || second || otherwise;
}
