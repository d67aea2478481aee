// The key of this browser tab: from the address behind `#`, else asked for once; never in the address or on disk.

import { takeKey } from "../hash.ts";

const PLACE = "twin-key";

/** Takes a key out of the address bar, so that a shared address never carries it. */
export function keyFromAddress(): void {
  const [key, rest] = takeKey(location.hash);
  if (!key) return;
  sessionStorage.setItem(PLACE, key);
  history.replaceState(null, "", location.pathname + location.search + (rest ? `#${rest}` : ""));
}

export function readKey(): string {
  return sessionStorage.getItem(PLACE) ?? "";
}

export function keepKey(key: string): void {
  sessionStorage.setItem(PLACE, key.trim());
}

export function dropKey(): void {
  sessionStorage.removeItem(PLACE);
}
