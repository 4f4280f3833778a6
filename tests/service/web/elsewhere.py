"""`python elsewhere.py HOST PORT`: asks for what standard input says, and writes what came back; it needs no bachd.

In: a JSON list of [method, path, headers]. Out: a JSON list of [status, body], the body's first 200 characters.
"""

from __future__ import annotations

import http.client
import json
import sys


def ask(host: str, port: int, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
    connection = http.client.HTTPConnection(host, port, timeout=30)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, "" if answer.status == 101 else answer.read(200).decode("latin-1")
    finally:
        connection.close()


if __name__ == "__main__":
    answers = [ask(sys.argv[1], int(sys.argv[2]), *question) for question in json.load(sys.stdin)]
    json.dump(answers, sys.stdout)
