"""What a lifecycle event asks for (Lifecycle notifications)."""

from shared.errors import GraphRefused, StorageConflict
from shared.subscriptions.graph import GraphSubscriptions
from shared.subscriptions.maintain import Maintenance
from shared.webhooks.messages import Message


def act(note: Message, graph: GraphSubscriptions, maintenance: Maintenance | None) -> bool:
    """Do it, and tell whether the bell is to be rung.

    ``reauthorizationRequired`` is answered by renewing, which reauthorizes; both within ten minutes would make the
    subscription inconsistent. ``missed`` means that changes went unnoticed, and so does an event that is not known.

    Raises:
        GraphRefused, GraphUnavailable, StorageConflict: to be tried again.
    """
    if maintenance is None:
        return True
    match note.lifecycleEvent:
        case "reauthorizationRequired":
            try:
                graph.renew(note.subscriptionId, maintenance.now())
            except GraphRefused as refusal:
                if not refusal.gone:
                    raise
                _maintain(maintenance)
            return False
        case "subscriptionRemoved":
            _maintain(maintenance)
            return True
        case _:
            return True


def _maintain(maintenance: Maintenance) -> None:
    if maintenance.run() is None:
        raise StorageConflict(f"tenant {maintenance.tenant}: another maintainer is at work; this is tried again.")
