"""The chain of manifests, from the last to the first, by their digests. Pure.

A link that was altered has another digest than the next one names, and so breaks the chain just as one that is gone:
either way the walk goes on with the most likely link, and it is for ``judging`` to say what happened there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from shared.export.names import manifest_of
from shared.verify.links import Link


@dataclass(frozen=True, slots=True)
class Break:
    """A digest that no stored manifest has."""

    after: Link | None
    """The link that names it; None for the checkpoint."""
    found: Link | None
    """The link with which the walk goes on: the altered one, or the one before what is gone; None at the end."""


@dataclass(slots=True)
class Walk:
    """What came of a walk."""

    links: list[Link] = field(default_factory=list)
    """In the chain, the last first."""
    breaks: list[Break] = field(default_factory=list)
    outside: list[Link] = field(default_factory=list)
    """Stored, and not in the chain."""


def walk(head: bytes | None, links: Sequence[Link], *, head_known: bool = True) -> Walk:
    """Follow the chain from the digest of the last manifest; where that is not known, from the likeliest."""
    done = Walk()
    at_home: dict[bytes, Link] = {}
    for link in sorted(links, key=lambda link: link.name != manifest_of(link.blob)):
        if link.digest in at_home:
            done.outside.append(link)  # a copy under another name
        else:
            at_home[link.digest] = link
    waiting = dict(at_home)
    wanted, last, suspects = head, None, set[str]()
    while True:
        while wanted in waiting:
            last = waiting.pop(wanted)
            done.links.append(last)
            wanted = last.previous
        if wanted is None and head_known and (last is None or last.name not in suspects):
            break
        found = _likeliest(waiting, at_home.keys() - waiting.keys(), last)
        if wanted is not None or found is not None:
            done.breaks.append(Break(last, found))
        if found is None:
            break
        head_known = True
        suspects.add(found.name)
        wanted = found.digest
    done.outside += waiting.values()
    return done


def newer(head: bytes | None, links: Iterable[Link]) -> list[Link]:
    """Those that go on with the chain behind its head."""
    following = {link.previous: link for link in links}
    found: list[Link] = []
    while (link := following.pop(head, None)) is not None:
        found.append(link)
        head = link.digest
    return found


def _likeliest(waiting: dict[bytes, Link], walked: set[bytes], after: Link | None) -> Link | None:
    """Of the links that none of those left names, the one to go on with; never one that forks off what was walked.

    What leads to a first one comes last, since all else must lie before it, and of these the longest, since a link that
    can't be read names none. Else it is the window before, or the latest.
    """
    named = {link.previous for link in waiting.values()}
    best, least = None, None
    for digest, link in waiting.items():
        if digest in named:
            continue
        end, length = _end(waiting, link)
        if end in walked:
            continue
        cost = (length if end is None else 0, after is None or link.end != after.start, -link.start)
        if least is None or cost < least:
            best, least = link, cost
    return best


def _end(waiting: dict[bytes, Link], link: Link) -> tuple[bytes | None, int]:
    """What the last of the waiting links names that this one leads to, and how many they are."""
    length = 1
    while link.previous in waiting:
        link = waiting[link.previous]
        length += 1
    return link.previous, length
