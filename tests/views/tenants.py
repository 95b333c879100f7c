"""Made-up tenants, each as the report that is made of it: what came from Graph goes through the app's own analysis."""

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import sin
from typing import Any, Final

from shared import instants
from shared.graph.secure_score import SecureScoreControlProfile, read_profile
from shared.instants import DAY, HOUR, Instant
from shared.views.alerts import AlertFigures, Latest, figures
from shared.views.history import read_history
from shared.views.plan import make_plan
from shared.views.report import Report, SourceState
from tests.simulated import TENANT
from tests.views.controls import CONTROLS

NOW: Final = instants.from_text("2026-11-23T07:00:00Z")
TODAY: Final = instants.to_date(NOW)

PRODUCTS: Final = (
    ("microsoftDefenderForEndpoint", 9),
    ("microsoftDefenderForOffice365", 6),
    ("azureAdIdentityProtection", 4),
    ("microsoftDefenderForCloudApps", 3),
    ("microsoftDefenderForIdentity", 2),
    ("dataLossPrevention", 2),
    ("microsoftSentinel", 1),
)
"""With how many alerts each has for one of Sentinel's."""

EVERY_PRODUCT: Final = (
    *(name for name, _ in PRODUCTS),
    *("unknown", "microsoft365Defender", "microsoftAppGovernance", "microsoftDefenderForCloud"),
    *("microsoftInsiderRiskManagement", "microsoftThreatIntelligence", "microsoftSecurityForAI"),
)
"""All of ``microsoft.graph.security.serviceSource``, but for the word that stands for what a client does not know."""

HOSTILE: Final = (
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "\"' onmouseover='document.title=1' autofocus x=\"",
    "</table></section></main><h1>owned</h1>",
    "</script></style></svg><iframe src=https://evil.example></iframe>",
    "javascript:document.title='owned'",
    "{{ 7 * 7 }} {% raw %} ${7*7} &lt;b&gt;",
    "line\u2028separator\u2029and\nbreak\x00nul",
    "\u202etxt.exe\u202d \u2066isolate",
    "half \ud800 pair \udc00",
    "W" * 10_000,
    "long words " * 1_000,
    "",
)
"""What somebody may write where a title, a name or an id belongs."""


@dataclass(frozen=True)
class Tenant:
    """What Graph has of a tenant: a report's ingredients, in Graph's own JSON."""

    scores: Sequence[tuple[date, Mapping[str, Any]]]
    """In the order of days."""
    profiles: Sequence[Mapping[str, Any]]
    alerts: Sequence[Mapping[str, Any]] = ()
    sources: Sequence[SourceState] = (
        SourceState("alerts_v2", "ok", "2026-11-23T06:55:00.0000000Z", 20_412),
        SourceState("secureScores", "ok", "2026-11-23T06:30:00.0000000Z", 412),
        SourceState("secureScoreControlProfiles", "ok", "2026-11-23T06:30:00.0000000Z", 13_184),
    )

    def report(self) -> Report:
        """As ``shared.views.rendering`` makes it."""
        history = read_history(((day, json.dumps(score).encode()) for day, score in self.scores), TODAY)
        profiles = [one for one in map(_read_profile, self.profiles) if one]
        return Report(
            tenant=TENANT,
            made=NOW,
            history=history,
            plan=make_plan(history.latest, profiles) if history.latest and profiles else None,
            titles={profile.id: profile.title or profile.id for profile in profiles},
            alerts=self._alerts(),
            sources=self.sources,
        )

    def _alerts(self) -> AlertFigures:
        latest = Latest()
        latest.take(json.dumps(alert).encode() for alert in self.alerts)
        return figures(latest, NOW, days=30, unreadable=latest.unreadable)


