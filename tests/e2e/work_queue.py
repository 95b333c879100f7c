"""A tick, and its jobs to their end: the real functions, queue, storage and HTTP, but no host.

Usage: ``python -m tests.e2e.work_queue PROCESSES THREADS``, with the app's settings in the environment. This process
ticks and asks for the status; the jobs are done by others, as Azure adds instances while messages wait. Prints a line
of JSON: the seconds until the tick's messages were sent, until all of them were done, and that status took; and the
status.
"""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any

import azure.functions as func
from azure.storage.queue import QueueClient, TextBase64DecodePolicy

import function_app


def functions() -> dict[str | None, Any]:
    """The app's functions by name; to be called once a process."""
    return {f.get_function_name(): f.get_user_function() for f in function_app.app.get_functions()}


def instance(threads: int) -> None:
    """Do jobs while there are any, so many at once."""
    run = functions()["run_export_job"]
    storage = os.environ["AzureWebJobsStorage"]  # noqa: SIM112  the host's own spelling
    jobs = QueueClient.from_connection_string(storage, "export-jobs", message_decode_policy=TextBase64DecodePolicy())

    def work() -> None:
        # One by one: of several that a thread took at once, each would wait for those before it, and four slow ones
        # for each other while other threads have nothing to do. The host does at once what it takes at once.
        while message := jobs.receive_message(visibility_timeout=600):
            run(func.QueueMessage(body=message.content.encode()))
            jobs.delete_message(message)

    with ThreadPoolExecutor(threads) as pool:
        for worker in [pool.submit(work) for _ in range(threads)]:
            worker.result()


def main(processes: int, threads: int) -> None:
    """Tick, have the jobs done, and ask for the status."""
    app = functions()
    began = time.perf_counter()
    app["export_alerts"](None)
    sent = time.perf_counter()
    spawned = get_context("spawn")
    instances = [spawned.Process(target=instance, args=(threads,)) for _ in range(processes)]
    for one in instances:
        one.start()
    for one in instances:
        one.join()
    if any(one.exitcode for one in instances):
        raise SystemExit("a job failed; its traceback stands above")
    done = time.perf_counter()
    answer = app["status"](func.HttpRequest("GET", "/api/status", params={}, body=b""))
    asked = time.perf_counter()
    report = {
        "sent": sent - began,
        "done": done - began,
        "asked": asked - done,
        "status": json.loads(answer.get_body()),
    }
    print(json.dumps(report))  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
