// Package catcher is a mail server for test runs: it accepts every mail by
// SMTP, keeps it in memory and hands it out over HTTP.
//
// The HTTP API is the part of Mailpit's REST API (v1.30.5) that package mailbox
// uses, so a run needs neither Docker nor Mailpit and its specs cannot tell the
// two apart. One thing is better here: a mail has its SMTP envelope as it was,
// where Mailpit only has the recipients of envelope and headers in one heap.
package catcher

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// maxMessageBytes is the largest mail that is accepted. A larger one is
// answered with 552.
const maxMessageBytes = 1 << 20

// anyLoopbackPort is where both servers listen unless told otherwise.
const anyLoopbackPort = "127.0.0.1:0"

// Options says where to listen. The zero value is good for a homeserver on the
// same machine; one in a container needs an address that it can reach.
type Options struct {
	SMTPAddr string // host:port for mails, default 127.0.0.1:0
	APIAddr  string // host:port for the HTTP API, default 127.0.0.1:0
}

// Catcher is a running mail catcher. Its methods may be called from any
// goroutine.
type Catcher struct {
	store *store

	smtp         *smtp.Server
	smtpListener net.Listener
	api          *http.Server
	apiListener  net.Listener

	serving sync.WaitGroup
	close   func() error
}

// Start listens for mails and for API requests, and serves both until Close.
// The context limits the start alone: in Ginkgo it belongs to a set-up node and
// is done long before the specs are.
func Start(ctx context.Context, options Options) (*Catcher, error) {
	smtpListener, err := listen(ctx, options.SMTPAddr)
	if err != nil {
		return nil, fmt.Errorf("mail catcher: cannot listen for SMTP: %w", err)
	}
	apiListener, err := listen(ctx, options.APIAddr)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("mail catcher: cannot listen for its HTTP API: %w", err), smtpListener.Close())
	}

	store := &store{limit: storeLimit}
	c := &Catcher{
		store:        store,
		smtp:         newSMTPServer(store),
		smtpListener: smtpListener,
		api:          &http.Server{Handler: newAPI(store), ReadHeaderTimeout: 10 * time.Second},
		apiListener:  apiListener,
	}
	c.close = sync.OnceValue(c.shutDown)
	c.serving.Go(func() {
		if err := c.smtp.Serve(promptListener{smtpListener}); err != nil && !errors.Is(err, net.ErrClosed) {
			logger.Printf("SMTP on %s ended: %v", smtpListener.Addr(), err)
		}
	})
	c.serving.Go(func() {
		if err := c.api.Serve(apiListener); !errors.Is(err, http.ErrServerClosed) {
			logger.Printf("HTTP API on %s ended: %v", apiListener.Addr(), err)
		}
	})
	return c, nil
}

// SMTPAddr is the host:port that takes mails, as it was bound.
func (c *Catcher) SMTPAddr() string { return c.smtpListener.Addr().String() }

// APIURL is the base URL for mailbox.New, without a trailing slash. For a
// listener on all interfaces it names the loopback one.
func (c *Catcher) APIURL() string {
	addr := c.apiListener.Addr().(*net.TCPAddr)
	if addr.IP.IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d", addr.Port)
	}
	return "http://" + addr.String()
}

// Count is the number of mails that are kept now.
func (c *Catcher) Count() int {
	kept, _ := c.store.counts()
	return kept
}

// Dropped is the number of mails that had to go because the store was full.
// Any number but 0 means that a missing mail proves nothing.
func (c *Catcher) Dropped() int {
	_, dropped := c.store.counts()
	return dropped
}

// Close stops both servers and cuts the connections that are open. Further
// calls do nothing and return what the first one did.
func (c *Catcher) Close() error { return c.close() }

func (c *Catcher) shutDown() error {
	err := errors.Join(c.smtp.Close(), c.api.Close())
	// The SMTP server does not know its listener before Serve runs.
	if closeErr := c.smtpListener.Close(); !errors.Is(closeErr, net.ErrClosed) {
		err = errors.Join(err, closeErr)
	}
	c.serving.Wait()
	return err
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	if addr == "" {
		addr = anyLoopbackPort
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", addr)
}

// logger takes what nobody can be told in an answer.
var logger = log.New(os.Stderr, "mail catcher: ", log.LstdFlags)
