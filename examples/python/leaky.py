#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small service with a classic leak: sessions are remembered and never forgotten."""
import signal
import sys
import time


class Session:
    def __init__(self):
        self.basket = [bytearray(1024) for _ in range(64)]


sessions = {}


def handle_request(number):
    sessions[number] = Session()  # the leak


def finish(_signal, _frame):
    print(f"leaky.py: asked to stop; finishing after {len(sessions)} requests", flush=True)
    sys.exit(0)


signal.signal(signal.SIGTERM, finish)
while True:
    handle_request(len(sessions))
    time.sleep(0.004)
