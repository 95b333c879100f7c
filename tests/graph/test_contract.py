"""What the app asks of Graph is what Graph's OpenAPI description offers."""

import re

import pytest

from local.simulator.wire import Request
from shared.graph.sources import SOURCES
from tests.export.world import World
from tests.simulator.openapi import document


@pytest.mark.parametrize("source", SOURCES)
def test_requests_are_described(source: str) -> None:
    """Path, query options, the permission and every property in a filter are Graph's own."""
    description = document()
    sent: list[Request] = []
    world = World(source)
    world.create(60)
    world.graph.faults[source].max_top = 1
    world.create(86_400)
    world.graph.on_request = sent.append
    world.run()
    assert sent
    for request in sent:
        assert request.method == "GET"
        operation = description["paths"][request.path.removeprefix("/v1.0")]["get"]
        offered = {parameter["$ref"].rpartition("/")[2] for parameter in operation["parameters"]} | {"skiptoken"}
        assert {option.removeprefix("$") for option in request.query} <= offered
        assert operation["x-ms-permissions"]["Application"][0] == SOURCES[source].permission
        used = re.findall(r"(\w+) (?:ge|lt|asc)", " ".join(request.query.values()))
        assert set(used) <= set(properties(description, operation))


def properties(description: dict, operation: dict) -> dict:  # type: ignore[type-arg]
    """The properties of what an operation lists."""
    schemas = description["components"]["schemas"]
    text = str(operation["responses"])
    collection = re.search(r"#/components/(schemas|responses)/([\w.]+)", text)
    assert collection
    if collection[1] == "responses":
        text = str(description["components"]["responses"][collection[2]])
        collection = re.search(r"#/components/(schemas)/([\w.]+)", text)
        assert collection
    listed = re.search(
        r"#/components/schemas/(microsoft\.graph\.[\w.]+)'", str(schemas[collection[2]]["properties"]["value"])
    )
    assert listed
    schema = schemas[listed[1]]
    parts = schema.get("allOf", [schema])
    return {name: value for part in parts for name, value in part.get("properties", {}).items()}