def realistic(days: int = 412) -> Tenant:
    """A tenant that has been looked after for a good year: controls adopted one by one, some lost; odd days."""
    dice = random.Random(7)
    parts = {control.id: dice.choice((0, 0, 0.3, 0.6, 0.85, 1)) * control.most for control in CONTROLS}
    scores = []
    for ago in range(days - 1, -1, -1):
        if dice.random() < 0.06:
            control = dice.choice(CONTROLS)
            change = dice.choice((0.15, 0.2, 0.25, 0.4, -0.1)) * control.most
            parts[control.id] = min(control.most, max(0, parts[control.id] + change))
        if ago not in (61, 62, 63):
            scores.append((TODAY - timedelta(days=ago), _score(parts, 43 + 4 * (days - ago) / days, ago)))
    profiles = [_profile(control.id, **_described(control)) for control in CONTROLS]
    profiles[3]["controlStateUpdates"] = [{"state": "ThirdParty", "updatedDateTime": "2026-09-01T09:00:00Z"}]
    profiles[13]["controlStateUpdates"] = [{"state": "Ignored", "updatedDateTime": "2026-10-01T09:00:00Z"}]
    profiles[20]["maxScore"] = None
    alerts = Tenant.sources[0]
    gap = "Microsoft/Microsoft Sentinel was kept back by Graph (504), from 2026-11-19T03:10:00Z to 2026-11-19T03:15:00Z"
    return Tenant(scores, profiles, list(_alerts(dice, 900)), (replace(alerts, gaps=[gap]), *Tenant.sources[1:]))


def hostile() -> Tenant:
    """Somebody wrote all he could think of wherever Graph keeps a text."""
    ids = [f"{text}{n}" for n, text in enumerate(HOSTILE)]
    urls = (
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "http://evil.example",
        " https://x",
        "//x",
    )
    profiles = [
        _profile(
            id_,
            title=text,
            controlCategory=text,
            service=text,
            implementationCost=text,
            userImpact=text,
            maxScore=10 + n,
            actionUrl=(*urls, f'https://portal.example/{text}"><b>')[n % 6],
            controlStateUpdates=[{"state": text if n % 2 else "Ignored", "updatedDateTime": text}],
        )
        for n, (id_, text) in enumerate(zip(ids, HOSTILE, strict=True))
    ]
    scores = [
        (
            TODAY - timedelta(days=ago),
            {
                "currentScore": 40 - ago,
                "maxScore": 100,
                "averageComparativeScores": [{"basis": text, "averageScore": 30 + n} for n, text in enumerate(HOSTILE)],
                "controlScores": [{"controlName": id_, "score": 9 - ago} for id_ in ids],
            },
        )
        for ago in (2, 1, 0)
    ]
    alerts = [
        _alert(f"{n}{half}", serviceSource=f"{text}{half}", incidentId=text, severity=text, status=text, title=text)
        for n, text in enumerate(HOSTILE)
        for half in "ab"
    ]
    sources = [SourceState("alerts_v2", "failing", gaps=HOSTILE, failure=HOSTILE[0])]
    return Tenant(scores, profiles, alerts, sources)


def one_day() -> Tenant:
    """The day after the deployment."""
    tenant = realistic()
    return replace(tenant, scores=tenant.scores[-1:])


def all_products() -> Tenant:
    """Open alerts of every ``serviceSource`` that Graph has, and of two that are new; a checkpoint was damaged."""
    severities = ("high", "medium", "low", "informational", "unknown")
    alerts = [
        _alert(f"{name}{n}", serviceSource=name, severity=severities[n % len(severities)])
        for more, name in enumerate([*EVERY_PRODUCT, "microsoftDefenderForRobots", "anotherProduct"])
        for n in range(more + 1)
    ]
    why = f"The checkpoint checkpoints/alerts_v2/{TENANT}.json can't be read: restore its previous version."
    damaged = SourceState("alerts_v2", "failing", known=False, failure=why)
    return replace(realistic(7), alerts=alerts, sources=(damaged, *Tenant.sources[1:]))


