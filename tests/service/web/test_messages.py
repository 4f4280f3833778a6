"""The types of the messages, against what openapi.yaml says of them to others."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
import yaml

import bachd.service.web.server
from bachd.service.telemetry.snapshot import Snapshot
from bachd.service.web import messages
from bachd.service.web.messages import Command, Order
from bachd.service.web.server.browser_messages import Hello, Pong

API = yaml.safe_load((Path(bachd.service.web.server.__file__).parent / "openapi.yaml").read_text())
SCHEMAS: dict[str, Any] = API["components"]["schemas"]
FEED: str = API["paths"]["/api/feed"]["get"]["description"]


def kinds(*types: Any) -> set[str]:
    """The values of `type` in types of messages."""
    found: set[str] = set()
    for each in types:
        hint = get_type_hints(each)["type"]
        assert get_origin(hint) is Literal
        found |= set(get_args(hint))
    return found


@pytest.mark.parametrize("name", ["Step", "PlannedStep", "Settings", "Status"])
def test_the_fields_are_those_that_are_described(name: str) -> None:
    fields = set(get_type_hints(getattr(messages, name)))
    schema = SCHEMAS[name]
    described = set(schema["properties"])
    if name == "Status":
        described -= {"clock"}  # which GET /api/status adds
    assert described == fields
    assert set(schema["required"]) - {"clock"} == fields


def test_the_feed_sends_the_kinds_that_are_described() -> None:
    sent = kinds(*get_args(messages.FeedMessage), Hello, Pong)
    described = set(re.findall(r"`(\w+)`(?=[ ;.,]*(?:\{|and `going`|;))|and `(going)`", FEED.partition("To bachd")[0]))
    assert {first or second for first, second in described} == sent


def test_the_fields_of_the_feeds_messages_are_described() -> None:
    for each in (*get_args(messages.FeedMessage), Hello, Pong):
        fields = set(get_type_hints(each)) - {"type"}
        for kind in kinds(each):
            if fields:
                (text,) = re.findall(rf"`{kind}` (\{{[^`]*?\}})(?=[,;.]|$| )", FEED)[:1] or [""]
                assert fields <= set(re.findall(r"\w+", text)), (kind, text)


def test_the_orders_are_those_that_are_described() -> None:
    assert {"name": "order", "in": "path", "required": True, "schema": {"enum": list(get_args(Order))}} in (
        API["paths"]["/api/{order}"]["post"]["parameters"]
    )
    assert set(get_args(Command)) > set(get_args(Order))


def test_the_status_is_the_snapshot_without_the_link() -> None:
    assert set(get_type_hints(messages.Status)) == set(get_type_hints(Snapshot)) - {"page"} | {"playing"}
