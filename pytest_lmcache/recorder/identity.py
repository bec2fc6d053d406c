"""Which request a call makes, and under which key: worked out once for equal arguments, then remembered."""

from __future__ import annotations

import marshal
import os
from dataclasses import replace
from typing import Any

from pytest_lmcache.call import Key, Request
from pytest_lmcache.errors import UnkeyableRequest
from pytest_lmcache.keys import KeyRule, canonical, key_of
from pytest_lmcache.redact import Redactor
from pytest_lmcache.seam import UNSENT, Adapter

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True

REMEMBERED_BYTES = 4 * 1024 * 1024
# Version 2 of marshal writes values only: neither references nor interning, which differ between equal values.
_MARSHAL = 2


class Identities:
    """The requests and keys that calls make under one rule.

    Working one out walks all arguments in Python; a call whose arguments are plain data is known again by its
    marshalled bytes, which are made in C.
    """

    def __init__(self, rule: KeyRule, redactor: Redactor) -> None:
        self.rule = rule
        self._redactor = redactor
        self._generation = redactor.generation
        self._known: dict[bytes, tuple[Request, Key] | None] = {}
        self._bytes = 0

    def of(
        self, adapter: Adapter, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Request, Key] | None:
        """The request and key of a call, or None for a call that is not the adapter's.

        Raises UnkeyableRequest and BadKeyStrategy.
        """
        try:
            fingerprint = marshal.dumps((adapter.name, operation, args, kwargs, UNSENT.get()), _MARSHAL)
        except ValueError:
            return self._work_out(adapter, operation, args, kwargs)
        if self._generation == self._redactor.generation:
            try:
                return self._known[fingerprint]
            except KeyError:
                pass
        identity = self._work_out(adapter, operation, args, kwargs)
        self._remember(fingerprint, identity)
        return identity

    def _remember(self, fingerprint: bytes, identity: tuple[Request, Key] | None) -> None:
        self._bytes += len(fingerprint)
        if self._bytes > REMEMBERED_BYTES or self._generation != self._redactor.generation:
            self._known = {}
            self._bytes = len(fingerprint)
            self._generation = self._redactor.generation
        self._known[fingerprint] = identity

    def _work_out(
        self, adapter: Adapter, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Request, Key] | None:
        # A test may set a credential, and replay sets placeholders for those that are missing.
        self._redactor.learn(os.environ)
        self._redactor.learn_arguments(kwargs)
        request = self._describe(adapter, operation, args, kwargs)
        if request is None:
            return None
        if unsent := UNSENT.get():
            conversation = (*request.conversation, *unsent)
            request = replace(request, body={**request.body, **unsent}, conversation=conversation)
        if self._redactor.knows_any and self._redactor.found_in(canonical(request.body)):
            body = self._redactor.clean(request.body)
            assert isinstance(body, dict)
            request = replace(request, body=body)
        return request, key_of(request, self.rule)

    def _describe(
        self, adapter: Adapter, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Request | None:
        """The request; a field that is left out of the key need have no JSON form, and is then left out of it, too."""
        try:
            return adapter.describe(operation, args, kwargs)
        except UnkeyableRequest:
            kept = {name: value for name, value in kwargs.items() if name not in self.rule.ignore}
            if len(kept) == len(kwargs):
                raise
            return adapter.describe(operation, args, kept)
