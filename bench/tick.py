"""``python -m bench.tick``: a tick over all tenants, and its jobs; one JSON line about the second such tick."""

import json
import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import azure.functions as func
import requests
from azure.storage.queue import QueueClient, TextBase64DecodePolicy

import function_app
from shared import wiring

_AT_ONCE = 8


class _Asked:
    """Counts HTTP requests by server, at the library that Graph, storage and Entra are all asked with."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        send = requests.Session.send

        def counted(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
            self.counts[urlsplit(str(request.url)).netloc] += 1
            return send(session, request, **options)

        requests.Session.send = counted  # type: ignore[method-assign, assignment]

    def of(self, url: str) -> int:
        return self.counts[urlsplit(url).netloc]


def main() -> None:
    """Export everything, change something, and measure the tick after."""
    asked = _Asked()
    functions = {f.get_function_name(): f.get_user_function() for f in function_app.app.get_functions()}
    storage = os.environ["AzureWebJobsStorage"]  # noqa: SIM112  the host's own spelling
    jobs = QueueClient.from_connection_string(
        storage, wiring.JOBS_QUEUE, message_decode_policy=TextBase64DecodePolicy()
    )
    _tick(functions, jobs)
    graph = wiring.settings().graph_base_url
    with requests.Session() as control:
        for tenant in wiring.tenants():
            change = {"source": "alerts_v2", "count": 1, "seed": 1}
            control.post(f"{graph}/simulator/change", params={"tenant": tenant}, json=change, timeout=30)
    asked.counts.clear()
    wall, cpu = time.perf_counter(), time.process_time()
    sent_s, messages = _tick(functions, jobs)
    tick_s, cpu_s = time.perf_counter() - wall, time.process_time() - cpu
    parts = dict(part.split("=", 1) for part in storage.strip(";").split(";"))
    found = {
        "sent_s": sent_s,
        "tick_s": tick_s,
        "cpu_s": cpu_s,
        "messages": messages,
        "storage": asked.of(parts["BlobEndpoint"]) + asked.of(parts["QueueEndpoint"]),
        "graph": asked.of(graph),
        "entra": asked.counts.total() - sum(map(asked.of, (parts["BlobEndpoint"], parts["QueueEndpoint"], graph))),
    }
    began = time.perf_counter()
    functions["status"](func.HttpRequest("GET", "/api/status", params={}, body=b""))
    print(json.dumps(found | {"status_s": time.perf_counter() - began}))


def _tick(functions: Any, jobs: QueueClient) -> tuple[float, int]:
    """Seconds until all messages were sent, and how many there were; ends when all are done."""
    began = time.perf_counter()
    functions["export_alerts"](None)
    sent_s = time.perf_counter() - began

    def work() -> int:
        done = 0
        while messages := list(jobs.receive_messages(max_messages=4, visibility_timeout=600)):
            for message in messages:
                functions["run_export_job"](func.QueueMessage(body=message.content.encode()))
                jobs.delete_message(message)
                done += 1
        return done

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return sent_s, sum(worker.result() for worker in [pool.submit(work) for _ in range(_AT_ONCE)])


if __name__ == "__main__":
    main()