def without_alerts() -> Tenant:
    """Nothing has ever happened."""
    return replace(realistic(), alerts=())


def without_score() -> Tenant:
    """Graph could not compute one yet."""
    return replace(realistic(), scores=[(TODAY, {"currentScore": -1, "maxScore": 0})])


def empty() -> Tenant:
    """Nothing has been exported yet."""
    return Tenant((), (), (), [SourceState("alerts_v2", "never run")])


def many_controls(count: int = 10_000) -> Tenant:
    """More controls than any tenant has."""
    dice = random.Random(3)
    names = [f"scid_{n}" for n in range(count)]
    profiles = [
        _profile(name, **_described(dice.choice(CONTROLS)) | {"maxScore": dice.randint(1, 90) / 10}) for name in names
    ]
    half = {profile["id"]: profile["maxScore"] * dice.choice((0, 0.25, 0.5)) for profile in profiles}
    score = _score(half, 45, 0) | {"maxScore": sum(profile["maxScore"] for profile in profiles)}
    return Tenant([(TODAY, score)], profiles, ())


MANY: Final = "10,000 controls"

TENANTS: Final[dict[str, Callable[[], Tenant]]] = {
    "realistic": realistic,
    "hostile": hostile,
    "one day": one_day,
    "one week": lambda: realistic(7),
    "all products": all_products,
    "no alert": without_alerts,
    "no score": without_score,
    "no profile": lambda: replace(realistic(30), profiles=()),
    "empty": empty,
    MANY: many_controls,
    "3 years": lambda: realistic(3 * 365),
}


def _read_profile(profile: Mapping[str, Any]) -> SecureScoreControlProfile | None:
    return read_profile(json.dumps(profile).encode())


def _profile(id_: str, **fields: Any) -> dict[str, Any]:
    return {"id": id_, "deprecated": False, **fields}


def _described(control: Any) -> dict[str, Any]:
    return {
        "title": control.title,
        "controlCategory": control.category,
        "service": control.service,
        "maxScore": control.most,
        "implementationCost": control.cost,
        "userImpact": control.impact,
        "actionUrl": control.url,
    }


def _score(parts: Mapping[str, float], average: float, ago: int) -> dict[str, Any]:
    """A day's score; some days ago Graph could not compute one, or had nothing to compare with."""
    bases = {"AllTenants": average, "TotalSeats": average + 6.5, "IndustryTypes": average + 2.25 + sin(ago / 40)}
    return {
        "currentScore": -1 if ago == 131 else sum(parts.values()),
        "maxScore": sum(control.most for control in CONTROLS),
        "averageComparativeScores": []
        if ago == 20
        else [{"basis": basis, "averageScore": round(value, 2)} for basis, value in bases.items()],
        "controlScores": [{"controlName": name, "score": round(points, 2)} for name, points in parts.items()],
    }


def _alert(id_: str, at: Instant = NOW, **fields: Any) -> dict[str, Any]:
    return {"id": id_, "lastUpdateDateTime": instants.to_text(at), "createdDateTime": instants.to_text(at), **fields}


def _alerts(dice: random.Random, count: int) -> Iterator[dict[str, Any]]:
    names, weights = zip(*PRODUCTS, strict=True)
    for n in range(count):
        created = NOW - round(dice.triangular(0, 120, 20) * DAY)
        took = round(dice.lognormvariate(2.5, 1.3) * HOUR)
        resolved = created + took < NOW and dice.random() < 0.93
        yield _alert(
            f"da{n}",
            created + took if resolved else created,
            createdDateTime=instants.to_text(created),
            resolvedDateTime=instants.to_text(created + took) if resolved else None,
            status="resolved" if resolved else dice.choice(("new", "inProgress")),
            severity=dice.choices(("high", "medium", "low", "informational"), (2, 5, 6, 3))[0],
            serviceSource=dice.choices(names, weights)[0],
            incidentId=str(3000 + n // 2) if dice.random() < 0.15 else None,
        )
