"""Goals: every answer within 3 s; at most 1.5 times an empty function's; under 1 ms a notification of our own."""

import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from bench.report import Ratio, Section, ratio_of
from bench.rounds import both, turns
from bench.webhook import hosts
from bench.webhook.alone import Alone, alone
from bench.webhook.hosts import Endpoint, Load
from bench.webhook.load import IN_TIME_S, Answers, Target, burst, steady
from bench.webhook.percentile import percentile

_A_SECOND: Final = 200
_BURST: Final = 1000
_ROUNDS: Final = 5
_TURN_S: Final = 2
_TURN_BURST: Final = 300
_WARM_UP_S: Final = 5
_GOAL_RATIO: Final = 1.5
_GOAL_US: Final = 1000


def webhook(seconds: float) -> Iterator[Section]:
    """All of it; ``seconds`` is how long the steady load lasts."""
    with (
        hosts.stack(consuming=False) as (endpoint, azurite),
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        hosts.empty_app(azurite, Path(folder)) as (queued, bare),
    ):
        compared = _compared({"webhook": endpoint, "empty, queue": queued, "empty": bare})
        loads = {name: endpoint.under(load) for name, load in _loads(seconds)}
    for name, load in _loads(seconds):
        loads[f"{name}, consumed meanwhile"] = _consumed(load)
    yield _under_load(loads, seconds)
    yield compared
    yield _alone(alone())


def _loads(seconds: float) -> Iterator[tuple[str, Callable[[Target], Answers]]]:
    yield f"{_A_SECOND}/s", partial(steady, a_second=_A_SECOND, seconds=seconds)
    yield f"{_BURST:,} at once", partial(burst, posts=_BURST)


def _consumed(load: Callable[[Target], Answers]) -> Load:
    """With an empty queue in the beginning, after some seconds in which it is kept empty with ease."""
    with hosts.stack(consuming=True) as (endpoint, _):
        endpoint.under(partial(steady, a_second=_A_SECOND / 10, seconds=_WARM_UP_S))
        return endpoint.under(load)


def _under_load(loads: Mapping[str, Load], seconds: float) -> Section:
    text = (
        f"One notification a POST. Steady for {seconds:g} s; every time counts from the moment the POST was due. "
        f"Within {IN_TIME_S:g} s: goal 100 %. The generator's delay is what it was late itself (99th percentile)."
    )
    head = (
        *("", "POSTs", "answers/s", "p50 ms", "p95 ms", "p99 ms", "longest ms", f"within {IN_TIME_S:g} s", ""),
        *("generator's delay ms", "CPU ms a POST: host", "Azurite", "queue grew by"),
    )
    return Section("The answer under load", text, head, [_load_row(name, load) for name, load in loads.items()])


def _load_row(name: str, load: Load) -> list[str]:
    answers = load.answers
    return [
        name,
        f"{len(answers.seconds):,}",
        f"{answers.a_second:.0f}",
        *(_ms(answers.at(share)) for share in (50, 95, 99, 100)),
        f"**{math.floor(answers.in_time * 10_000) / 100:g} %**",
        "met" if answers.in_time == 1 else "**missed**",
        _ms(percentile(answers.late_s, 99)),
        *(f"{spent:.1f}" for spent in (load.host_ms, load.storage_ms)),
        f"{load.left:,}",
    ]


@dataclass(frozen=True)
class _Turn:
    """One contestant's: first steady, then a burst."""

    steady: Load
    burst: Load


def _turn(endpoint: Endpoint) -> _Turn:
    return _Turn(
        endpoint.under(partial(steady, a_second=_A_SECOND, seconds=_TURN_S)),
        endpoint.under(partial(burst, posts=_TURN_BURST)),
    )


def _compared(endpoints: Mapping[str, Endpoint]) -> Section:
    taken = turns({name: partial(_turn, endpoint) for name, endpoint in endpoints.items()}, _ROUNDS)
    ours, queued, bare = taken.values()
    ratios = (
        _ratio(_p50(ours), _p50(queued), "p50 of the answer: webhook / empty function, same queue", _GOAL_RATIO),
        _ratio(_p95(ours), _p95(queued), "p95 of the answer: webhook / empty function, same queue", _GOAL_RATIO),
        _ratio(_burst_s(ours), _burst_s(queued), "a burst: webhook / empty function, same queue", _GOAL_RATIO),
        _ratio(_host_ms(ours), _host_ms(queued), "CPU time of the host: webhook / empty function, same queue"),
        _ratio(_p50(queued), _p50(bare), "p50 of the answer: empty function with a queue / without"),
    )
    text = (
        f"The app and an empty app ([function_app.py](../empty_app/function_app.py)), a local host each, the same "
        f"Azurite, in turns: {_TURN_S} s of {_A_SECOND}/s, then {_TURN_BURST} at once; {_ROUNDS} rounds, medians. "
        f"Nothing is consumed."
    )
    head = ("", "p50 ms", "p95 ms", "burst: answers/s", "CPU ms a POST: host", "Azurite", "generator")
    return Section(
        "Against an empty function", text, head, [_turns_row(name, one) for name, one in taken.items()], ratios
    )


def _turns_row(name: str, taken: Sequence[_Turn]) -> list[str]:
    steady_loads = [turn.steady for turn in taken]
    return [
        name,
        _ms(both(_p50(taken))[0]),
        _ms(both(_p95(taken))[0]),
        f"{_TURN_BURST / both(_burst_s(taken))[0]:.0f}",
        f"{both(_host_ms(taken))[0]:.2f}",
        f"{both([load.storage_ms for load in steady_loads])[0]:.2f}",
        f"{both([load.generator_ms for load in steady_loads])[0]:.2f}",
    ]


def _p50(taken: Sequence[_Turn]) -> list[float]:
    return [turn.steady.answers.at(50) for turn in taken]


def _p95(taken: Sequence[_Turn]) -> list[float]:
    return [turn.steady.answers.at(95) for turn in taken]


def _burst_s(taken: Sequence[_Turn]) -> list[float]:
    return [turn.burst.answers.elapsed_s for turn in taken]


def _host_ms(taken: Sequence[_Turn]) -> list[float]:
    return [turn.steady.host_ms for turn in taken]


def _ratio(over: Sequence[float], under: Sequence[float], what: str, at_most: float | None = None) -> Ratio:
    return ratio_of(both(over), both(under), what, at_most=at_most)


def _alone(measured: Sequence[Alone]) -> Section:
    text = (
        "Calls of our function in one process with a real `func.HttpRequest`: no host, no queue, settings read. "
        f"Goal: under {_GOAL_US:,} µs a notification (99th percentile of the POST, divided by what it brought)."
    )
    head = ("POST", "notifications", "calls", "p50 µs", "p99 µs", "longest µs", "p99 µs a notification", "")
    return Section("The function alone", text, head, [_alone_row(one) for one in measured])


def _alone_row(one: Alone) -> list[str]:
    each = one.p99_us / max(1, one.notifications)
    return [
        one.kind,
        str(one.notifications),
        f"{one.calls:,}",
        *(f"{us:,.0f}" for us in (one.median_us, one.p99_us, one.longest_us)),
        f"**{each:.1f}**",
        "met" if each < _GOAL_US else "**missed**",
    ]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f}" if math.isfinite(seconds) else "none"
