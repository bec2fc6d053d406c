"""Values for a JSON schema: always valid, and taken from the prompt where it has something to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from provider.reading import choose, numbers, sentences, stems, strings
from provider.wire import Object

_FORMATS = {
    "date": "2025-06-01",
    "date-time": "2025-06-01T12:00:00Z",
    "time": "12:00:00Z",
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_DEEP = 6


class MissingError(LookupError):
    """The prompt does not say what a required field needs."""


@dataclass(frozen=True, slots=True)
class Filler:
    """One schema being filled from one prompt.

    `mark` goes into free texts. With `strict`, nothing is made up: a required field that the prompt says nothing
    about raises MissingError, and an optional one is left out.
    """

    root: Object
    text: str
    mark: str
    results: tuple[str, ...] = ()
    strict: bool = False

    def fill(self, schema: Any, name: str = "", *, nth: int = 0, depth: int = 0) -> Any:
        """A valid value for a field called `name`, the `nth` number among its siblings."""
        schema = self._resolve(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return choose(schema["enum"], self.text)
        choices = schema.get("anyOf") or schema.get("oneOf")
        kinds = schema.get("type")
        if isinstance(kinds, list):
            choices = [{**schema, "type": kind} for kind in kinds]
        if choices:
            return self._alternative(choices, name, nth, depth)
        if kinds == "object" or "properties" in schema:
            return self._object(schema, depth)
        if kinds == "array":
            return self._array(schema, name, depth)
        if kinds in ("integer", "number"):
            return self._number(schema, nth)
        if kinds == "boolean":
            return bool(stems(name) & stems(self.text)) or self.strict
        return None if kinds == "null" else self._string(schema, name)

    def _resolve(self, schema: Any) -> Object:
        while isinstance(schema, dict) and "$ref" in schema:
            target: Any = self.root
            for step in schema["$ref"].removeprefix("#").strip("/").split("/"):
                target = target[step] if step else target
            schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
        if not isinstance(schema, dict):
            return {}
        merged = dict(schema)
        for reference in merged.pop("allOf", ()):
            part = self._resolve(reference)
            properties = {**merged.get("properties", {}), **part.get("properties", {})}
            required = [*merged.get("required", ()), *part.get("required", ())]
            merged = {**part, **merged}
            if properties:
                merged |= {"properties": properties, "required": required}
        return merged

    def _alternative(self, choices: list[Any], name: str, nth: int, depth: int) -> Any:
        real = [choice for choice in choices if self._resolve(choice).get("type") != "null"]
        optional = len(real) < len(choices)
        if not real or (optional and depth > _DEEP):
            return None
        first = self._resolve(real[0])
        plain = first.get("type") == "string" and "enum" not in first
        if optional and plain and not strings(name, self.text, self.results):
            return None
        if optional and first.get("type") in ("integer", "number") and len(numbers(self.text)) <= nth:
            return None
        return self.fill(first, name, nth=nth, depth=depth)

    def _object(self, schema: Object, depth: int) -> Object:
        required = schema.get("required", ())
        filled: Object = {}
        nth = 0
        for name, property_schema in schema.get("properties", {}).items():
            if name not in required and depth > _DEEP:
                continue
            try:
                filled[name] = self.fill(property_schema, name, nth=nth, depth=depth + 1)
            except MissingError:
                if name in required:
                    raise
            nth += isinstance(filled.get(name), int | float) and not isinstance(filled.get(name), bool)
        for name in required:
            filled.setdefault(name, self.mark)
        return filled

    def _array(self, schema: Object, name: str, depth: int) -> list[Any]:
        first = [self.fill(item, name, depth=depth + 1) for item in schema.get("prefixItems", ())]
        least, most = schema.get("minItems", 0), schema.get("maxItems", 3)
        items = self._resolve(schema.get("items", {}))
        if items.get("type") == "string" and "enum" not in items:
            found = strings(name, self.text, self.results)[:most]
            if len(found) >= max(least, 1):
                return found
        wanted = max(least, 0 if depth > _DEEP else min(1, most)) - len(first)
        return first + [self.fill(items, name, nth=index, depth=depth + 1) for index in range(wanted)]

    def _number(self, schema: Object, nth: int) -> float:
        whole = schema.get("type") == "integer"
        step = schema.get("multipleOf", 1 if whole else 0)
        low = schema.get("minimum", schema.get("exclusiveMinimum"))
        high = schema.get("maximum", schema.get("exclusiveMaximum"))
        known = numbers(self.text)[nth : nth + 1]
        within = known and (low is None or known[0] > low) and (high is None or known[0] < high)
        if within and not (step and known[0] % step):
            value = known[0]
        elif self.strict and not known:
            raise MissingError
        elif low is not None and high is not None:
            value = low + (high - low) * 0.8
        else:
            value = low + (step or 1) if low is not None else high - (step or 1) if high is not None else 1
        if step and value % step:
            value = value - value % step
        return int(value) if whole else round(float(value), 4)

    def _string(self, schema: Object, name: str) -> str:
        found = strings(name, self.text, self.results)
        if schema.get("format") in _FORMATS:
            return found[0] if found and schema["format"] in ("email", "date", "uri") else _FORMATS[schema["format"]]
        if found:
            value = found[0]
        elif self.strict:
            raise MissingError
        else:
            value = f"{' '.join(sentences(self.text)[:1])[:120]} (answer {self.mark})".strip()
        return value.ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength")]
