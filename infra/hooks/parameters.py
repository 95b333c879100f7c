"""What is wrong with the azd environment's values, all at once. Pure.

What becomes a setting of the app is checked by the app's own reader; what only Bicep reads, here, within the bounds
that main.bicep has too: this says it before a deployment is begun, and says what to type.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from shared import setting_forms as form
from shared import settings
from shared.errors import SettingsError
from shared.setting_forms import Form

APP_SETTINGS: Final = (
    "TENANT_ID",
    "TENANTS",
    "MULTITENANT_CLIENT_ID",
    "GRAPH_BASE_URL",
    "GRAPH_REQUESTS_PER_MINUTE",
    "EXPORT_LOOKBACK_DAYS",
    "EXPORT_OVERLAP_MINUTES",
    "EXPORT_CONCURRENCY",
    "BELL_INTERVAL_SECONDS",
    "RECONCILE_DAYS",
    "RUN_BUDGET_SECONDS",
    "EXPORT_SOURCES",
    "SUBSCRIPTIONS",
    "ALERTS_SCHEDULE",
    "SECURE_SCORES_SCHEDULE",
    "SUBSCRIPTIONS_SCHEDULE",
    "REPORT_SCHEDULE",
    "RECONCILE_SCHEDULE",
    "LATEST_SCHEDULE",
)
"""The app's settings that come from the azd environment; Bicep makes the others."""


def _one_of(*choices: str) -> Form:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError
        return text

    return Form(f"{', '.join(choices[:-1])} or {choices[-1]}", parse)


def _email(text: str) -> str:
    if not re.fullmatch(r"[^@\s,;]+@[^@\s,;.]+(\.[^@\s,;.]+)+", text):
        raise ValueError
    return text


_TRUTH: Final = _one_of("true", "false")

BICEP_ALONE: Final[Mapping[str, Form]] = {
    "WEBHOOKS": _TRUTH,
    "UPDATES": _TRUTH,
    "EVIDENCE": _TRUTH,
    "EVIDENCE_DAYS": form.whole(0, 146_000),
    "DELETE_LOCK": _TRUTH,
    "DATA_REDUNDANCY": _one_of("Standard_LRS", "Standard_ZRS", "Standard_GRS", "Standard_GZRS"),
    "PRIVATE_NETWORK": _TRUTH,
    "READERS_GROUP_ID": form.GUID,
    "INSTANCE_MEMORY_MB": _one_of("512", "2048", "4096"),
    "MAXIMUM_INSTANCE_COUNT": form.whole(40, 1000),
    "ALWAYS_READY_INSTANCES": form.whole(0, 20),
    "HTTP_CONCURRENCY": form.whole(1, 1000),
    "THREADS": form.whole(1, 32),
    "COOL_AFTER_DAYS": form.whole(0, 36_500),
    "LOG_RETENTION_DAYS": form.whole(30, 730),
    "ALARM_EMAIL": Form("one e-mail address", _email),
    "ALARM_LAG_MINUTES": form.whole(10, 300),
    "ALARM_SCORE_DROP": form.whole(1, 100),
}
"""The forms of what only Bicep reads, with main.bicep's own bounds; its defaults stand where nothing is set."""

_IN_THE_APP: Final = "Mend it in the app's settings."
_STORAGE: Final = "https://account.blob.core.windows.net"


def problems(env: Mapping[str, str]) -> Iterator[str]:
    """What is wrong, a line each with the fix. Values are never told, since any may have got a secret by mistake."""
    yield from _app(env)
    for name, expected in BICEP_ALONE.items():
        if text := env.get(name, "").strip():
            try:
                expected.parse(text)
            except ValueError:
                yield f"{name} must be {expected.words}. {_fix(name)}"


def notes(env: Mapping[str, str]) -> Iterator[str]:
    """What may well be meant, and is worth a word."""
    home, subscribed = (env.get(name, "").strip().lower() for name in ("TENANT_ID", "AZURE_TENANT_ID"))
    if home and subscribed and home != subscribed:
        yield (
            "TENANT_ID is not the tenant of the subscription. A managed identity gets tokens of the subscription's "
            "tenant alone: other tenants belong into TENANTS, with MULTITENANT_CLIENT_ID."
        )
    if env.get("WEBHOOKS", "").strip() != "false" and env.get("SUBSCRIPTIONS", "").strip() == "[]":
        yield (
            "SUBSCRIPTIONS is empty, so the always-ready instances that webhooks cost would serve nothing. "
            "Save them: azd env set WEBHOOKS false"
        )


def _app(env: Mapping[str, str]) -> Iterator[str]:
    given = {name: env[name] for name in APP_SETTINGS if env.get(name, "").strip()}
    given.setdefault("TENANT_ID", _home(env))
    # Bicep fills these in; here they only keep the reader from asking for them.
    given |= {"EXPORT_STORAGE__blobServiceUri": _STORAGE, "AzureWebJobsStorage__queueServiceUri": _STORAGE}
    try:
        settings.load(given)
    except SettingsError as error:
        for line in str(error).splitlines()[1:]:
            name = line.partition(" ")[0]
            yield line.replace(_IN_THE_APP, _fix(name)) if _IN_THE_APP in line else f"{line} {_fix(name)}"


def _home(env: Mapping[str, str]) -> str:
    """The home tenant where nobody set one: the subscription's, or, before azd knows it, the first of TENANTS."""
    first = env.get("TENANTS", "").split(",")[0].strip()
    for candidate in (env.get("AZURE_TENANT_ID", "").strip(), first):
        try:
            form.GUID.parse(candidate)
        except ValueError:
            continue
        return candidate
    return "00000000-0000-0000-0000-000000000000"


def _fix(name: str) -> str:
    return f"Mend it: azd env set {name} <value>"
