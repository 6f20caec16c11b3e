#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Switches two servers behind a proxy under keep-alive clients, kills the live one, and counts the requests that are lost.

    MGEO_SERVE=build/cli/mgeo-serve proxy_switch_test.py [--proxies nginx,haproxy,nginx-reload] [--switches N] [--clients N]

Exits with 1 if a request is lost by a way that must lose none: nginx by its files, also when the server dies, and HAProxy by its
runtime API. What a reload of nginx loses is told and not judged. 77: no proxy is installed. --switches 20 is the measurement of
docs/serving.md.
"""
import argparse
import asyncio
import os
import pathlib
import signal
import sys
import time

sys.dont_write_bytecode = True
import clients  # noqa: E402
import proxies  # noqa: E402

MINI = pathlib.Path(__file__).resolve().parents[3] / "models" / "mini"
WAYS = {"nginx": "nginx, by files", "nginx-reload": "nginx, by reload", "haproxy": "HAProxy, by its API"}


async def in_thread(function, *arguments):
    return await asyncio.get_running_loop().run_in_executor(None, function, *arguments)


async def switch(rig, number):
    """Every third switch starts the standby's server anew before, and ends the one that was there."""
    if number % 3 == 0:
        await in_thread(rig.blue_green, "--load", "0", "--watch", "0", "deploy", MINI)
    else:
        await in_thread(rig.blue_green, "switch")


async def under_traffic(rig, options):
    answers = []
    async with clients.Clients(rig.port, options.clients, options.think) as working:
        await asyncio.sleep(0.3)
        for number in range(options.switches):
            before = dict(working.served)
            await switch(rig, number)
            await asyncio.sleep(0.2)
            answers.append({color: working.served[color] - before.get(color, 0) for color in ("blue", "green")})
        lost = len(working.lost)
        await kill_live(rig, options.switches, working)
    return working, answers, lost


async def kill_live(rig, switches, working):
    """What is in flight in a server that dies is sent to the other by nginx, and nearly always by HAProxy."""
    os.kill(int((rig.state / ("green.pid" if switches % 2 else "blue.pid")).read_text()), signal.SIGKILL)
    before = sum(working.served.values())
    await asyncio.sleep(0.5)
    if sum(working.served.values()) == before:
        working.lost.append("nobody answers after the live server died")


def measure(proxy, server, options):
    with proxies.Rig(proxy, server, ["--server-options", "--drain-time 200ms"]) as rig:
        rig.blue_green("--load", "0", "deploy", MINI)
        began = time.monotonic()
        working, answers, lost = asyncio.run(under_traffic(rig, options))
        total = sum(working.served.values())
        print(f"{WAYS[proxy]}: {options.switches} switches under {options.clients} clients, {total} answers in "
              f"{time.monotonic() - began:.1f} s; {lost} requests lost, {working.reopened} idle connections closed; "
              f"{len(working.lost) - lost} lost when the live server was killed", flush=True)
        problems = []
        judged = working.lost if proxy == "nginx" else working.lost[:lost] if proxy == "haproxy" else []
        if judged:
            problems.append(f"{proxy} lost {len(judged)} requests: {judged[:3]}\n{rig.logs()}")
        if set(working.served) - {"blue", "green", "blue-spare", "green-spare"}:
            problems.append(f"{proxy}: answers from elsewhere: {dict(working.served)}")
        # Blue answers at first, so green gets to answer in the first switch, and blue in the second.
        for number, of in enumerate(answers):
            if of["blue" if number % 2 else "green"] == 0:
                problems.append(f"{proxy}: switch {number + 1} changed nothing: {of}")
        return problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--proxies", default="nginx,haproxy,nginx-reload")
    parser.add_argument("--switches", type=int, default=3)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--think", type=float, default=0.06, help="seconds at most between two requests of a client")
    options = parser.parse_args()
    server = os.environ["MGEO_SERVE"]
    there = [proxy for proxy in options.proxies.split(",") if proxies.is_there(proxy)]
    if not there:
        print("neither nginx nor haproxy (with curl, flock and setsid) is installed")
        return 77
    problems = [problem for proxy in there for problem in measure(proxy, server, options)]
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
