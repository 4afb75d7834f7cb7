#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""terminal.py COMMAND...: a user at a terminal, for `sh -i` in a container.

Runs COMMAND on a pty, waits for each answer before it types the next line, prints all that came
back (without carriage returns) and exits with COMMAND's status; 124 when an answer did not come.
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

SLOW = int(os.environ.get("STORY_SLOW", "1"))
# (typed, awaited); $((..)) so that the echo of the typed line is not taken for the answer. A line
# that is sent again until it is answered may be typed before the shell has its prompt.
TALK = [
    ("echo up$((41 + 2))\n", b"up43"),
    ("echo tty=$(tty)\n", b"\ntty=/dev/"),
    ("echo size=$(stty size)\n", b"\nsize=33 99"),
    ("RESIZE", None),
    ("until [ \"$(stty size)\" = '44 111' ]; do :; done; echo size=$(stty size)\n", b"size=44 111"),
    # The job says so itself: only then is it surely in the foreground.
    ("sh -c 'echo slee$((1))ping; exec sleep 100'\n", b"slee1ping"),
    ("\x03", None),
    ("echo rc=$?\n", b"rc=130"),
    ("exit 7\n", None),
]


if os.environ.get("TERMINAL_RESIZE", "yes") != "yes":
    TALK = [step for step in TALK if b"44" not in (step[1] or b"") and step[0] != "RESIZE"]


def set_size(fd, rows, cols):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


def read_until(fd, text, wanted, seconds):
    """Appends to text what comes until `wanted` is in the new part; True when it came."""
    start = len(text)
    end = time.monotonic() + seconds * SLOW
    while wanted is None or wanted not in text[start:]:
        left = end - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            return wanted is None
        try:
            data = os.read(fd, 4096)
        except OSError:
            return wanted is None
        if not data:
            return wanted is None
        text += data
    return True


def talk(fd, pid, text):
    for typed, wanted in TALK:
        if typed == "RESIZE":
            set_size(fd, 44, 111)
            os.kill(pid, signal.SIGWINCH)
            continue
        os.write(fd, typed.encode())
        if typed == "\x03":
            read_until(fd, text, None, 0.3)
        elif wanted and not read_until(fd, text, wanted, 15):
            print("terminal.py: no answer to", repr(typed))
            return False
    return True


def main():
    pid, fd = pty.fork()
    if pid == 0:
        set_size(0, 33, 99)
        os.execvp(sys.argv[1], sys.argv[1:])
    text = bytearray()
    good = talk(fd, pid, text)
    if good:
        read_until(fd, text, None, 10)
    else:
        os.kill(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    print(text.decode(errors="replace").replace("\r", ""))
    return status if good else 124


sys.exit(main())
