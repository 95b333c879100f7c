"""What a person may ask for."""

from datetime import date

import pytest

from shared.export import jobs, requests
from shared.export.jobs import Days, Job

HOME = "11111111-2222-3333-4444-555555555555"
TODAY = date(2026, 11, 23)


def read(body: bytes) -> Job:
    return requests.read(body, sources=["alerts_v2", "secureScores"], tenants=[HOME], home=HOME, today=TODAY)


def test_a_request_becomes_a_job() -> None:
    """The home tenant is meant where none is named."""
    job = read(b'{"source": "alerts_v2"}')
    assert (job.asked_by, job.source, job.tenant, job.since) == ("person", "alerts_v2", HOME, None)
    job = read(b'{"source": "alerts_v2", "tenant": "%b", "since": "2026-01-31"}' % HOME.encode())
    assert (job.tenant, job.since) == (HOME, date(2026, 1, 31))
    assert jobs.decode(jobs.encode(job)) == job
    job = read(b'{"source": "alerts_v2", "reconcile": {"from": "2026-11-01", "to": "2026-11-23"}}')
    assert job.reconcile == Days(first=date(2026, 11, 1), last=TODAY)
    assert jobs.decode(jobs.encode(job)) == job


def test_a_tenant_is_named_in_any_case() -> None:
    """Tenants are known in lower case; a GUID is the same in any, and any other is 404."""
    tenant = "abcdefab-2222-4333-8444-abcdefabcdef"
    assert requests.exported(tenant.upper(), [HOME, tenant]) == requests.exported(tenant, [HOME, tenant]) == tenant
    with pytest.raises(requests.Refused, match="not exported") as refused:
        requests.exported(tenant, [HOME])
    assert refused.value.status == 404


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        (b"", 400, "JSON"),
        (b"\xff\xfe", 400, "JSON"),
        (b"[" * 60_000, 400, "JSON"),
        (b"[]", 400, "JSON"),
        (b"{}", 400, "source"),
        (b'{"source": 1}', 400, "source"),
        (b'{"source": "alerts"}', 400, "alerts_v2"),
        (b'{"source": "alerts_v2", "more": 1}', 400, "more"),
        (b'{"source": "alerts_v2", "tenant": "99999999-2222-3333-4444-555555555555"}', 404, "tenant"),
        (b'{"source": "alerts_v2", "since": "soon"}', 400, "since"),
        (b'{"source": "alerts_v2", "since": "2026-11-23"}', 400, "before today"),
        (b'{"source": "alerts_v2", "since": "1999-01-01"}', 400, "after"),
        (b'{"source": "secureScores", "since": "2026-01-01"}', 400, "no since"),
        (b'{"source": "alerts_v2", "reconcile": {"from": "2026-11-01"}}', 400, "to"),
        (b'{"source": "alerts_v2", "reconcile": {"from": "2026-11-01", "to": "soon"}}', 400, "reconcile"),
        (b'{"source": "alerts_v2", "reconcile": {"from": "2026-11-03", "to": "2026-11-01"}}', 400, "later"),
        (b'{"source": "alerts_v2", "reconcile": {"from": "2026-11-03", "to": "2026-11-24"}}', 400, "after today"),
        (b'{"source": "alerts_v2", "reconcile": {"from": "1999-11-03", "to": "2026-11-23"}}', 400, "before 2016"),
        (b'{"source": "secureScores", "reconcile": {"from": "2026-11-01", "to": "2026-11-03"}}', 400, "kept by days"),
        (
            b'{"source": "alerts_v2", "since": "2026-01-31", "reconcile": {"from": "2026-11-01", "to": "2026-11-03"}}',
            400,
            "not for both",
        ),
        (b'{"source": "alerts_v2"}' + b" " * requests.MOST_BYTES, 413, "longer"),
    ],
)
def test_what_is_none_is_refused_with_a_reason(body: bytes, status: int, word: str) -> None:
    """The message tells what to change."""
    with pytest.raises(requests.Refused, match=word) as caught:
        read(body)
    assert caught.value.status == status


@pytest.mark.parametrize(
    "text", ["", "{}", "7", '{"v": 2}', '{"v": 1, "asked_by": "nobody", "source": "a", "tenant": "b"}']
)
def test_a_foreign_message_is_one_clear_error(text: str) -> None:
    """The host retries it and the poison queue keeps it."""
    with pytest.raises(Exception, match="not an export job"):
        jobs.decode(text)
