"""Where one record stands: its revision, and what brought it there."""

from typing import NamedTuple


class State(NamedTuple):
    """What is known of a record that is no longer as it was generated; moments are ticks."""

    revision: int
    at: int
    first_at: int
    stage: int
    """How often it was updated, which is what it reads by; writes set single properties and count as revisions only."""
    stage_at: int
    removed: bool = False

    @classmethod
    def first(cls, at: int) -> "State":
        """As it was created."""
        return cls(0, at, at, 0, at)

    def updated(self, at: int) -> "State":
        """Its next revision, one stage further."""
        return self.written(at)._replace(stage=self.stage + 1, stage_at=at)

    def written(self, at: int) -> "State":
        """Its next revision, at the same stage."""
        return self._replace(revision=self.revision + 1, at=at)
