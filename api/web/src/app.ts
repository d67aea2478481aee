// What every part of the page shares.

import type { Client } from "./api/client.ts";
import type { Shelf } from "./frames/shelf.ts";
import type { RunBook } from "./runs/book.ts";
import type { Store } from "./state.ts";
import type { Picking } from "./map/picking.ts";
import type { Drafts } from "./editor/drafts.ts";
import type { World } from "./world.ts";

export interface App {
  client: Client;
  view: Store;
  world: World;
  shelf: Shelf;
  runs: RunBook;
  drafts: Drafts;
  picking: Picking;
  /** says a text to screen readers; a loud one is also shown for a while */
  announce: (text: string, loud?: boolean) => void;
}
