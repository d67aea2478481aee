"""The eight phenomena: one folder each, all of one shape; this is their table of contents.

hazard          weather and ground: shaking, aftershocks, heat, rain, daylight
damage          the surface: buildings, large sites, slopes, fires, debris
people          where people are, who is trapped, hurt or dead
rescue          fire, police, Self-Defence and medical forces
infrastructure  power, water, sewer, gas, roads, telecom
evacuation      evacuation and shelters
logistics       food, water, fuel and relief goods
government      municipality, prefecture and state
"""

from __future__ import annotations

from layers import damage, evacuation, government, hazard, infrastructure, logistics, people, rescue
from twin.contract import Layer
from twin.errors import ScenarioError

# phenomenon -> model name -> layer; the first name is the default
MODELS: dict[str, dict[str, Layer]] = {
    "hazard": {"standard": hazard.LAYER},
    "damage": {"standard": damage.LAYER},
    "infrastructure": {"standard": infrastructure.LAYER},
    "people": {"standard": people.LAYER},
    "evacuation": {"standard": evacuation.LAYER},
    "logistics": {"standard": logistics.LAYER},
    "rescue": {"standard": rescue.LAYER},
    "government": {"standard": government.LAYER},
}


def choose(phenomenon: str, model: str | None = None) -> Layer:
    """The layer of a phenomenon: the named model, or the default. Raises ScenarioError with the known names."""
    models = MODELS.get(phenomenon)
    if models is None:
        raise ScenarioError(f"no phenomenon '{phenomenon}'; known: {', '.join(MODELS)}")
    name = model or next(iter(models))
    if name not in models:
        raise ScenarioError(f"no model '{name}' for '{phenomenon}'; known: {', '.join(models)}")
    return models[name]
