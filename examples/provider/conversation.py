"""What was asked and what is answered, in words that belong to no dialect, and how tokens are counted."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

from provider.wire import Object


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the caller offers, with the JSON schema of its arguments."""

    name: str
    description: str
    schema: Object


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as far as it decides the answer.

    `user` is the last thing a person said; `results` are what tools returned since then, `called` the names of those
    tools. `choice` is "auto", "none", "required", or the name of the tool that has to be called.
    """

    system: str = ""
    user: str = ""
    results: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()
    choice: str = "auto"
    parallel: bool = True
    schema: Object | None = None
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Called:
    """A tool call of an answer."""

    name: str
    arguments: Object


@dataclass(frozen=True, slots=True)
class Answer:
    """A text, or tool calls. `cut` is set when the text was ended by the limit of tokens."""

    text: str = ""
    calls: tuple[Called, ...] = ()
    reasoning: str = ""
    cut: bool = False

    @property
    def tokens(self) -> int:
        """The tokens of everything generated, reasoning included."""
        return count_tokens(self.text, self.reasoning, *(f"{call.name} {call.arguments}" for call in self.calls))


@dataclass
class Reader:
    """Collects an `Asked` from messages in the order they were said."""

    system: list[str] = field(default_factory=list)
    user: str = ""
    results: list[str] = field(default_factory=list)
    called: list[str] = field(default_factory=list)
    attachments: list[str] = field(default_factory=list)
    everything: list[str] = field(default_factory=list)

    def said(self, content: Any) -> None:
        """A person said something: tool calls of earlier questions are over."""
        self.user = self.text_of(content)
        self.results, self.called = [], []

    def text_of(self, content: Any) -> str:
        """The text of a content, plain or in parts. Parts that are no text are noted as attachments."""
        if not isinstance(content, list):
            texts = [str(content or "")]
        else:
            texts = []
            for part in content:
                if "text" in part:
                    texts.append(str(part["text"]))
                else:
                    self.attachments.append(re.sub("^input_|_url$", "", str(part.get("type", "file"))))
        self.everything += texts
        return "\n".join(texts)

    def asked(self, *, tools: tuple[Tool, ...], choice: str, parallel: bool, schema: Object | None) -> Asked:
        """What was collected. Attachments count 85 tokens each, as a small picture does at OpenAI."""
        offered = (f"{tool.name} {tool.description} {tool.schema}" for tool in tools)
        return Asked(
            system="\n".join(self.system),
            user=self.user,
            results=tuple(self.results),
            called=tuple(self.called),
            attachments=tuple(self.attachments),
            tools=tools,
            choice=choice,
            parallel=parallel,
            schema=schema,
            tokens=count_tokens(*self.everything, *offered) + 85 * len(self.attachments) + 3,
        )


def count_tokens(*texts: str) -> int:
    """About as many tokens as a real tokenizer would find: 1.3 a word."""
    return math.ceil(sum(len(text.split()) for text in texts) * 1.3)


def pieces(text: str, size: int = 6) -> list[str]:
    """A text in the pieces a stream brings it in. Joined they are the text."""
    return re.findall(rf"\s*\S{{1,{size}}}|\s+", text)
