package egress_test

import (
	"bufio"
	"net"
	"strings"
	"testing"
)

// newRaw starts a server that answers bytes as they are: answer gets the
// number of the request and its header. It closes a connection when an answer
// is empty.
func newRaw(t *testing.T, answer func(n int, request string) string) (address string) {
	t.Helper()
	return "http://" + serveRawOn(t, listen(t), answer)
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func serveRawOn(t *testing.T, listener net.Listener, answer func(n int, request string) string) (address string) {
	t.Helper()
	t.Cleanup(func() { _ = listener.Close() })
	requests := make(chan int, 1)
	requests <- 0
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serveRaw(conn, requests, answer)
		}
	}()
	return listener.Addr().String()
}

func serveRaw(conn net.Conn, requests chan int, answer func(n int, request string) string) {
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for {
		var request strings.Builder
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			request.WriteString(line)
			if line == "\r\n" {
				break
			}
		}
		n := <-requests
		requests <- n + 1
		text := answer(n, request.String())
		if text == "" {
			return
		}
		if _, err := conn.Write([]byte(text)); err != nil {
			return
		}
	}
}
