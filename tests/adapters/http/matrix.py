"""All rows of the contract matrix, and the table of them that `docs/sdks.md` shows."""

from __future__ import annotations

import rows_anthropic
import rows_clouds
import rows_endpoints
import rows_frameworks
import rows_langchain
import rows_mistral
import rows_openai
import rows_others
import rows_pydantic_ai
import transports
from calls import Row

SDKS = (rows_openai, rows_endpoints, rows_anthropic, rows_clouds, rows_mistral, rows_others)
FRAMEWORKS = (rows_langchain, rows_pydantic_ai, rows_frameworks)
ROWS: list[Row] = [row for table in (*SDKS, *FRAMEWORKS, transports) for row in table.TABLE.rows]


def as_markdown() -> list[str]:
    """A line an SDK: its name, and the forms of its blocking and its asynchronous calls."""
    forms: dict[str, dict[str, list[str]]] = {}
    for row in ROWS:
        forms.setdefault(row.sdk, {"sync": [], "async": []})[row.way].append(row.form)
    return [f"| {sdk} | {', '.join(ways['sync'])} | {', '.join(ways['async'])} |" for sdk, ways in forms.items()]
