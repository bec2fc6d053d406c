"""What a replay costs, beside the least it could cost and what other tools ask for the same work: `python -m benchmarks`."""
