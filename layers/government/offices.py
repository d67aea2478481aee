"""The offices as Mesa agents over rows of the office table: woken when a clock of theirs rings, dropped after the step.

An agent sees its own row of the known arrays and its own resources, and turns them into entries of a `Plan`; the
state stays in arrays. A model lives for one step only. Routine (a look round that finds nothing to decide, a form sent
over a line that works) needs no agent and is noted on whole arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import mesa
import numpy as np

from layers.government import orders, priorities, pulled, triggers
from layers.government.alerts import MAJOR_TSUNAMI_WARNING, TSUNAMI_WARNING, Warned, level
from layers.government.known import Holder, Q, Source
from layers.government.orders import LEVEL_OF, Order
from layers.government.requests import Kind
from layers.government.staff import Duty
from layers.government.state import Given, State
from twin.chance import Chance
from twin.units import DAY_S

Array = np.ndarray


@dataclass
class Plan:
    """What the woken offices decided in this step; written by agents, carried out by the step, never kept."""

    reports: dict[Source, list[int]] = field(default_factory=dict)
    requests: list[tuple[Kind, int, float]] = field(default_factory=list)
    orders: list[tuple[int, float]] = field(default_factory=list)
    water_orders: list[tuple[int, Order, int]] = field(default_factory=list)
    halls_ahead: list[tuple[int, float]] = field(default_factory=list)
    shelter_targets: list[tuple[int, float]] = field(default_factory=list)
    desks: list[int] = field(default_factory=list)
    mute: list[int] = field(default_factory=list)
    headquarters: list[int] = field(default_factory=list)
    prefecture_round: bool = False
    state_round: bool = False


class Offices(mesa.Model):
    """The offices awake in one step. Chance is keyed by the twin, so the model's own generators stay unused."""

    def __init__(
        self, given: Given, state: State, lines: Array, reviewing: bool, now_s: int, chance: Chance, plan: Plan
    ) -> None:
        super().__init__(seed=0)
        self.given = given
        self.state = state
        self.lines = lines
        self.reviewing = reviewing
        self.now_s = now_s
        self.chance = chance
        self.plan = plan

    def wake(self, rows: Sequence[int]) -> None:
        """Create the agents of these office rows and let each add what is due to the plan."""
        for row in rows:
            kind = Town if row < self.given.n_town else Prefecture if row == self.given.prefecture else StateOffice
            kind(self, row)
        self.agents.do("wake")

    def close(self) -> None:
        """Let go of the model: Mesa's counter of agent ids would otherwise keep every model alive."""
        getattr(mesa.Agent, "_ids", {}).pop(self, None)


class Office(mesa.Agent):
    """One office: its row, what it knows, and whether its headquarters stands."""

    model: Offices
    holder = Holder.HALLS

    def __init__(self, model: Offices, row: int) -> None:
        super().__init__(model)
        self.row = row

    def known(self, quantity: int) -> Array:
        """Values this office knows, (town,)."""
        values: Array = self.model.state.known.value[self.holder, quantity]
        return values

    @property
    def desk_due(self) -> bool:
        """Whether the round at the desk is due."""
        return bool(self.model.state.desk_due_s[self.row] <= self.model.now_s)

    def warned(self, warning: Warned) -> float:
        """Highest class or level of a warning this office knows of."""
        return float(level(self.model.state.alerts, self.holder, warning).max(initial=0.0))

    def set_up(self, intensity: float, alerted: bool) -> None:
        """Open the headquarters once strong shaking or a warning for it is known."""
        standing = self.model.state.headquarters[self.row]
        if not standing and (alerted or intensity >= self.model.given.params.headquarters_intensity):
            self.model.plan.headquarters.append(self.row)


