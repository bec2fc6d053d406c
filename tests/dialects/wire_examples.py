"""One small request of every dialect, with what it asks and what its answers say."""

from __future__ import annotations

import examples_clouds
import examples_counts
import examples_openai
import examples_others

EXAMPLES = [
    *examples_openai.EXAMPLES,
    *examples_others.EXAMPLES,
    *examples_clouds.EXAMPLES,
    *examples_counts.EXAMPLES,
]
NAMES = [f"{example.adapter}{'-stream' * example.stream}-{number}" for number, example in enumerate(EXAMPLES)]
