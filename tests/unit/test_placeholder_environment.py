"""Variables set for a while, and put back as they were."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_lmcache.placeholders import KEYS, PLAIN, QUIET, VALUE, Environment, credentials

names = st.sampled_from("ABCDE")
environments = st.dictionaries(names, st.text(max_size=3))


@given(environments, environments)
def test_an_environment_is_put_back_as_it_was(before: dict[str, str], values: dict[str, str]) -> None:
    target = dict(before)
    environment = Environment(target, values)
    environment.install()
    assert target == {**values, **before}
    environment.restore()
    assert target == before


@given(environments, environments, environments)
def test_what_others_change_meanwhile_stays(
    before: dict[str, str], values: dict[str, str], after: dict[str, str]
) -> None:
    target = dict(before)
    environment = Environment(target, values)
    environment.install()
    target.update(after)
    environment.restore()
    changed = {name: value for name, value in after.items() if name in before or value != values.get(name)}
    assert target == {**before, **changed}


def test_what_others_took_away_meanwhile_stays_away() -> None:
    target: dict[str, str] = {}
    environment = Environment(target, {"A": "1"})
    environment.install()
    target.clear()
    environment.restore()
    assert target == {}


def test_installing_and_restoring_twice_is_as_once() -> None:
    target = {"A": "mine"}
    environment = Environment(target, {"A": "1", "B": "2"})
    environment.install()
    environment.install()
    assert target == {"A": "mine", "B": "2"}
    environment.restore()
    environment.restore()
    assert target == {"A": "mine"}


def test_every_known_key_has_the_placeholder_and_no_real_one() -> None:
    assert {credentials()[name] for name in KEYS} == {VALUE}
    assert len(set(KEYS)) == len(KEYS)
    assert not (PLAIN.keys() | QUIET.keys()) & set(KEYS)
