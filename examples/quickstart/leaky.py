#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small service with a classic leak: sessions are remembered and never forgotten.

On SIGUSR1 it writes what tracemalloc knows to the file named on its command line."""
import os
import signal
import sys
import time
import tracemalloc

sessions = {}


def write_dump(_signal, _frame):
    tracemalloc.take_snapshot().dump(sys.argv[1] + ".partial")
    os.replace(sys.argv[1] + ".partial", sys.argv[1])


def finish(_signal, _frame):
    print(f"leaky.py: asked to stop; finishing after {len(sessions)} requests", flush=True)
    sys.exit(0)


def handle_request(number):
    sessions[number] = bytearray(64 * 1024)  # the leak


tracemalloc.start()
signal.signal(signal.SIGUSR1, write_dump)
signal.signal(signal.SIGTERM, finish)
number = 0
while True:
    handle_request(number)
    number += 1
    time.sleep(0.01)
