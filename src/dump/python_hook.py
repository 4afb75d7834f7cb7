# SPDX-License-Identifier: Apache-2.0
# Loaded as sitecustomize through PYTHONPATH (dump.inject). Answers the guard on a unix socket, see
# dump/hook.h; does nothing until asked, says nothing, and fails in silence. With
# OOMGUARD_HOOK_PYTHON=full tracemalloc runs from the start. The application's own sitecustomize, if
# it has one, is run as if this one were not there. Python 3.8 and later; others only pass through.


def _oomguard_hook():
    import os
    import sys

    directory = os.environ.get("OOMGUARD_HOOK_DIR")
    if not directory or sys.version_info < (3, 8):
        return
    # The modules in C: nothing that frameworks replace with their own, and nothing slow to import.
    import _signal
    import _socket
    import _thread
    import gc
    import time

    OK = b"oomguard-hook 1 ok\n"
    CHUNK = 1 << 16
    WALK_SECONDS = 1.0  # in which the program has its share of the interpreter
    STRIDE = 64
    LARGE = 1 << 16
    LARGE_SEEN = 10
    ROWS_MAX = 200
    METHOD = type(object.__sizeof__)
    getsizeof, getrefcount = sys.getsizeof, sys.getrefcount
    get_referents, is_tracked = gc.get_referents, gc.is_tracked
    HIGH_FD = 200  # out of the way of programs that count on low numbers

    def start_tracing():
        import _tracemalloc

        if not _tracemalloc.is_tracing():
            _tracemalloc.start(1)

    def is_tracing():
        tracer = sys.modules.get("_tracemalloc")
        return tracer is not None and tracer.is_tracing()

    # --- what can be asked; each gives text -----------------------------------------------------

    def dump_json(value):
        # The module json is not imported before somebody asks, and it may not be there.
        import json

        return json.dumps(value)

    def read_resident():
        with open("/proc/self/statm", "rb") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def statistics(_):
        value = {
            "runtime": "python",
            "version": sys.version.split()[0],
            "tracing": is_tracing(),
            "resident_bytes": read_resident(),
            "gc": {"count": gc.get_count(), "threshold": gc.get_threshold(), "stats": gc.get_stats()},
            "allocated_blocks": sys.getallocatedblocks(),
        }
        if is_tracing():
            import _tracemalloc

            value["traced_bytes"] = _tracemalloc.get_traced_memory()[0]
            value["tracemalloc_bytes"] = _tracemalloc.get_tracemalloc_memory()
        return dump_json(value)

    def name_of(kind):
        try:
            module = type.__getattribute__(kind, "__module__")
            name = type.__getattribute__(kind, "__qualname__")
            return name if module == "builtins" else "%s.%s" % (module, name)
        except Exception:
            return "?"

    class Tally:
        def __init__(self):
            self.types = {}  # type -> [count, bytes, what asks for its size]
            self.large = {}  # type -> [count, bytes]: a single one says nothing of those not seen
            self.lines = {}  # (file, line) -> [count, bytes]
            self.traceback = None
            if is_tracing():
                import _tracemalloc

                self.traceback = _tracemalloc._get_object_traceback

        def add(self, thing, share):
            kind = type(thing)
            row = self.types.get(kind)
            if row is None:
                # A size that the application computes itself is none of our business to call.
                in_c = type(getattr(kind, "__sizeof__", None)) is METHOD
                row = self.types[kind] = [0.0, 0.0, getsizeof if in_c else object.__sizeof__]
            size = row[2](thing)
            if size >= LARGE:
                row = self.large.setdefault(kind, [0.0, 0.0])
            size *= share
            row[0] += share
            row[1] += size
            if self.traceback is None:
                return
            trace = self.traceback(thing)
            if trace:
                line = self.lines.setdefault(trace[0], [0.0, 0.0])  # the newest frame
                line[0] += share
                line[1] += size

    def walk(tally):
        """Of each STRIDE objects one, then another one, until all are seen or time is over."""
        things = gc.get_objects()
        own = {id(things), id(tally), id(tally.types), id(tally.large), id(tally.lines)}
        end = time.monotonic() + WALK_SECONDS
        seen = 0
        for first in range(STRIDE):
            for at in range(first, len(things), STRIDE):
                thing = things[at]
                seen += 1
                if not seen & 255 and time.monotonic() > end:
                    return len(things), seen
                if id(thing) in own:
                    continue
                tally.add(thing, 1.0)
                # Strings and bytes are known to their holders only. One with several holders is
                # met several times: each counts a part. Three references are ours meanwhile.
                for leaf in get_referents(thing):
                    if not is_tracked(leaf):
                        holders = getrefcount(leaf) - 3
                        tally.add(leaf, 1.0 / holders if holders > 1 else 1.0)
        return len(things), seen

    def top(rows):
        return sorted(rows, key=lambda row: -row["bytes"])[:ROWS_MAX]

    def rows_of_types(tally, scale):
        for kind, (count, size, _) in tally.types.items():
            count, size = count * scale, size * scale
            if kind in tally.large:
                large = tally.large[kind]
                by = scale if large[0] >= LARGE_SEEN else 1.0
                count, size = count + large[0] * by, size + large[1] * by
            yield {"type": name_of(kind), "count": int(count), "bytes": int(size)}

    def rows_of_lines(lines, scale):
        for (name, line), (count, size) in lines.items():
            yield {"file": name, "line": line, "count": int(count * scale), "bytes": int(size * scale)}

    def walk_objects(_):
        tally = Tally()
        begun = time.monotonic()
        count, seen = walk(tally)
        scale = count / max(1, seen)
        value = {
            "runtime": "python",
            "version": sys.version.split()[0],
            "objects": count,
            "looked_at": seen,
            "seconds": round(time.monotonic() - begun, 3),
            "types": top(rows_of_types(tally, scale)),
        }
        if tally.lines:
            value["lines"] = top(rows_of_lines(tally.lines, scale))
        return dump_json(value)

    def trace_lines(_):
        import _tracemalloc

        if not _tracemalloc.is_tracing():
            raise RuntimeError("tracemalloc does not run (dump.inject is not full)")
        lines = {}
        traces = _tracemalloc._get_traces()
        total = len(traces)
        traced = _tracemalloc.get_traced_memory()
        trace = None
        for trace in traces:
            row = lines.setdefault(trace[2][0][:2], [0, 0])
            row[0] += 1
            row[1] += trace[1]
        del trace, traces
        trim()
        return dump_json(
            {
                "runtime": "python",
                "version": sys.version.split()[0],
                "traced_bytes": traced[0],
                "peak_bytes": traced[1],
                "blocks": total,
                "lines": top(rows_of_lines(lines, 1)),
            }
        )

    def trim():
        try:
            if os.confstr("CS_GNU_LIBC_VERSION"):
                import ctypes

                return bool(ctypes.CDLL(None).malloc_trim(0))
        except Exception:
            pass
        return False

    def collect(_):
        found = gc.collect()
        return dump_json({"unreachable": found, "trimmed": trim()})

    verbs = {
        b"stats": statistics,
        b"types": walk_objects,
        b"tracemalloc": trace_lines,
        b"gc": collect,
    }

    # --- the answer -----------------------------------------------------------------------------

    def send_all(peer, data):
        view = memoryview(data)
        while len(view):
            view = view[peer.send(view, _socket.MSG_NOSIGNAL) :]

    def answer(peer):
        request = b""
        while b"\n" not in request and len(request) < 128:
            piece = peer.recv(128)
            if not piece:
                return
            request += piece
        verb, _, argument = request.split(b"\n")[0].partition(b" ")
        try:
            data = verbs[verb](argument).encode("utf-8", "replace")
        except BaseException as error:
            text = "unknown request" if verb not in verbs else "%s: %s" % (type(error).__name__, error)
            text = "".join(c if " " <= c <= "~" else " " for c in text[:100])
            send_all(peer, b"oomguard-hook 1 error " + text.encode() + b"\n")
            return
        send_all(peer, OK)
        for at in range(0, len(data), CHUNK):
            part = data[at : at + CHUNK]
            send_all(peer, len(part).to_bytes(4, "big") + part)
        send_all(peer, bytes(4))

    # --- the socket and its thread --------------------------------------------------------------

    def remove(path):
        try:
            os.unlink(path)
        except OSError:
            pass

    def open_socket(path):
        listener = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0)
        try:
            remove(path)  # of a process that had this number before
            mask = os.umask(0o177)
            try:
                listener.bind(path)
            finally:
                os.umask(mask)
            listener.listen(4)
        finally:
            fd = listener.detach()
        try:
            import fcntl

            high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, HIGH_FD)
            os.close(fd)
            fd = high
        except (ImportError, OSError, ValueError):
            pass
        return fd

    class Server:
        """One for each process. While it forks there is no thread, as if there were none at all."""

        def __init__(self):
            self.fd = -1
            self.running = False

        def begin(self):
            self.pid = os.getpid()
            self.path = "%s/%d.sock" % (directory, self.pid)
            self.fd = open_socket(self.path)
            self.identity = os.fstat(self.fd)[1:3]
            self.task = 0
            self.busy = self.stopping = False
            self.done = _thread.allocate_lock()
            self.done.acquire()
            # Signals are for the program's own threads, even those that it has blocked in all of them.
            mask = _signal.pthread_sigmask(_signal.SIG_BLOCK, _signal.valid_signals())
            try:
                _thread.start_new_thread(self.run, ())
                self.running = True
            finally:
                _signal.pthread_sigmask(_signal.SIG_SETMASK, mask)

        def owns_socket(self):
            # A program that closes all files and opens its own gets our number for them.
            try:
                return os.fstat(self.fd)[1:3] == self.identity
            except OSError:
                return False

        def run(self):
            try:
                self.task = _thread.get_native_id()
                while not self.stopping:
                    if not self.owns_socket():
                        self.fd = open_socket(self.path)
                        self.identity = os.fstat(self.fd)[1:3]
                    self.serve()
            except BaseException:
                pass
            finally:
                self.running = False
                self.done.release()

        def serve(self):
            listener = _socket.socket(fileno=self.fd)
            try:
                listener.settimeout(None)
                fd, _ = listener._accept()
            finally:
                listener.detach()
            peer = _socket.socket(fileno=fd)
            self.busy = True
            try:
                peer.settimeout(30)
                answer(peer)
            except BaseException:
                pass
            finally:
                self.busy = False
                peer.close()

        def close(self):
            if self.owns_socket():
                os.close(self.fd)
            self.fd = -1

        def stop(self):
            if not self.running or self.busy or self.pid != os.getpid() or not self.owns_socket():
                return
            self.stopping = True
            listener = _socket.socket(fileno=self.fd)
            try:
                listener.shutdown(_socket.SHUT_RDWR)  # accept() returns
            finally:
                listener.detach()
            if not self.done.acquire(True, 0.1):
                return
            self.close()
            for _ in range(100):  # the thread has said good-bye; it is about to be gone
                if not os.path.exists("/proc/self/task/%d" % self.task):
                    break
                time.sleep(0.0001)

    server = Server()

    def quietly(step):
        def run():
            try:
                step()
            except BaseException:
                pass

        return run

    def after_in_parent():
        if server.fd < 0:
            server.begin()

    def after_in_child():
        server.close()
        server.begin()

    def at_exit():
        if server.fd >= 0 and server.pid == os.getpid():
            remove(server.path)

    if os.environ.get("OOMGUARD_HOOK_PYTHON") == "full":
        quietly(start_tracing)()
    server.begin()
    os.register_at_fork(
        before=quietly(server.stop),
        after_in_parent=quietly(after_in_parent),
        after_in_child=quietly(after_in_child),
    )
    import atexit

    atexit.register(quietly(at_exit))


def _oomguard_next():
    """The module that would have been found without us; an ImportError of its name when none."""
    import sys

    here = __file__.rpartition("/")[0]
    sys.path[:] = [place for place in sys.path if place != here]
    sys.modules.pop("sitecustomize", None)
    sys.path_importer_cache.pop(here, None)
    import sitecustomize  # noqa: F401


try:
    _oomguard_hook()
except Exception:
    pass
_oomguard_next()