class Town(Office):
    """A town hall: opens its headquarters, orders evacuation, asks, consolidates shelters and reports."""

    def wake(self) -> None:
        """Do what is due."""
        if self.desk_due:
            self.desk()
        if self.model.state.report_due_s[self.row] <= self.model.now_s and not self.line:
            self.report()

    def desk(self) -> None:
        """One round at the desk, on what this hall knows of its own town."""
        model, row, plan = self.model, self.row, self.model.plan
        params, given = model.given.params, model.given
        intensity = float(self.known(Q.INTENSITY)[row])
        alerted = bool(orders.alerted(given, model.state)[row])
        self.set_up(intensity, alerted)
        if alerted:
            self.heed_warnings()
        share = triggers.decide_order_fraction(
            intensity, float(given.population[row]), float(given.hazard_fraction[row]), params
        )
        if share > 0 and model.state.order_due_s[row] < 0:
            plan.orders.append((row, share))
        self.ask_generator_cars()
        halls = (model.state.shelters_target[row], model.state.pulled.shelters_units[row])
        if model.reviewing and np.isnan(halls).all():
            self.consolidate()

    def heed_warnings(self) -> None:
        """Order and call for evacuation on the warnings known, and have halls opened before the water comes."""
        model, row, params = self.model, self.row, self.model.given.params
        state, given = model.state, model.given
        decided = orders.decide_town(given, state, row, model.chance)
        model.plan.water_orders += [(row, order, due_s) for order, due_s in decided]
        given_s = state.orders.due_s[:, row]
        calls = [LEVEL_OF[order] for order in LEVEL_OF if given_s[order] >= 0 or order in dict(decided)]
        calls += [pulled.CALL_ALL] * int(pulled.called_out(given, state.pulled)[row])
        target = priorities.decide_shelters_ahead(
            max(calls, default=0.0),
            float(level(state.alerts, self.holder, Warned.TSUNAMI)[row]),
            float(given.land.safe_halls[row]),
            float(self.known(Q.SHELTERS_OPEN)[row]),
            params,
        )
        standing = state.shelters_target[row]
        undecided = np.isnan(standing) or (state.halls_ahead[row] and target > standing)
        if not np.isnan(target) and undecided:
            model.plan.halls_ahead.append((row, target))

    def consolidate(self) -> None:
        """Once a day: gather people from nearly empty halls into fewer; done once, then left as it is."""
        model, row, params = self.model, self.row, self.model.given.params
        target = priorities.decide_shelters_target(
            float(self.known(Q.EVACUEES)[row]),
            float(self.known(Q.SHELTERS_OPEN)[row]),
            float(model.given.site_floor_m2[row]),
            params,
        )
        if np.isnan(target):
            return
        day = (model.now_s + model.given.clock_offset_s) // DAY_S
        draw = model.chance.uniform("government.consolidation", int(model.given.town_keys[row]), day)[0]
        wanted, granted = self.known(Q.SHELTER_STAFF_WANTED)[row], model.state.staff[row, Duty.SHELTERS]
        if priorities.decide_gathering(float(draw), float(wanted), float(granted), params):
            model.plan.shelter_targets.append((row, target))

    def ask_generator_cars(self) -> None:
        """Ask for as many cars as the hall knows dark facilities to lack, if it can send a message at all."""
        model, row = self.model, self.row
        wanted = float(self.known(Q.GENERATOR_WANTED)[row])
        if not wanted > 0:
            return
        more = np.ceil(wanted * model.given.params.generator_request_fraction) - model.state.generator_asked[row]
        if more > 0 and self.way_out() is not None:
            model.plan.requests.append((Kind.GENERATOR_CARS, row, float(more)))

    @property
    def line(self) -> bool:
        """Whether a situation form gets through over the line (such reports need no agent)."""
        return bool(self.model.lines[self.row] >= self.model.given.params.line_least_fraction)

    def report(self) -> None:
        """Send the short form over the best channel that works; without one the town stays silent."""
        source = self.way_out()
        plan = self.model.plan
        (plan.mute if source is None else plan.reports.setdefault(source, [])).append(self.row)

    def way_out(self) -> Source | None:
        """The line, else a satellite telephone (owned, or brought by a liaison officer), else nothing."""
        model, row, params = self.model, self.row, self.model.given.params
        if self.line:
            return Source.MUNICIPAL_LINE
        owned = model.chance.uniform("government.satellite", int(model.given.office_keys[row]))[0]
        liaison_s = model.state.liaison_due_s[row]
        if owned < params.satellite_share or 0 <= liaison_s <= model.now_s:
            return Source.SATELLITE
        return None


class Prefecture(Office):
    """The prefectural headquarters: its round is carried out on whole arrays of what it knows."""

    holder = Holder.PREFECTURE

    def wake(self) -> None:
        """Do what is due."""
        if self.desk_due:
            flood = self.warned(Warned.FLOOD) >= self.model.given.params.headquarters_flood_level
            alerted = flood or self.warned(Warned.TSUNAMI) >= TSUNAMI_WARNING
            self.set_up(float(np.nanmax(self.known(Q.INTENSITY), initial=-np.inf)), alerted)
            self.model.plan.prefecture_round = True


class StateOffice(Office):
    """The state's side: calls of forces, mutual aid and push of goods."""

    holder = Holder.STATE

    def wake(self) -> None:
        """Do what is due."""
        if self.desk_due:
            alerted = self.warned(Warned.TSUNAMI) >= MAJOR_TSUNAMI_WARNING
            self.set_up(float(np.nanmax(self.known(Q.INTENSITY), initial=-np.inf)), alerted)
            self.model.plan.state_round = True


def wake(given: Given, state: State, lines: Array, reviewing: bool, now_s: int, chance: Chance) -> Plan:
    """Wake the offices whose clocks ring, and return what they decided; builds nothing when none is due."""
    plan, n_town = Plan(), given.n_town
    desk, report = state.desk_due_s <= now_s, state.report_due_s[:n_town] <= now_s
    if not (desk.any() or report.any()):
        return plan
    reviewing = reviewing and given.params.consolidation > 0 and now_s >= given.params.consolidation_from_s
    on_line = report & (lines >= given.params.line_least_fraction)
    if on_line.any():
        plan.reports[Source.MUNICIPAL_LINE] = np.flatnonzero(on_line).tolist()
    awake = desk.copy()
    awake[:n_town] &= to_decide(given, state, reviewing)
    awake[:n_town] |= report & ~on_line
    plan.desks = np.flatnonzero(desk[:n_town]).tolist()
    if awake.any():
        model = Offices(given, state, lines, reviewing, now_s, chance, plan)
        model.wake(np.flatnonzero(awake).tolist())
        model.close()
    return plan


def to_decide(given: Given, state: State, reviewing: bool) -> Array:
    """Which town halls know something that may ask for a decision at their desk, bool (town,)."""
    params, own = given.params, state.known.value[Holder.HALLS]
    intensity = own[Q.INTENSITY]
    set_up = (intensity >= params.headquarters_intensity) & (state.headquarters[: given.n_town] == 0)
    order = (intensity >= params.order_intensity) & (state.order_due_s < 0)
    dark = np.ceil(own[Q.GENERATOR_WANTED] * params.generator_request_fraction) > state.generator_asked
    gather = own[Q.SHELTERS_OPEN] >= (params.consolidation_least_shelters if reviewing else np.inf)
    return set_up | order | dark | gather | orders.alerted(given, state)
