"""A local AWS endpoint for the tests: moto behind a proxy that notes every call and can answer in its place.

Prints its port as one line on standard output and stops when its standard input ends, so that it never outlives the
tests. Control, below /_control/:

    POST reset   forget rules, calls and the whole AWS world
    POST world   make buckets, trails, clusters and objects (see world.py)
    POST rules   answer these calls ourselves: [{service, operation, region, assumed, status, body, headers, times}, …];
                 `assumed`: with the credentials of an assumed role, or without; `delay`: seconds
    POST forget  forget the rules
    GET  calls   what was asked since the last reset: [{service, operation, region, path}, …]
"""

import gc
import http.client
import json
import logging
import os
import re
import sys
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

# moto is large and its worlds are small: to look through it for garbage costs a sixth of the time.
gc.disable()
# No test has a machine image; moto reads all of Amazon's whenever a cluster's network is made.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

from moto.server import ThreadedMotoServer

import world

logging.getLogger("werkzeug").setLevel(logging.ERROR)

MOTO = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
LOCK = threading.Lock()
RULES = []
CALLS = []


def operation_of(method, path, headers, body):
    """The operation's name by the service's protocol: JSON target, form action, or REST path."""
    if "X-Amz-Target" in headers:
        return headers["X-Amz-Target"].rsplit(".", 1)[-1]
    form = parse_qs(body.decode("utf-8", "replace")) if b"Action=" in body else {}
    if "Action" in form:
        return form["Action"][0]
    url = urlsplit(path)
    parts = [part for part in url.path.split("/") if part]
    if parts == ["listRegions"]:
        return "ListRegions"
    if not parts:
        return "ListBuckets"
    if len(parts) == 1:
        return "HeadBucket" if method == "HEAD" else "ListObjectsV2"
    return "GetObject"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/_control/"):
            try:
                answer = self.control(self.path.rsplit("/", 1)[-1], body)
                return self.answer(200, {}, json.dumps(answer).encode())
            except Exception:
                return self.answer(500, {}, traceback.format_exc().encode())
        scope = re.search(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/", self.headers.get("Authorization", ""))
        key, region, service = scope.groups() if scope else ("", "", "")
        call = {
            "service": service,
            "operation": operation_of(self.command, self.path, self.headers, body),
            "region": region,
            "assumed": key not in ("", "testing"),
            "path": self.path,
            "body": body.decode("utf-8", "replace"),
        }
        with LOCK:
            CALLS.append(call)
            rule = next((rule for rule in RULES if matches(rule, call)), None)
            if rule and rule.get("times") is not None:
                rule["times"] -= 1
        if not rule and service == "redshift-serverless":
            # moto does not know this service; an account without it answers like this.
            return self.answer(200, {}, b'{"namespaces": [], "workgroups": []}')
        if rule:
            time.sleep(rule.get("delay", 0))
            return self.answer(rule["status"], rule.get("headers", {}), rule.get("body", "").encode())
        self.forward(body)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = handle_any

    def forward(self, body):
        host, port = MOTO.get_host_and_port()
        connection = http.client.HTTPConnection(host, port, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        connection.request(self.command, self.path, body=body, headers=headers)
        response = connection.getresponse()
        payload = response.read()
        self.answer(response.status, dict(response.getheaders()), payload)
        connection.close()

    def answer(self, status, headers, payload):
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(payload)

    def control(self, what, body):
        host, port = MOTO.get_host_and_port()
        with LOCK:
            if what == "reset":
                RULES.clear()
                CALLS.clear()
                connection = http.client.HTTPConnection(host, port)
                connection.request("POST", "/moto-api/reset")
                connection.getresponse().read()
            elif what == "world":
                world.make(f"http://{host}:{port}", json.loads(body))
            elif what == "rules":
                RULES.extend(json.loads(body))
            elif what == "forget":
                RULES.clear()
            return CALLS if what == "calls" else {}


def matches(rule, call):
    named = all(rule.get(key) in (None, call[key]) for key in ("service", "operation", "region", "assumed"))
    within = rule.get("contains") is None or rule["contains"] in call["path"] + call["body"]
    return named and within and rule.get("times") != 0


def main():
    MOTO.start()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


main()
