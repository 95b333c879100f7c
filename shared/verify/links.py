"""A stored manifest as a value: a link of the chain. Pure."""

from hashlib import sha256

import msgspec

from shared import instants
from shared.export.names import blob_of
from shared.instants import Instant
from shared.verify.places import Place, place


class Link(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One manifest."""

    name: str
    digest: bytes
    """The sha256 of its text."""
    previous: bytes | None
    """The digest of the manifest written before it; None in the first."""
    previous_name: str | None
    """The name of that manifest."""
    blob: str
    where: Place | None
    """Where its blob belongs; None where the export gives no blob such a name."""
    end: Instant
    """Of its window."""
    size: int
    """Bytes of the blob."""
    sha256: bytes
    """Of the blob's bytes."""
    records: int
    readable: bool = True
    """Whether it has the form of a manifest. If not, its name has to do, and it belongs to the chain no more."""

    @property
    def start(self) -> Instant:
        """Of its window; the day where it stands for no window."""
        return self.where.start if self.where else 0

    @property
    def is_window(self) -> bool:
        """Whether it is a stretch of time, and not what was added to a day later."""
        return self.where is not None and self.where.number is None


class _Manifest(msgspec.Struct):
    blob: str
    records: int
    bytes: int
    sha256: str
    previous: str | None
    previous_name: str | None = None
    window: dict[str, object] = {}


_DECODER = msgspec.json.Decoder(_Manifest)


def read(source: str, tenant: str, name: str, text: bytes) -> Link:
    """The manifest of this name and text."""
    digest = sha256(text).digest()
    try:
        manifest = _DECODER.decode(text)
        return Link(
            name=name,
            digest=digest,
            previous=bytes.fromhex(manifest.previous) if manifest.previous is not None else None,
            previous_name=manifest.previous_name,
            blob=manifest.blob,
            where=place(source, tenant, manifest.blob),
            end=instants.from_text(str(manifest.window.get("end", "1970-01-01T00:00:00Z"))),
            size=manifest.bytes,
            sha256=bytes.fromhex(manifest.sha256),
            records=manifest.records,
        )
    except ValueError:
        return nothing(source, tenant, name, digest)


def nothing(source: str, tenant: str, name: str, digest: bytes) -> Link:
    """A manifest of which only the name says something."""
    blob = blob_of(name)
    return Link(
        name=name,
        digest=digest,
        previous=None,
        previous_name=None,
        blob=blob,
        where=place(source, tenant, blob),
        end=0,
        size=0,
        sha256=b"",
        records=0,
        readable=False,
    )
