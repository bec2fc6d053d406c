"""What urllib3 does after a try that failed: its own `Retry` decides, in words of its public interface."""

from __future__ import annotations

from http.client import HTTPException
from typing import Any

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True


def tried(pool: Any, method: str, url: str, named: dict[str, Any], result: Any) -> Any:
    """The response to give after a try that brought `result`, a response or an error. Raises what urllib3 raises.

    `named` are the other arguments of `HTTPConnectionPool.urlopen`, which is asked again when there is to be a retry.
    """
    from urllib3.exceptions import MaxRetryError, ProtocolError
    from urllib3.util.retry import Retry

    retries: Any = named.get("retries")
    if not isinstance(retries, Retry):
        retries = Retry.from_int(retries, redirect=named.get("redirect", True), default=pool.retries)
    if isinstance(result, Exception):
        error = ProtocolError("Connection aborted.", result) if isinstance(result, HTTPException) else result
        retries = retries.increment(method, url, error=error, _pool=pool)
        retries.sleep()
        return pool.urlopen(method, url, **{**named, "retries": retries})
    if not retries.is_retry(method, result.status, bool(result.headers.get("retry-after"))):
        return result
    try:
        again = retries.increment(method, url, response=result, _pool=pool)
    except MaxRetryError:
        if retries.raise_on_status:
            raise
        return result
    result.drain_conn()
    again.sleep(result)
    return pool.urlopen(method, url, **{**named, "retries": again})
