"""What is to be done so that Graph's subscriptions are the wanted ones. Pure.

Subscriptions of other apps, or of another deployment, are never touched: ours are those that post to our own URL.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from shared import instants
from shared.instants import DAY, MINUTE, Instant

LIFE = 29 * DAY
"""How long a subscription is asked to live; security alerts may live 43,200 minutes (subscription resource type)."""
RENEW_WITHIN = LIFE // 3
REFUSED_AGAIN_AFTER = DAY
"""How long a resource that Graph refused is left alone."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One subscription that there should be."""

    resource: str
    change_type: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where Graph is to post."""

    notification_url: str
    lifecycle_url: str
    made_with: str
    """Digest of what a subscription cannot change once it is made: clientState and lifecycle URL."""
    posts_to: str
    """Digest of the notification URL."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of a subscription that we made; Graph's listing may put its texts in other forms."""

    wanted: Wanted
    made_with: str
    posts_to: str


@dataclass(frozen=True, slots=True)
class Actual:
    """One subscription as Graph lists it. Graph never tells its clientState."""

    id: str
    resource: str
    change_type: str
    notification_url: str
    expires: Instant


@dataclass(frozen=True, slots=True)
class Create:
    """Make a subscription that is not there."""

    wanted: Wanted


@dataclass(frozen=True, slots=True)
class Renew:
    """Give it its whole life again."""

    id: str
    wanted: Wanted
    moved: bool
    """Whether Graph must be told another notification URL."""


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove one of ours: a duplicate, one that is not wanted, or one whose secret or lifecycle URL is another."""

    id: str


type Step = Create | Renew | Delete


def plan(
    wanted: Sequence[Wanted],
    actual: Iterable[Actual],
    known: Mapping[str, Known],
    held: Mapping[Wanted, Instant],
    endpoint: Endpoint,
    now: Instant,
) -> list[Step]:
    """The steps, in the order in which they must be done: Graph allows one subscription a resource and changeType.

    ``known`` by id is what we made; ``held`` tells when Graph refused a resource for good.
    """
    ours = [one for one in actual if one.id in known or _same_place(one.notification_url, endpoint.notification_url)]
    meant = {one.id: known[one.id].wanted if one.id in known else _plain(one.resource, one.change_type) for one in ours}
    steps: list[Step] = []
    for each in wanted:
        same = [one for one in ours if meant[one.id] in (each, _plain(each.resource, each.change_type))]
        steps += _steps(each, same, known, held, endpoint, now)
        ours = [one for one in ours if one not in same]
    return [Delete(one.id) for one in ours] + steps


def _steps(
    wanted: Wanted,
    ours: list[Actual],
    known: Mapping[str, Known],
    held: Mapping[Wanted, Instant],
    endpoint: Endpoint,
    now: Instant,
) -> list[Step]:
    usable = [one for one in ours if one.expires > now and _made_with(one, known) == endpoint.made_with]
    kept = max(usable, key=lambda one: one.expires, default=None)
    steps: list[Step] = [Delete(one.id) for one in ours if one is not kept]
    if kept is None:
        if now - held.get(wanted, now - REFUSED_AGAIN_AFTER) >= REFUSED_AGAIN_AFTER:
            steps.append(Create(wanted))
        return steps
    moved = known[kept.id].posts_to != endpoint.posts_to
    if moved or kept.expires - now < RENEW_WITHIN:
        steps.append(Renew(kept.id, wanted, moved))
    return steps


def _made_with(one: Actual, known: Mapping[str, Known]) -> str | None:
    return known[one.id].made_with if one.id in known else None


def expiry(now: Instant) -> str:
    """The ``expirationDateTime`` to ask for, to the minute."""
    return instants.to_text(instants.floor(now + LIFE, MINUTE))


def _plain(resource: str, change_type: str) -> Wanted:
    """One form for what may be written in several: ``/security/alerts/?$filter=`` is ``security/alerts?$filter=``."""
    text = unquote(resource).strip("/").lower().replace("/?", "?")
    return Wanted(text, ",".join(sorted(kind.strip().lower() for kind in change_type.split(","))))


def _same_place(one: str, other: str) -> bool:
    """Whether two URLs differ at most in their query, where the function key is."""
    a, b = urlsplit(one), urlsplit(other)
    return (a.scheme, a.netloc.lower(), a.path) == (b.scheme, b.netloc.lower(), b.path)
