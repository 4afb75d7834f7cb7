#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: the runtime and its tools are the same everywhere, and take minutes under emulation
# Over the application's own port; without any setting.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
command -v go >/dev/null || skip "no go"
make_cgroup app 200M

cat >"$WORK/leak.go" <<'GO'
package main

import (
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"time"
)

var kept [][]byte

//go:noinline
func plantedCulprit() {
	p := make([]byte, 1<<20)
	for i := range p {
		p[i] = 1
	}
	kept = append(kept, p)
}

func main() {
	other, _ := net.Listen("tcp", "127.0.0.1:0") // speaks no HTTP
	go func() {
		for {
			c, err := other.Accept()
			if err == nil {
				c.Write([]byte("hello\n"))
				c.Close()
			}
		}
	}()
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	go http.Serve(l, nil)
	for i := 0; i < 150; i++ {
		plantedCulprit()
		time.Sleep(30 * time.Millisecond)
	}
	fmt.Println("all is kept")
	time.Sleep(time.Hour)
}
GO
(cd "$WORK" && HOME=$WORK go build -o leak-go leak.go) || skip "go does not build"
guard app -v -s level.dump.at=50% -s level.dump.growing=no -s level.profile.actions=log \
	-s level.restart.actions=log -s level.brink.actions=log -- "$WORK/leak-go"
check "the profile is written" wait_for 40 logged \
	'dump level: heap dump of pid [0-9]+ \(leak-go\) done: incidents/.*/go-[0-9]+\.heap\.pb\.gz'
HOME=$WORK go tool pprof -top "$WORK/leak-go" "$(find "$STATE" -name 'go-*.heap.pb.gz')" >"$WORK/top" 2>"$WORK/err"
has "go tool pprof names the culprit" "$WORK/top" '[0-9.]+[kM]B .*main\.plantedCulprit'
check "the program goes on" wait_for 30 file_has "$OUT" 'all is kept'
is "the kernel killed nothing" 0 "$(cgroup_oom_kills app)"
finish
