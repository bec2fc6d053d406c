"""The disk tier against a dictionary: whatever is put, aliased, deleted and reopened in whatever order, they agree."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tier_examples import a_key, recordings

from pytest_lmcache.call import Key, Recording
from pytest_lmcache.tiers.disk import Disk

KEYS = [a_key(name, strategy) for name in range(4) for strategy in ("request", "messages")]
keys = st.sampled_from(KEYS)


class DiskAgreesWithADictionary(RuleBasedStateMachine):
    """Two disk tiers on one folder, as two processes have them, and what should be in it."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp())
        self.tiers = [Disk(self.place / "disk", 1024**3, warn=self.unexpected) for _ in range(2)]
        self.recordings: dict[str, Recording] = {}
        self.aliases: dict[str, str] = {}

    def unexpected(self, text: str) -> None:
        raise AssertionError(text)

    @rule(recording=recordings(keys), aliases=st.lists(keys, max_size=2).map(tuple), tier=st.integers(0, 1))
    def put(self, recording: Recording, aliases: tuple[Key, ...], tier: int) -> None:
        self.tiers[tier].put(recording, aliases=aliases)
        self.recordings[recording.key.digest] = recording
        self.aliases.update((alias.digest, recording.key.digest) for alias in aliases)

    @rule(key=keys, tier=st.integers(0, 1))
    def delete(self, key: Key, tier: int) -> None:
        self.tiers[tier].delete(key)
        self.recordings.pop(key.digest, None)
        self.aliases.pop(key.digest, None)

    @rule(tier=st.integers(0, 1))
    def close(self, tier: int) -> None:
        self.tiers[tier].close()

    @precondition(lambda self: self.recordings)
    @rule(tier=st.integers(0, 1))
    def clear(self, tier: int) -> None:
        self.tiers[tier].clear()
        self.recordings.clear()
        self.aliases.clear()

    @rule(tier=st.integers(0, 1))
    def remove_the_folder(self, tier: int) -> None:
        shutil.rmtree(self.place / "disk", ignore_errors=True)
        self.recordings.clear()
        self.aliases.clear()

    @invariant()
    def both_answer_as_the_dictionary_does(self) -> None:
        for tier in self.tiers:
            for key in KEYS:
                expected = self.recordings.get(key.digest)
                if expected is None:
                    expected = self.recordings.get(self.aliases.get(key.digest, ""))
                try:
                    answer = tier.get(key)
                except KeyError:
                    assert expected is None
                else:
                    assert expected is not None
                    assert answer.key == key
                    assert (answer.request, answer.takes, answer.run) == (
                        expected.request,
                        expected.takes,
                        expected.run,
                    )

    def teardown(self) -> None:
        for tier in self.tiers:
            tier.close()
        shutil.rmtree(self.place)


TestDiskAgreesWithADictionary = DiskAgreesWithADictionary.TestCase
TestDiskAgreesWithADictionary.settings = settings(max_examples=25, stateful_step_count=12)
