package catcher_test

import (
	"bufio"
	"net"
	"net/textproto"
	"slices"
	"testing"
	"time"
)

// A client with Nagle's algorithm that writes the end of the mail on its own
// waits for an acknowledgement of what came before. Linux delays it by 40 ms
// unless told otherwise.
func TestDataIsAcknowledgedAtOnce(t *testing.T) {
	c := start(t)
	conn, err := net.Dial("tcp", c.SMTPAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.(*net.TCPConn).SetNoDelay(false); err != nil {
		t.Fatal(err)
	}
	replies := textproto.NewReader(bufio.NewReader(conn))
	exchange := func(code int, pieces ...string) {
		t.Helper()
		for _, piece := range pieces {
			if _, err := conn.Write([]byte(piece)); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := replies.ReadResponse(code); err != nil {
			t.Fatal(err)
		}
	}
	exchange(220)
	exchange(250, "EHLO hs.test\r\n")

	var taken []time.Duration
	for range 21 {
		exchange(250, "MAIL FROM:<hs@hs.test>\r\n")
		exchange(250, "RCPT TO:<bob@example.org>\r\n")
		exchange(354, "DATA\r\n")
		started := time.Now()
		exchange(250, "Subject: x\r\n\r\n", "body\r\n", ".\r\n")
		taken = append(taken, time.Since(started))
	}
	slices.Sort(taken)
	if median := taken[len(taken)/2]; median > 30*time.Millisecond {
		t.Errorf("want acknowledgements without delay, but half of the mails took more than %s", median)
	}
}
