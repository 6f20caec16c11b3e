# SPDX-License-Identifier: Apache-2.0
"""Keep-alive clients that think for a random while between requests, and count what is lost."""
import asyncio
import collections
import contextlib
import json
import random

BODY = json.dumps({"address1": "朝阳区建国门外大街甲12号新华保险大厦19楼", "address2": "建国门外大街甲12号新华保险大厦19层"}).encode()
PATIENCE = 60  # seconds for one answer


class Lost(Exception):
    """No answer came, or one that is no score."""


async def read_answer(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split()[1])
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return status, headers, body


class Clients:
    """`async with Clients(port, 32, 0.03) as clients`: they work meanwhile; then see lost, served, reopened."""

    def __init__(self, port, count, think):
        self.port, self.count, self.think = port, count, think
        self.request = (b"POST /match HTTP/1.1\r\nHost: mgeo\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                        % len(BODY)) + BODY
        self.served = collections.Counter()  # answers by colour
        self.lost = []                       # why
        self.reopened = 0                    # idle connections that were seen closed in time
        self.stopping = False

    async def __aenter__(self):
        self.tasks = [asyncio.create_task(self.work(random.Random(number))) for number in range(self.count)]
        return self

    async def __aexit__(self, *_):
        self.stopping = True
        await asyncio.gather(*self.tasks)

    async def work(self, draw):
        reader = writer = None
        while not self.stopping:
            await asyncio.sleep(draw.uniform(0, self.think))
            # As a careful client does: a connection that is known to be closed is not written to.
            if reader is not None and (reader.at_eof() or reader.exception() is not None):
                writer.close()
                reader, self.reopened = None, self.reopened + 1
            try:
                if reader is None:
                    reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                if not await self.ask(reader, writer):
                    writer.close()
                    reader = None
            except (Lost, OSError, EOFError, asyncio.TimeoutError) as problem:
                self.lost.append(f"{type(problem).__name__}: {problem}")
                if writer is not None:
                    writer.close()
                reader = writer = None
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def ask(self, reader, writer):
        """Whether the connection stays open."""
        writer.write(self.request)
        await writer.drain()
        status, headers, body = await asyncio.wait_for(read_answer(reader), PATIENCE)
        if status != 200 or "similarity" not in json.loads(body):
            raise Lost(f"{status} {body[:200]!r}")
        self.served[headers.get("x-served-by", "unknown")] += 1
        return headers.get("connection", "").lower() != "close"
