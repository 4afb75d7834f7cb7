#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pager.py PORT: a receiver of Alertmanager's webhooks that prints one line for each alert."""
import http.server
import json
import sys


class Pager(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for alert in message["alerts"]:
            labels = alert["labels"]
            print(f"pager: {labels['alertname']} ({labels.get('severity', '')}) {alert['status']}: "
                  f"{alert['annotations']['summary']}\n", end="", flush=True)  # one write: we are threads
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Pager).serve_forever()
