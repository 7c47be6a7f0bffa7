#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-web EVERTAPE-WEB FAKE-EVERTAPED: the program with sockets as systemd gives them, TCP on loopback and UNIX, against
a fake evertaped: pages, refusals, many readers, a slow one, and its end when nobody comes."""
import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

import openmetrics

web, fake = sys.argv[1:3]
n_failed = n_passed = 0


def ok(text, good, why=""):
    global n_failed, n_passed
    n_passed, n_failed = n_passed + bool(good), n_failed + (not good)
    if not good:
        print(f"FAILED {text} {why}")


@contextlib.contextmanager
def serving(mode, *options):
    """Yields the TCP port, the path of the UNIX socket, and the process."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as tcp, \
            socket.socket(socket.AF_UNIX) as unix:
        unix.bind(folder + "/socket")
        unix.listen(64)

        # LISTEN_PID has to be the process that asks for the sockets, which the fake only starts: sh is it
        command = f'LISTEN_PID=$$ LISTEN_FDS=2 exec "$@" 3<&{tcp.fileno()} 4<&{unix.fileno()}'
        os.set_inheritable(tcp.fileno(), True)
        os.set_inheritable(unix.fileno(), True)
        process = subprocess.Popen([fake, mode, "sh", "-c", command, "sh", web, *options],
                                   pass_fds=(tcp.fileno(), unix.fileno()))
        try:
            yield tcp.getsockname()[1], folder + "/socket", process
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait()


def ask(port, path="/", method="GET", headers={}, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
    finally:
        connection.close()


def raw(address, text, family=socket.AF_INET):
    with socket.socket(family) as s:
        s.settimeout(20)
        s.connect(address)
        s.sendall(text)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := s.recv(65536):
                answer += piece
        return answer


def check_pages(port):
    for path, kind, check in (("/", "text/html", lambda t: "<table>" in t and "E00002L8" in t),
                              ("/parts", "text/html", lambda t: t.startswith("<section")),
                              ("/map.svg", "image/svg", lambda t: xml.etree.ElementTree.fromstring(t).tag.endswith("svg")),
                              ("/status.json", "application/json", lambda t: json.loads(t)["libraries"]),
                              ("/style.css", "text/css", lambda t: "prefers-color-scheme:dark" in t),
                              ("/page.js", "text/javascript", lambda t: "'use strict'" in t),
                              ("/metrics", "application/openmetrics-text", lambda t: openmetrics.problems(t) == [])):
        status, headers, text = ask(port, path)
        ok(f"{path}: status and type", status == 200 and headers["content-type"].startswith(kind), (status, headers))
        ok(f"{path}: content", check(text), text[:500])
        ok(f"{path}: policy", headers["content-security-policy"].startswith("default-src 'none'")
           and headers["x-content-type-options"] == "nosniff", headers)
        again = ask(port, path, headers={"If-None-Match": headers["etag"]})
        ok(f"{path}: not modified", path == "/status.json" or (again[0] == 304 and again[2] == ""), again)
        head = ask(port, path, "HEAD")
        ok(f"{path}: HEAD", head[0] == 200 and head[2] == "" and int(head[1]["content-length"]) > 0, head)


def check_refusals(port):
    for method in "POST", "PUT", "DELETE", "OPTIONS", "PATCH":
        status, headers, _ = ask(port, "/", method, body=b"x" * 100000 if method == "POST" else None)
        ok(f"{method} is refused", status == 405 and headers["allow"] == "GET, HEAD", status)
    ok("no such page", ask(port, "/../etc/passwd")[0] == 404)
    for host in "evil.example", "127.0.0.1.evil.example":
        ok(f"Host: {host}", ask(port, headers={"Host": host})[0] == 421)
    ok("a name that was allowed", ask(port, headers={"Host": "backup.example:80"})[0] == 200)
    for request in b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n":
        ok(f"no Host: {request}", b" 421 " in raw(("127.0.0.1", port), request).split(b"\r\n")[0])
    long = raw(("127.0.0.1", port), b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100000 + b"\r\n\r\n")
    ok("headers without end", long == b"" or b" 431 " in long.split(b"\r\n")[0] or b" 413 " in long.split(b"\r\n")[0], long[:80])
    raw(("127.0.0.1", port), b"\x16\x03\x01\x02\x00\x01" + bytes(300) + b"\r\n\r\n")
    ok("and goes on", ask(port)[0] == 200)


def check_crowd(port, process):
    """More connections than are let in, none of which says anything: others come by once they are over."""
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(60)]
    for s in silent[:45]:
        s.close()
    ok("a crowd", ask(port)[0] == 200)
    for s in silent:
        s.close()
    ok("still there", process.poll() is None)


def main():
    with serving("library", "--allow-host", "backup.example") as (port, path, process):
        if process.poll() == 77:
            return 77
        check_pages(port)
        check_refusals(port)
        check_crowd(port, process)
        answer = raw(path, b"GET /metrics HTTP/1.1\r\nHost: whatever\r\nConnection: close\r\n\r\n", socket.AF_UNIX)
        ok("UNIX socket, any name", answer.startswith(b"HTTP/1.1 200") and b"evertape_up 1" in answer, answer[:100])
    with serving("hostile") as (port, _, _):
        text = ask(port)[2]
        ok("markup of a device is text", text.count("<script") == 1 and "<img" not in text and "\033" not in text)
        ok("hostile metrics", openmetrics.problems(ask(port, "/metrics")[2]) == [])
    with serving("none") as (port, _, _):
        ok("no evertaped: metrics say so", ask(port, "/metrics")[2].count("evertape_up 0") == 1)
        status, _, text = ask(port)
        ok("no evertaped: what to do", status == 503 and "systemctl start evertaped" in text, (status, text))
    with serving("library", "--idle", "1s") as (port, _, process):
        begun = time.monotonic()
        ok("answers", ask(port)[0] == 200)
        ok("ends when nobody comes", process.wait(timeout=20) == 0 and time.monotonic() - begun >= 1)
    print(f"{n_passed} passed, {n_failed} failed")
    return n_failed > 0


sys.exit(main())
