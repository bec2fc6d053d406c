"""What a replay costs, beside the least it could cost and what other tools ask for it: `python -m benchmarks`."""
