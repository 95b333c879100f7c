"""Graph's change notifications: subscriptions, and what is sent to whom and when.

Sources: the reference of the ``subscription`` resource, "Receive change notifications through webhooks" (2026-04),
"Lifecycle events" (2026-03), and issues where Graph's own words are quoted, named where they are used.

``api`` answers requests: ``proposal`` reads them, ``resources`` says what may be subscribed to, ``handshake`` asks the
endpoint, ``register`` keeps them. ``notifier`` joins them with the records' changes: ``notices`` are what is told,
``outbox`` is what has to be delivered when, by the ``endpoint``'s health; ``log`` counts. Nothing here waits or knows a
network: deliveries are handed out as values, and whoever makes them reports how it went.
"""
