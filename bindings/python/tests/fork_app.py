# SPDX-License-Identifier: Apache-2.0
"""A WSGI application for gunicorn: a score by the process's own engine, and what the parent's answers in a worker."""
import os

import mgeo

EARLY = mgeo.Engine()  # with --preload the parent's
EARLY.load(threads=1)
mgeo.score("杭州市西湖区", "西湖区")


def early():
    try:
        return f"generation {EARLY.score('a', 'b').generation}"
    except mgeo.ForkedError as problem:
        return problem.status_name


def app(environ, start_response):
    score = mgeo.score("杭州市西湖区文三路90号", "文三路90号")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.getpid()} {score.similarity:.6f} {early()}\n".encode()]
