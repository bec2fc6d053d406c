"""What providers say over HTTP, in pure functions: which request is a call of a model, on any host, and what its
answer says. Nothing here opens a connection, knows an SDK or imports an HTTP library.
"""

from pytest_lmcache.call import Request
from pytest_lmcache.dialects.codecs import decode, encode
from pytest_lmcache.dialects.failures import Failure, failed, filtered
from pytest_lmcache.dialects.frames import BrokenFrame, Splitter, splitter
from pytest_lmcache.dialects.registry import ended, framing, plausible, reading, recognise, register, unregister
from pytest_lmcache.dialects.wire import Answer, Dialect, Event, Reading, ToolCall, Wire

__all__ = [
    "Answer",
    "BrokenFrame",
    "Dialect",
    "Event",
    "Failure",
    "Reading",
    "Request",
    "Splitter",
    "ToolCall",
    "Wire",
    "decode",
    "encode",
    "ended",
    "failed",
    "filtered",
    "framing",
    "plausible",
    "reading",
    "recognise",
    "register",
    "splitter",
    "unregister",
]
