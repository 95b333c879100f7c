"""A stand-in for the deployed app: it reads its settings when it starts; its status is made by the app's own code."""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared import instants, settings
from shared.clock import Clock
from shared.export import checkpoint as checkpoints
from shared.export import names
from shared.export.checkpoint import LIVE, Checkpoint, Failure, Lane
from shared.graph.sources import DAILY, SOURCES
from shared.status_reading import read
from shared.subscriptions import state as subscribed
from shared.subscriptions.state import Memory, Subscribed
from tests.fakes.memory_blobs import MemoryBlobs
from tests.infra.hooks.arm_standin import REFERENCES, ArmStandIn

TENANT: Final = "11111111-2222-4333-8444-555555555555"
_STARTS: Final = {"export_alerts": ("alerts_v2",), "export_secure_scores": DAILY}


class AppStandIn:
    """What tests set and look at; ``routes`` answers."""

    def __init__(self, arm: ArmStandIn, clock: Clock) -> None:
        self._arm = arm
        self._clock = clock
        self._state = MemoryBlobs(clock)
        self._started: list[str] = []
        self.missing: set[str] = set()
        """Permissions that the identity lacks."""
        self.refusal = ""
        """Graph's words where it refuses to subscribe."""
        self.works_after = 0
        """So many times status is asked for before what was started is done."""
        self.answers: list[int] = []
        """HTTP statuses of the next answers; then the status itself."""
        self.wrong_settings = ""
        self.restarts = 0
        self.restart_takes = 0
        """So many times status is asked for before a restart shows."""
        self._stale_for = 0
        arm.on_start = self._started.append
        arm.on_restart = self._restart
        self._read_settings()

    def _restart(self) -> None:
        self.restarts += 1
        self._stale_for = self.restart_takes
        if not self.restart_takes:
            self._read_settings()

    def _read_settings(self) -> None:
        values = {name: self._arm.setting(name) for name in REFERENCES}
        storage = "UseDevelopmentStorage=true"
        self._settings = settings.load(
            {"TENANT_ID": TENANT, "EXPORT_STORAGE": storage, "AzureWebJobsStorage": storage, **values}
        )

    @property
    def notification_url(self) -> str | None:
        """What the app knows of its own URL."""
        return self._settings.notification_url

    @property
    def client_states(self) -> tuple[str, ...]:
        """What the app accepts of Graph."""
        return self._settings.client_states()

    def do(self, *functions: str) -> None:
        """Do what these functions do."""
        now = instants.to_text(instants.from_datetime(self._clock.now()))
        for source in (source for function in functions for source in _STARTS.get(function, ())):
            done = Checkpoint(
                source=source, tenant=TENANT, first_start=now, lanes={LIVE: Lane(watermark=now, keys_from=now)}
            )
            permission = SOURCES[source].permission
            if permission in self.missing:
                words = (
                    f"tenant {TENANT}: Graph answered {SOURCES[source].path} with 403 Forbidden: Missing application "
                )
                words += f"roles. Grant the application permission {permission} to the app's identity"
                done = done.replace(failure=Failure(at=now, reason="refused", message=words))
            else:
                done = done.replace(complete_until=now, records=1234)
            self._state.put(names.checkpoint(source, TENANT), checkpoints.encode(done))
        if "maintain_subscriptions" in functions and self.notification_url:
            known = [
                Subscribed(
                    resource=wanted.resource,
                    change_type=wanted.change_type,
                    id="" if self.refusal else "made",
                    expires="" if self.refusal else "2099-01-01T00:00:00.0000000Z",
                    made="" if self.refusal else now,
                    refused=now if self.refusal else "",
                    message=self.refusal,
                )
                for wanted in self._settings.subscriptions
            ]
            self._state.put(subscribed.name(TENANT), subscribed.encode(Memory(checked=now, subscriptions=known)))

    def routes(self) -> list[Route]:
        """For starlette."""
        return [Route("/api/status", self._status, methods=["GET"])]

    async def _status(self, request: Request) -> Response:
        if request.headers.get("x-functions-key") != self._arm.keys["status"]["default"]:
            return Response(status_code=401)
        if self._stale_for:
            self._stale_for -= 1
            if not self._stale_for:
                self._read_settings()
        if self.answers:
            return Response(status_code=self.answers.pop(0))
        if self.wrong_settings:
            return JSONResponse({"healthy": False, "settings": self.wrong_settings}, 500)
        if self._started:
            self.works_after -= 1
            if self.works_after < 0:
                self.do(*self._started)
                self._started.clear()
        now = instants.from_datetime(self._clock.now())
        lengths = {"export-jobs": 0, "export-jobs-poison": 0}
        return JSONResponse(read(self._settings, self._state, [TENANT], ["alerts_v2", *DAILY], lengths, now))
