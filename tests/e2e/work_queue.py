"""A tick, and its jobs to their end, in this process: the real functions, queue, storage and HTTP, but no host.

Usage: ``python -m tests.e2e.work_queue THREADS``, with the app's settings in the environment. Prints a line of JSON:
the seconds until the tick's messages were sent, until all of them were done, and that status took; and the status.
"""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import azure.functions as func
from azure.storage.queue import QueueClient, TextBase64DecodePolicy

import function_app


def work(jobs: QueueClient, run: Any) -> None:
    """Do jobs while there are any."""
    while messages := list(jobs.receive_messages(max_messages=4, visibility_timeout=600)):
        for message in messages:
            run(func.QueueMessage(body=message.content.encode()))
            jobs.delete_message(message)


def main(threads: int) -> None:
    """Tick, work, and ask for the status."""
    functions = {f.get_function_name(): f.get_user_function() for f in function_app.app.get_functions()}
    storage = os.environ["AzureWebJobsStorage"]  # noqa: SIM112  the host's own spelling
    jobs = QueueClient.from_connection_string(storage, "export-jobs", message_decode_policy=TextBase64DecodePolicy())
    began = time.perf_counter()
    functions["export_alerts"](None)
    sent = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        for worker in [pool.submit(work, jobs, functions["run_export_job"]) for _ in range(threads)]:
            worker.result()
    done = time.perf_counter()
    answer = functions["status"](func.HttpRequest("GET", "/api/status", params={}, body=b""))
    asked = time.perf_counter()
    report = {
        "sent": sent - began,
        "done": done - began,
        "asked": asked - done,
        "status": json.loads(answer.get_body()),
    }
    print(json.dumps(report))  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]))
