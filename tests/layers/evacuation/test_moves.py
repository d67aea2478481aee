import numpy as np
import pytest

from layers.evacuation import moves
from layers.evacuation.state import Place
from tests.layers.evacuation.small_world import made


def test_only_who_is_at_home_can_leave():
    given, state = made()
    wish = np.tile([10.0, 0.0, 5.0, 5.0], (4, 1)).T
    moved = moves.follow_wishes(given, state.away_persons, wish, np.array([100.0, 3.0, 0.0, 12.5]))
    assert moved.leaving.tolist() == [20.0, 3.0, 0.0, 12.0]
    assert np.array_equal(moved.away_persons.sum(axis=0), moved.leaving)


@pytest.mark.parametrize("seed", range(10))
def test_nobody_vanishes_and_nobody_returns_who_has_not_left(seed):
    rng = np.random.default_rng(seed)
    given, state = made()
    away, home = state.away_persons, given.residents_persons.copy()
    everyone = home + away.sum(axis=0)
    for _ in range(30):
        moved = moves.follow_wishes(given, away, rng.integers(0, 300, (4, 4)).astype(float), home)
        assert (moved.returning <= away.sum(axis=0)).all()
        assert ((moved.leaving == 0) | (moved.returning == 0)).all()
        away = moves.seat(given, moved.away_persons, np.zeros(2))
        home = home - moved.leaving + moved.returning
        assert (away >= 0).all()
        assert np.array_equal(home + away.sum(axis=0), everyone)


def test_wishes_that_do_not_change_move_nobody():
    given, state = made()
    wish = np.full((4, 4), 7.0)
    first = moves.follow_wishes(given, state.away_persons, wish, given.residents_persons)
    seated = moves.seat(given, first.away_persons, np.array([3.0, 0.0]))
    again = moves.follow_wishes(given, seated, wish, given.residents_persons)
    assert again.away_persons is seated
    assert seated[Place.TURNED_AWAY].sum() == 3.0


def test_the_ill_are_transferred_and_come_back():
    given, state = made()
    away = state.away_persons.copy()
    away[Place.SHELTER] = 100.0
    away[Place.CAR] = 20.0
    sick = moves.transfer_ill(given, away, state.towns, np.array([40.0, 0.0]), np.full(2, 0.5), 600)
    assert sick.transferred[0] > 0
    assert sick.transferred[1] == 0
    assert sick.away_persons[Place.HOSPITAL].sum() == sick.transferred.sum()
    assert np.array_equal(sick.away_persons.sum(axis=0), away.sum(axis=0))
    later = moves.transfer_ill(given, sick.away_persons, sick.towns, np.zeros(2), np.full(2, 0.5), 30 * 86400)
    assert later.discharged.sum() == sick.transferred.sum()


def test_transfers_do_not_depend_on_the_step():
    given, state = made()
    away = state.away_persons.copy()
    away[Place.SHELTER] = 200.0

    def transferred(parts):
        towns, now = state.towns, away
        for _ in range(parts):
            sick = moves.transfer_ill(given, now, towns, np.full(2, 60.0 / parts), np.full(2, 0.3), 600 // parts)
            now, towns = sick.away_persons, sick.towns
        return towns.transferred_persons

    assert np.abs(transferred(1) - transferred(10)).max() <= 1.0
