"""Recordings as people live with them: found, read, told, compared, checked, re-keyed and removed.

Everything here works on a folder of recordings, without a test run and without an SDK. It prints nothing.
"""
