"""The deployed function app, asked through Azure Resource Manager: its functions, their keys, runs on demand, status.

Shapes: "Web Apps - List Functions", "List Function Keys" (a flat object, names to values), "Create Or Update Function
Secret"; azure-cli's ``get_function_key`` makes a key the same way. Running through ``hostruntime`` is what the portal's
Test/Run does ("Manually run a non HTTP-triggered function"); the app's own master key need not be known for it.
"""

from collections.abc import Callable, Collection
from typing import Any, Final

from infra.hooks.arm import Arm
from infra.hooks.console import say
from infra.hooks.rest import Answer, Rest
from infra.hooks.status_report import Status
from infra.hooks.stopped import Stopped
from shared.clock import Clock

_INDEXED_WITHIN_S: Final = 300.0
_SETTLED_WITHIN_S: Final = 300.0
_ASK_AGAIN_S: Final = 10.0

_WHERE_TO_LOOK: Final = """Usual causes, and where they show:
  - The host can't read its storage yet, since new roles take minutes to spread: 'azd deploy' again.
  - The remote build ran another Python than 3.13 and so found no azure-functions 2.x, or took over 60 s: the output
    of 'azd deploy', or Deployment Center in the portal. docs/deploy.md tells how to deploy without a remote build.
  - The code can't be imported: one error hides all functions. In Application Insights, exceptions and traces of the
    last hour.
Then run 'azd deploy' again."""


class FunctionApp:
    """One function app.

    Args:
        arm: Azure Resource Manager.
        site_id: its resource id.
        url: its public URL, without a slash at the end.
        clock: tells the time, and waits.
    """

    def __init__(self, arm: Arm, site_id: str, url: str, clock: Clock) -> None:
        self._arm = arm
        self._site = site_id
        self._url = url
        self._clock = clock

    def wait_until_indexed(self, needed: Collection[str]) -> None:
        """Wait until the host has found these functions.

        Raises:
            Stopped: it found none, or too few, for minutes.
        """
        until = self._clock.monotonic() + _INDEXED_WITHIN_S
        told = False
        while missing := sorted(set(needed) - (found := self._functions())):
            if self._clock.monotonic() + _ASK_AGAIN_S > until:
                minutes = f"{_INDEXED_WITHIN_S / 60:.0f}"
                if found:
                    raise Stopped(
                        f"after {minutes} minutes the app lacks functions: {', '.join(missing)}. 'azd deploy'."
                    )
                raise Stopped(f"after {minutes} minutes the app shows 0 functions.\n{_WHERE_TO_LOOK}")
            if not told:
                say("Waiting until the functions show up.")
                told = True
            self._clock.sleep(_ASK_AGAIN_S)
        say(f"The app has {len(found)} functions.")

    def own_key(self, function: str, name: str) -> str:
        """A key that opens one function alone, made if it is not there. Never a host key: that opens all."""
        keys = self._keys(function)
        if name in keys:
            return keys[name]
        # Without a value, the host makes one.
        made = self._arm.put(f"{self._site}/functions/{function}/keys/{name}", {"properties": {"name": name}})
        value: str = made["properties"]["value"]
        return value

    def restart(self) -> None:
        """Start all instances anew, so that they read their settings again."""
        self._arm.post(f"{self._site}/restart")

    def start(self, function: str) -> None:
        """Run a function now that is not triggered by HTTP; answered before it ends."""
        self._arm.post(f"{self._site}/hostruntime/admin/functions/{function}", {"input": ""})

    def status(self, settled: Callable[[Status], bool], until_what: str) -> Status:
        """What the app says of itself once that is settled; what it said last, where it is not for minutes.

        Args:
            settled: decides whether it is.
            until_what: what a person is told that is waited for.

        Raises:
            Stopped: it said nothing, or finds its settings wrong.
        """
        keys = self._keys("status")
        key = keys.get("default") or next(iter(keys.values()))
        # In a header: a URL with the key would show in logs along the way.
        app = Rest("The app", self._url, lambda: {"x-functions-key": key}, self._clock)
        until, told = self._clock.monotonic() + _SETTLED_WITHIN_S, False
        while True:
            answer = app.ask("GET", "/api/status")
            good = answer is not None and answer.status == 200 and isinstance(answer.data, dict)
            out_of_time = self._clock.monotonic() + _ASK_AGAIN_S > until
            if answer and good and (out_of_time or settled(answer.data)):
                status: Status = answer.data
                return status
            if out_of_time:
                raise Stopped(
                    f"the app's status can't be read for {_SETTLED_WITHIN_S / 60:.0f} minutes: {_said(answer)}\n"
                    "Look at exceptions and traces in Application Insights; then run: azd hooks run postdeploy"
                )
            if not told:
                say(f"Waiting until {until_what}, for {_SETTLED_WITHIN_S / 60:.0f} minutes at most.")
                told = True
            self._clock.sleep(_ASK_AGAIN_S)

    def _functions(self) -> set[str]:
        return {function["properties"]["name"] for function in self._arm.items(f"{self._site}/functions")}

    def _keys(self, function: str) -> dict[str, str]:
        keys: dict[str, Any] = self._arm.post(f"{self._site}/functions/{function}/listKeys")
        return keys


def _said(answer: Answer | None) -> str:
    match answer:
        case None:
            return "it does not answer at all"
        case Answer(data={"settings": str(wrong)} | {"error": str(wrong)}):
            return wrong
        case _:
            return f"it answers {answer.status}"
