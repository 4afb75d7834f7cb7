#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: the runtime and its tools are the same everywhere, and take minutes under emulation
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
BROWSER=$(command -v chromium chromium-browser google-chrome | head -n 1)
[ -n "$BROWSER" ] || skip "no Chromium here"
make_cgroup app 64M

guard app -s guard.start-grace=0s -- "$PROGRAMS/leak" --from 20M --rate 4M
guard_status 60
cp "$LOG" "$WORK/guard.log"
run report -s "guard.state-dir=$STATE" --format html
is "the page is written" 0 "$STATUS"
cp "$OUT" "$WORK/page.html"

# browse WIDTH ARG...: a profile of its own each time; what the page says goes to $LOG.
browse() {
	local width=$1
	shift
	timeout 60 "$BROWSER" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync \
		--hide-scrollbars --user-data-dir="$(mktemp -d "$WORK/profile.XXXXXX")" \
		--enable-logging=stderr --window-size="$width,2000" "$@" >"$OUT" 2>"$LOG"
}

# The same page with a ruler: widest thing, smallest letters, texts of the plot outside of it.
cat >"$WORK/ruler.js" <<'JS'
addEventListener('load', () => {
	const width = document.documentElement.clientWidth;
	const texts = [...document.querySelectorAll('body *')].filter(e => e.textContent.trim() &&
		!['SCRIPT', 'STYLE', 'title'].includes(e.tagName) && e.getClientRects().length);
	const sizes = texts.map(e => parseFloat(getComputedStyle(e).fontSize));
	const outside = [...document.querySelectorAll('svg text')].filter(e => {
		const r = e.getBoundingClientRect();
		return r.width && (r.left < -0.5 || r.right > width + 0.5);
	});
	document.title = 'width ' + width + ' wide ' + document.documentElement.scrollWidth +
		' smallest ' + Math.min(...sizes) + ' outside ' + outside.length + ' plot ' +
		document.querySelector('svg.plot').getBoundingClientRect().height;
});
JS
sed -e '/Content-Security-Policy/d' -e 's#</body>#<script src="ruler.js"></script></body>#' \
	"$WORK/page.html" >"$WORK/ruler.html"

# A window of a browser without a screen is 500 wide at least: narrower pages are put into a frame.
echo "<iframe src=ruler.html width=360 height=2000 onload=\"setTimeout(() => document.title =
	frames[0].document.title, 500)\"></iframe>" >"$WORK/frame.html"

measure() { # PAGE WIDTH
	browse 1200 --allow-file-access-from-files --virtual-time-budget=3000 --dump-dom \
		"file://$WORK/$1"
	tr '\n' ' ' <"$OUT" | grep -o "<title>width $2 [^<]*" | sed "s/<title>//" >"$WORK/measured"
	wide=none outside=none smallest=0 plot=0
	read -r _ _ _ wide _ smallest _ outside _ plot <"$WORK/measured"
}
measure ruler.html 1200
is "1200 pixels: nothing is wider than the window" 1200 "$wide"
is "no text of the plot is outside" 0 "$outside"
check "letters are large enough: $smallest" [ "${smallest%.*}" -ge 11 ]
check "there is a plot" [ "${plot%.*}" -ge 200 ]
measure frame.html 360
is "360 pixels: nothing is wider than the window" 360 "$wide"
is "no text of the plot is outside" 0 "$outside"
check "letters are large enough: $smallest" [ "${smallest%.*}" -ge 10 ]
check "there is a plot" [ "${plot%.*}" -ge 200 ]

browse 1200 --screenshot="$WORK/page.png" "file://$WORK/page.html"
has "it is drawn" "$LOG" 'bytes written'
lacks "the console is quiet" "$LOG" 'CONSOLE'
browse 1200 --print-to-pdf="$WORK/page.pdf" "file://$WORK/page.html"
check "it prints" grep -aq '^%PDF' "$WORK/page.pdf"
mv "$WORK/guard.log" "$LOG"
finish
