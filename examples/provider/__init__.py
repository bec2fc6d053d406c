"""A local model provider for examples and tests: OpenAI's and Anthropic's protocols over HTTP, on loopback only.

It answers sensibly but never twice the same way, counts what it received, and fails on demand (see `faults`).
"""

from provider.server import Provider
from provider.wire import Received

__all__ = ["Provider", "Received"]
