// Which kinds of event tell of something that ran short or stopped. Pure.

import type { Happening } from "../api/types.ts";

const SHORT = new Set([
  "power_out",
  "zone_dry",
  "gas_shut",
  "stations_down",
  "road_closed",
  "road_flooded",
  "substation_drowned",
  "stations_drowned",
  "facility_drowned",
  "pump_stopped",
  "gate_left_open",
  "staff_short",
  "many_ill",
  "shelter_full",
  "shelter_unusable",
  "shelter_out_of_food",
  "shelter_out_of_water",
  "people_turned_away",
  "refuge_full",
  "stock_low",
  "depot_queue",
  "station_dry",
  "station_stopped",
  "dispatch_manual",
  "hospital_overloaded",
  "report_late",
  "town_silent",
  "message_lost",
  "died_trapped",
  "died_untreated",
  "unusable",
  "facility_flooded",
  "levee_breached",
  "stranded",
  "people_caught",
  "jam_begins",
  "work_stopped",
]);

/** Whether an event is about a shortage, a stop or a loss of service. */
export function isShort(event: Pick<Happening, "kind">): boolean {
  return SHORT.has(event.kind) || /_(short|full|dry|lost|overloaded|stopped)$/.test(event.kind);
}

/** Shortages first, then the latest first. */
export function byUrgency(a: Happening, b: Happening): number {
  return Number(isShort(b)) - Number(isShort(a)) || b.time_s - a.time_s || b.id - a.id;
}

/** A chain as lines: causes before what they led to, each with its depth (0: the event asked for). */
export function chainLines(event: Happening, depth = 0): { event: Happening; depth: number }[] {
  const causes = event.causes.filter((cause): cause is Happening => typeof cause === "object" && "kind" in cause);
  return [...causes.flatMap((cause) => chainLines(cause, depth + 1)), { event, depth }];
}
