"""Cassettes of vcrpy, pytest-recording and cassetter, made recordings of ours: read, understood, gathered, told of.

What is in them counts as hostile. No text of theirs runs code, everything has a bound, and what cannot be used is a
reason in a report.
"""
