"""One record in Graph: read, changed, commented on."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from shared.clock import Clock
from shared.errors import DataNotUnderstood, GraphRefused, GraphUnavailable
from shared.graph.answers import Answer, OutOfTime
from shared.graph.client import Call, GraphClient, Tally
from shared.resources.rules import Updatable

_COMMENT_TYPE = "microsoft.graph.security.alertComment"


class Unsure(GraphUnavailable):
    """A change or comment was sent, and no answer told what became of it."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record as Graph shows it."""

    raw: msgspec.Raw
    """As it came."""
    fields: dict[str, Any]


class RecordInGraph:
    """A record of one tenant. Every method raises what ``GraphClient.send`` raises.

    Nothing begins after the monotonic second ``until``.
    """

    def __init__(
        self, client: GraphClient, clock: Clock, tenant: str, rules: Updatable, id_: str, until: float
    ) -> None:
        self._client = client
        self._clock = clock
        self._tenant = tenant
        self._rules = rules
        self._path = f"{rules.source.path}/{quote(id_, safe='')}"
        self._until = until

    def read(self) -> Record:
        """The present state.

        Raises:
            DataNotUnderstood: the answer is no JSON object.
        """
        call = Call("GET", self._client.base_url + self._path, self._path, self._rules.source.permission)
        return self._record(self._send(call, Tally()).body)

    def to_change(self, fields: dict[str, Any], if_match: str | None) -> Call:
        """The request that changes these fields."""
        return Call(
            "PATCH",
            self._client.base_url + self._path,
            self._path,
            self._rules.permission,
            msgspec.json.encode(fields),
            if_match=if_match,
            # What always answers with the record documents no such header.
            prefer=("return=representation",) if self._rules.shows_result else (),
        )

    def to_comment(self, text: str) -> Call:
        """The request that posts a comment."""
        path = f"{self._path}/comments"
        body = msgspec.json.encode({"@odata.type": _COMMENT_TYPE, "comment": text})
        return Call("POST", self._client.base_url + path, path, self._rules.permission, body)

    def change(self, call: Call) -> Record | None:
        """Send a change; the record as it then is, if Graph shows it.

        Raises:
            Unsure: no answer told whether it was made.
        """
        # Once, where a second try would meet the state that an unanswered first one made, and be told 412.
        answer = self._write(call, tries=1 if call.if_match else 3)
        try:
            return self._record(answer.body) if answer.status == 200 else None
        except DataNotUnderstood:
            return None  # it is made; a reading tells the state

    def comment(self, call: Call) -> None:
        """Post a comment, and never twice.

        Raises:
            Unsure: no answer told whether it was posted.
        """
        self._write(call, tries=1)

    def _write(self, call: Call, tries: int) -> Answer:
        tally = Tally()
        try:
            return self._send(call, tally, tries)
        except (GraphUnavailable, GraphRefused) as error:
            turned_away = tally.throttled + isinstance(error, GraphRefused)
            if tally.requests > turned_away:  # one may have arrived
                raise Unsure(f"{error} It is not known whether it was done.") from error
            raise

    def _send(self, call: Call, tally: Tally, tries: int = 3) -> Answer:
        try:
            if self._clock.monotonic() > self._until:
                raise OutOfTime("The time of this request is used up. Ask again for this record.")
            return self._client.send(self._tenant, call, tally=tally, until=self._until, fault_tries=tries)
        except OutOfTime as error:
            raise error if tally.requests else OutOfTime(f"Not tried. {error}") from None

    def _record(self, body: bytes) -> Record:
        try:
            fields = json.loads(body)  # takes half of a surrogate pair, which msgspec refuses
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict):
            raise DataNotUnderstood(f"tenant {self._tenant}: Graph's answer to {self._path} is no JSON object.")
        return Record(msgspec.Raw(body), fields)
