"""Everything this package raises.

    BaseException
    └── Refusal                 a call was not allowed to reach a provider
        ├── Miss                nothing recorded answers the request, in replay
        ├── StaleRecording      what is recorded is older than the test wants it, in replay
        ├── OverBudget          a call would cross a bound, or the calls of a test did
        ├── LeakedPlaceholder   a request carried a placeholder key towards a provider
        └── LiveCall            a connection to a provider was about to be opened, in replay
    Exception
    └── LMCacheError
        ├── BadOption           an option, marker argument or ini value nobody can mean
        ├── BadRecording        a file in the cassette folder that cannot be read
        ├── CassettesUnusable   the cassette folder itself cannot be used
        ├── UnkeyableRequest    a request with no faithful JSON form
        ├── BadKeyStrategy      a callable given as key strategy failed, or returned what is not JSON
        ├── CredentialFound     an answer was not recorded, since it or its request holds what looks like a credential
        ├── UnstorableResponse  an answer that could not be rebuilt as it was
        ├── UnreadableCassette  a cassette of another tool that cannot be read
        ├── TierUnavailable     the folder of the local disk tier cannot be used
        └── MissingPackage      an adapter was asked for whose SDK is not installed

A `Refusal` is a BaseException because SDKs retry, wrap and swallow every Exception they meet. All of them survive
pickling, since pytest-xdist sends them between processes.
"""

from __future__ import annotations


class Refusal(BaseException):
    """A call that was not allowed to reach a provider. `text` is the whole explanation, ready to print."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return self.text


class Miss(Refusal):
    """Nothing recorded answers the request, and the mode forbids asking the provider."""


class StaleRecording(Refusal):
    """What is recorded is older than `max_age`, and may not answer, as `stale` says `fail`."""


class OverBudget(Refusal):
    """A call that would have crossed a bound on calls, tokens or cost; or a test whose recorded calls are above one."""


class LeakedPlaceholder(Refusal):
    """A request that carried one of our placeholder keys was about to leave the process."""


class LiveCall(Refusal):
    """A connection to a provider that a test was about to open, though its calls are replayed.

    `host` is the name that was looked up, with its port where one was given; `test` a node id; `site` the place in the
    user's code, empty as long as it is not known.
    """

    def __init__(self, host: str, test: str, site: str = "") -> None:
        BaseException.__init__(self, host, test, site)
        self.host = host
        self.test = test
        self.locate(site)

    def locate(self, site: str) -> None:
        """Say where the call comes from."""
        self.site = site
        place, _, source = site.partition(": ")
        self.text = "\n".join(
            [
                f"lmcache: a connection to {self.host} was about to be opened, and replay makes no live calls.",
                "",
                f"  test       {self.test}",
                f"  call site  {place or 'not known: it runs in a thread or task that no code of yours waits for'}",
                *([f"             {source}"] if source else []),
                "",
                "  No adapter answers what is asked there: its client is not intercepted (a websocket, http.client),",
                "  or it is no model call in a known dialect (a list of models, say). Replace it by a stub; or let the",
                '  test go live with @pytest.mark.lmcache(mode="off"); or set lmcache_guard = off in the ini file.',
            ]
        )


class LMCacheError(Exception):
    """The parent of every ordinary error of this package; its text names the thing, the cause and the remedy."""


class BadOption(LMCacheError):
    """An option, marker argument, fixture value or ini value that is not one of the legal ones."""


class BadRecording(LMCacheError):
    """A file in the cassette folder that cannot be read, or does not hold what its name says."""

    def __init__(self, path: str, cause: str, remedy: str) -> None:
        super().__init__(path, cause, remedy)
        self.path = path
        self.cause = cause
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.path}: {self.cause}. {self.remedy}"


class CassettesUnusable(LMCacheError):
    """The cassette folder cannot be used: it is a file, or cannot be written."""


class UnkeyableRequest(LMCacheError):
    """A request that holds a value with no faithful JSON form; `path` says where, for example `tools[0].function`."""

    def __init__(self, path: str, cause: str) -> None:
        super().__init__(path, cause)
        self.path = path
        self.cause = cause

    def __str__(self) -> str:
        field = self.path.split("[")[0].split(".")[0]
        remedy = f"Pass it as plain JSON, or leave it out of the key with ignore=[{field!r}]."
        return f"cannot make a key: {self.path} is {self.cause}. {remedy}"


class BadKeyStrategy(LMCacheError):
    """A callable given as key strategy raised, or returned what is not JSON."""


class CredentialFound(LMCacheError):
    """An answer that was not recorded, since it or its request holds what looks like a credential.

    `recording` names the recording without the words of its prompt; `found` lists (path, kind), never a value.
    """

    def __init__(self, recording: str, found: tuple[tuple[str, str], ...]) -> None:
        super().__init__(recording, found)
        self.recording = recording
        self.found = found

    def __str__(self) -> str:
        places = "\n".join(f"  {path}: {kind}" for path, kind in self.found)
        kinds = list(dict.fromkeys(kind for _, kind in self.found))
        return (
            f"the recording {self.recording} was not written, since it would hold what looks like a credential:\n"
            f"{places}\n"
            "The test has its answer. Take the credential out of the prompt, or put it into an environment variable "
            "whose name ends in _KEY, _TOKEN, _SECRET or _PASSWORD: then [credential] is recorded in its place. "
            f"Where it opens nothing, allow it: @pytest.mark.lmcache(allow_secrets={kinds!r})"
        )


class UnstorableResponse(LMCacheError):
    """An answer that does not survive being written down and rebuilt; the call itself went through."""


class UnreadableCassette(LMCacheError):
    """A file that should be a cassette of another tool and cannot be read; the text completes 'not used: ...'."""


class TierUnavailable(LMCacheError):
    """The folder of the local disk tier cannot be used: not writable, full, or not ours. Nothing in it was harmed."""

    def __init__(self, path: str, cause: str) -> None:
        super().__init__(path, cause)
        self.path = path
        self.cause = cause

    def __str__(self) -> str:
        return f"the local disk tier at {self.path} cannot be used: {self.cause}"


class MissingPackage(LMCacheError):
    """An adapter was named in the configuration whose SDK is not installed."""
