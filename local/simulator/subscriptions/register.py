"""The subscriptions that live."""

from collections.abc import Iterator

from local.simulator.errors import Refusal
from local.simulator.history import dice
from local.simulator.records.document import guid
from local.simulator.subscriptions.proposal import Proposal
from local.simulator.subscriptions.subscription import Subscription
from local.simulator.tokens import Token

_SEED = 0x5B5


class Register:
    """Subscriptions by id, oldest first; whose end has come are there no more."""

    def __init__(self) -> None:
        self._held: dict[str, Subscription] = {}
        self._made = 0

    def __iter__(self) -> Iterator[Subscription]:
        return iter(list(self._held.values()))

    def __getitem__(self, subscription_id: str) -> Subscription:
        return self._held[subscription_id]

    def new_id(self) -> str:
        """A GUID that no other one has."""
        self._made += 1
        return guid(dice(_SEED, self._made), self._made)

    def expire(self, now: int) -> None:
        """Take out whose end has come."""
        for subscription in self:
            if subscription.expires <= now:
                self.remove(subscription.id)

    def admit(self, wanted: Proposal, token: Token, quota: int | None) -> None:
        """Check that an app may have one more.

        Raises:
            Refusal: 409 for a duplicate, 403 beyond the quota.
        """
        own = self.of(token)
        for subscription in own:
            if subscription.wanted.asks_for_the_same(wanted):
                raise Refusal(
                    409, "Conflict", f"Subscription Id {subscription.id} already exists for the requested combination"
                )
        if quota is not None and len(own) >= quota:
            raise Refusal(
                403,
                "Forbidden",
                f"The limit of '{quota}' subscriptions per app and tenant has been reached; it has '{len(own)}'.",
            )

    def add(self, subscription: Subscription) -> None:
        """Take one up."""
        self._held[subscription.id] = subscription

    def remove(self, subscription_id: str) -> Subscription:
        """Take one out."""
        return self._held.pop(subscription_id)

    def of(self, token: Token) -> list[Subscription]:
        """A token's app's own in the token's tenant."""
        return [subscription for subscription in self if subscription.is_of(token)]

    def find(self, subscription_id: str, token: Token) -> Subscription:
        """One of the token's app.

        Raises:
            Refusal: 404, also for another app's.
        """
        found = self._held.get(subscription_id)
        if found is None or not found.is_of(token):
            raise Refusal(404, "ResourceNotFound", "The object was not found.")
        return found
