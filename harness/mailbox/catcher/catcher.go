// Package catcher is a mail server for test runs: it accepts every mail by
// SMTP, keeps it in memory and hands it out over HTTP.
//
// The HTTP API is the part of Mailpit's REST API (v1.30.5) that package mailbox
// uses, so a run needs neither Docker nor Mailpit and its specs cannot tell the
// two apart. One thing is better here: a mail has its SMTP envelope as it was,
// where Mailpit only has the recipients of envelope and headers in one heap.
package catcher

import (
	"cmp"
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

// anyLoopbackPort is where the servers listen unless told otherwise.
const anyLoopbackPort = "127.0.0.1:0"

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

// Start listens for mails at smtpAddr and for API requests on the loopback interface,
// and serves both until Close. Without an address a homeserver on the same machine can
// send; one in a container needs an address that it can reach.
//
// The context limits the start alone: in Ginkgo it belongs to a set-up node and
// is done long before the specs are.
func Start(ctx context.Context, smtpAddr string) (*Catcher, error) {
	smtpListener, err := listen(ctx, cmp.Or(smtpAddr, anyLoopbackPort))
	if err != nil {
		return nil, fmt.Errorf("mail catcher: cannot listen for SMTP: %w", err)
	}
	apiListener, err := listen(ctx, anyLoopbackPort)
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

// APIURL is the base URL for mailbox.New.
func (c *Catcher) APIURL() string { return "http://" + c.apiListener.Addr().String() }

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
	return new(net.ListenConfig).Listen(ctx, "tcp", addr)
}

// logger takes what nobody can be told in an answer.
var logger = log.New(os.Stderr, "mail catcher: ", log.LstdFlags)
