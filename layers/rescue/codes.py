"""Codes of the rescue layer: kinds of unit, what calls them, pools, kinds of work, classes of place."""

from __future__ import annotations

import numpy as np

MAX_HELICOPTERS, MAX_EXTRA_CREWS = 20, 200  # units kept ready for the levers of the same names
MAX_SENT_TEAMS = 60  # medical teams kept ready for orders
# plain classes of whole numbers: members of an IntEnum are slow to compare with arrays


class Force:
    """Kinds of unit: the codes of the table `base`, and helicopters."""

    FIRE = 0
    VOLUNTEER = 1
    POLICE = 2
    SDF = 3
    MEDICAL = 4
    AID_FIRE = 5
    AID_POLICE = 6
    AID_SDF = 7
    ENGINEERS = 8
    HELICOPTER = 9


class Trigger:
    """What sets a force moving; rows of `called_s`."""

    AT_ONCE = 0
    FIRE_AID = 1
    SDF = 2
    POLICE_AID = 3
    MEDICAL_AID = 4


class Pool:
    """Pools of units beside those of the districts, numbered from the last district on.

    Fire and rescue share the pool of their district, so fires take crews from rescue.
    """

    STAGING = 0  # forces not yet given a district
    AMBULANCE = 1  # fire crews that man ambulances
    ENGINEERS = 2
    MEDICAL = 3
    AIR = 4
    SENT_TEAMS = 5  # medical teams ordered to a hospital


class Task:
    """Kinds of mission."""

    LOCATE = 0  # look at a reported house
    EXTRACT = 1  # free the people of one house
    SEARCH = 2  # search a block of collapsed houses nobody called about
    SITE = 3  # search and free one pocket of a large site
    FIRE = 4
    VISIT = 5  # liaison officer or patrol to a silent town
    FLIGHT = 6  # reconnaissance flight over a silent town
    ROAD = 7
    MACHINE = 8  # heavy machine to a large site
    HOSPITAL = 9  # medical assistance team at a hospital
    BOAT = 10  # a crew with a boat fetches people cut off by water
    HOIST = 11  # a helicopter does
    AIRLIFT = 12  # a helicopter flies severe patients out of a hospital


class Ground:
    """Classes of place; which unit is fit for which is the parameter `handicap_s`."""

    SEARCH = 0
    EXTRACT = 1
    SITE = 2
    FIRE = 3
    TOWN = 4
    HOSPITAL = 5
    ROAD = 6
    BASE = 7
    WATER = 8  # flooded homes, reached by boat or helicopter


N_FORCE, N_TRIGGER, N_POOL, N_TASK, N_GROUND = 10, 5, 6, 13, 9
OUTSIDE_TRIGGER = np.array([1, 1, 3, 2, 4, 1, 3, 2, 2, 0])
TASKS = np.arange(N_TASK)
IS_CASE = (TASKS == Task.LOCATE) | (TASKS == Task.EXTRACT) | (TASKS == Task.SITE)  # known places of trapped people
IS_DWELLING = (TASKS == Task.LOCATE) | (TASKS == Task.SEARCH) | (TASKS == Task.EXTRACT)
IS_LIFT = (TASKS == Task.BOAT) | (TASKS == Task.HOIST)
IS_SCOUT = (TASKS == Task.VISIT) | (TASKS == Task.FLIGHT)
KINDS = np.arange(N_FORCE)
SPECIAL_POOL = np.array([-1, -1, -1, 0, 3, 0, 0, 0, 2, 4])  # Force -> Pool, -1: the district of its base
IS_SDF = (KINDS == Force.SDF) | (KINDS == Force.AID_SDF)
IS_OUTSIDE_CREW = (KINDS == Force.AID_FIRE) | (KINDS == Force.AID_POLICE) | IS_SDF
