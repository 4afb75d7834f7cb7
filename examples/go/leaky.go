// SPDX-License-Identifier: Apache-2.0

// A small service with a classic leak: sessions are remembered and never forgotten.
package main

import (
	"fmt"
	"net/http"
	_ "net/http/pprof" // the guard asks it for the heap profile
	"os"
	"os/signal"
	"syscall"
	"time"
)

type session struct{ basket []byte }

var sessions = map[int]session{}

func handleRequest(number int) {
	basket := make([]byte, 64<<10) // the leak
	for i := range basket {
		basket[i] = byte(i)
	}
	sessions[number] = session{basket}
}

func main() {
	go http.ListenAndServe("127.0.0.1:6060", nil)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	for number := 0; ; number++ {
		select {
		case <-stop:
			fmt.Println("leaky: asked to stop; finishing after", number, "requests")
			return
		case <-time.After(10 * time.Millisecond):
			handleRequest(number)
		}
	}
}
