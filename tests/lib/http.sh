# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# For stories that speak HTTP: HTTP_PORT is free for this story, HTTP_LISTEN are the options.
HTTP_PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
HTTP_LISTEN=(-s "http.listen=127.0.0.1:$HTTP_PORT")

# http_get PATH [ACCEPT [METHOD]]: prints the status, 0 when there is no answer; the body is in
# $WORK/body, the headers in $WORK/headers.
http_get() {
	python3 -c '
import http.client, sys
port, path, accept, method, work = sys.argv[1:]
status, body, headers = 0, b"", ""
try:
    c = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
    c.request(method, path, headers={"Accept": accept})
    r = c.getresponse()
    body, status, headers = r.read(), r.status, str(r.headers)
except (OSError, http.client.HTTPException) as e:
    headers = repr(e)
open(work + "/body", "wb").write(body)
open(work + "/headers", "w").write(headers)
print(status)' "$HTTP_PORT" "$1" "${2:-*/*}" "${3:-GET}" "$WORK"
}
http_up() { [ "$(http_get /livez)" != 0 ]; }
http_says() { [ "$(http_get "$1")" = "$2" ]; } # PATH STATUS

# metric NAME{LABELS}: its value, from a fresh scrape.
metric() {
	http_get /metrics >/dev/null
	awk -v name="$1" '$1 == name { print $2 }' "$WORK/body"
}
