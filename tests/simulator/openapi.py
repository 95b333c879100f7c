"""Graph's OpenAPI 3.0 description as JSON Schema 2020-12, so that answers can be checked against it."""

import json
import os
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import (  # type: ignore[import-untyped]  # its stubs are a package of their own
    Draft202012Validator,
    FormatChecker,
    ValidationError,
)

Mismatch = ValidationError

_REPOSITORY = Path(__file__).parents[2]
_SCHEMAS = "#/components/schemas/"
_ANNOTATIONS = {"patternProperties": {"@odata\\.": True}}
_formats = FormatChecker(formats=())


@_formats.checks("date-time", raises=ValueError)  # type: ignore[untyped-decorator]
def _is_date_time(value: object) -> bool:
    """The one format that matters here, without a further package."""
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def document() -> dict[str, Any]:
    """The description; skips the test where it is absent."""
    path = Path(os.environ.get("GRAPH_OPENAPI", _REPOSITORY.parent / "shared" / "graph-security-openapi.json"))
    if not path.exists():
        pytest.skip(f"Graph's OpenAPI description is not at {path}; set GRAPH_OPENAPI to where it is")
    return _read(path)


@cache
def _read(path: Path) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return parsed


def validator(path: str, status: str = "200", method: str = "get") -> Draft202012Validator:
    """Checks bodies of answers; the path as in the description."""
    described = document()
    response = described["paths"][path][method]["responses"][status]
    if "$ref" in response:
        response = described["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return _validator(response["content"]["application/json"]["schema"], described)


def type_validator(name: str) -> Draft202012Validator:
    """Checks values of a type, such as ``changeNotificationCollection``."""
    return _validator({"$ref": f"{_SCHEMAS}microsoft.graph.{name}"}, document())


def _validator(node: dict[str, Any], described: dict[str, Any]) -> Draft202012Validator:
    schema = _translate(node, described)
    components = {"schemas": {name: _body(described, name) for name in described["components"]["schemas"]}}
    return Draft202012Validator(schema | {"components": components}, format_checker=_formats)


def _body(described: dict[str, Any], name: str) -> dict[str, Any]:
    """A component; inheritance stays open, what is used in its properties is closed."""
    schema = described["components"]["schemas"][name]
    if "allOf" in schema:
        base, own = schema["allOf"]
        return {"allOf": [base, _translate(own, described)], **_openness(schema)}
    return dict(_translate({key: value for key, value in schema.items() if key != "discriminator"}, described))


def _translate(node: Any, described: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_translate(item, described) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _reference(node["$ref"], described)
    if "anyOf" in node:
        # "nullable" cannot stand beside $ref in 3.0; Graph's descriptions say so by a nullable object.
        return {"anyOf": [_translate(node["anyOf"][0], described), {"type": "null"}]}
    translated = {key: _translate(value, described) for key, value in node.items() if key != "nullable"}
    if node.get("nullable") is True and "type" in node:
        translated["type"] = [node["type"], "null"]
    return translated


def _reference(reference: str, described: dict[str, Any]) -> dict[str, Any]:
    """A use of a type: no property that it does not have, and the derived type that @odata.type names."""
    schema = described["components"]["schemas"][reference.removeprefix(_SCHEMAS)]
    if mapping := schema.get("discriminator", {}).get("mapping"):
        return {
            "required": ["@odata.type"],
            "properties": {"@odata.type": {"enum": list(mapping)}},
            "allOf": [
                {"if": {"properties": {"@odata.type": {"const": name}}}, "then": _closed(derived, described)}
                for name, derived in mapping.items()
            ],
        }
    return _closed(reference, described)


def _closed(reference: str, described: dict[str, Any]) -> dict[str, Any]:
    schema = described["components"]["schemas"][reference.removeprefix(_SCHEMAS)]
    if schema.get("type", "object") != "object" or "enum" in schema or _openness(schema):
        return {"$ref": reference}
    return {"$ref": reference, **_ANNOTATIONS, "unevaluatedProperties": False}


def _openness(schema: dict[str, Any]) -> dict[str, Any]:
    """OData's open types may carry any further property."""
    own = schema["allOf"][1] if "allOf" in schema else schema
    return {"additionalProperties": True} if own.get("additionalProperties") else {}
