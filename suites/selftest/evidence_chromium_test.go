package selftest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A chromium is a browser without a window that keeps what its pages complain of.
type chromium struct {
	ctx context.Context

	mu         sync.Mutex
	complaints []string
}

// startChromium starts one with a profile of its own, or skips the test.
func startChromium(t *testing.T) *chromium {
	t.Helper()
	ctx, cancel := chromedp.NewContext(t.Context(), chromedp.WithAllocatorOptions(
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("hide-scrollbars", true)))
	t.Cleanup(cancel)
	err := chromedp.Do(ctx)
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("no Chromium is installed, so the page is not read in a browser; apt-get install chromium")
	}
	if err != nil {
		t.Fatal(err)
	}
	return &chromium{ctx: ctx}
}

// note keeps errors that a page caused, and requests that left the file.
func (c *chromium) note(event any) {
	complaint := ""
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			complaint = e.Entry.Text
		}
	case *runtime.EventConsoleAPICalled:
		complaint = fmt.Sprintf("console: %s", e.Type)
	case *runtime.EventExceptionThrown:
		complaint = "exception: " + e.ExceptionDetails.Text
	case *network.EventRequestWillBeSent:
		if url := e.Request.URL; !strings.HasPrefix(url, "file://") && !strings.HasPrefix(url, "data:") && url != "about:blank" {
			complaint = "it asks the network for " + url
		}
	}
	if complaint != "" {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.complaints = append(c.complaints, complaint)
	}
}

// A tab shows one page.
type tab struct {
	t     *testing.T
	ctx   context.Context
	close context.CancelFunc
}

// A window is how a page is shown.
type window struct {
	Width, Height int64
	Scheme        string // light or dark
	Print         bool
	NoScript      bool
}

// open shows a file.
func (c *chromium) open(t *testing.T, file string, w window) tab {
	t.Helper()
	path, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	p := tab{t: t}
	p.ctx, p.close = chromedp.NewContext(c.ctx, chromedp.WithListener(c.note))
	media := emulation.SetEmulatedMediaParams{Media: "screen", Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: w.Scheme}}}
	if w.Print {
		media.Media = "print"
	}
	metrics := emulation.SetDeviceMetricsOverrideParams{Width: w.Width, Height: w.Height, DeviceScaleFactor: 1, Mobile: w.Width < 600}
	_, err = chromedp.Call(p.ctx, emulation.SetDeviceMetricsOverride, metrics)
	if err == nil {
		_, err = chromedp.Call(p.ctx, emulation.SetEmulatedMedia, media)
	}
	if err == nil {
		_, err = chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: w.NoScript})
	}
	if err != nil {
		t.Fatal(err)
	}
	do(p, chromedp.Navigate("file://"+path))
	return p
}

// do runs an action, which a minute is enough for.
func do[T any](p tab, action chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, time.Minute)
	defer cancel()
	result, err := chromedp.Run(ctx, action)
	if err != nil {
		p.t.Fatal(err)
	}
	return result
}

// eval returns the value of an expression.
func eval[T any](p tab, expression string) T {
	p.t.Helper()
	return do(p, chromedp.Evaluate[T](expression))
}

// until returns when the expression is true, which the browser may bring about
// after the command that asked for it.
func (p tab) until(expression string) {
	p.t.Helper()
	do(p, chromedp.Poll[bool]("Boolean("+expression+")"))
}

// press presses a key: kb.Tab or kb.Enter.
func (p tab) press(key string) {
	p.t.Helper()
	do(p, chromedp.KeyEvent(key))
}

// picture keeps what the tab shows in the results folder of the repository.
func (p tab) picture(name string) {
	p.t.Helper()
	dir := filepath.Join("..", "..", "results", "pictures")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), do(p, chromedp.CaptureScreenshot()), 0o644); err != nil {
		p.t.Fatal(err)
	}
}
