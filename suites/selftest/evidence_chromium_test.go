package selftest

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// A chromium is a browser without a window, driven over its DevTools protocol:
// messages of JSON on two pipes, each ended by a zero byte.
type chromium struct {
	in io.Writer

	mu      sync.Mutex
	next    int
	answers map[int]chan message
	seen    []message // events
	closed  chan struct{}
}

type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// startChromium starts one with a profile of its own, or skips the test.
func startChromium(t *testing.T) *chromium {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Skip("no Chromium is installed, so the page is not looked at; apt-get install chromium")
	}
	theirIn, ourIn, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ourOut, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
		"--user-data-dir="+t.TempDir(), "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirIn.Close()
	theirOut.Close()
	c := &chromium{in: ourIn, answers: map[int]chan message{}, closed: make(chan struct{})}
	go c.read(ourOut)
	t.Cleanup(func() {
		ourIn.Close() // it ends when nobody drives it any more
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-done
		}
	})
	return c
}

func (c *chromium) read(out io.Reader) {
	defer close(c.closed)
	for r := bufio.NewReader(out); ; {
		text, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(text[:len(text)-1], &m) != nil {
			continue
		}
		c.mu.Lock()
		if m.ID > 0 {
			c.answers[m.ID] <- m
			delete(c.answers, m.ID)
		} else {
			c.seen = append(c.seen, m)
		}
		c.mu.Unlock()
	}
}

// call sends a command and fills result, which may be nil, from its answer.
func (c *chromium) call(t *testing.T, session, method string, params any, result any) {
	t.Helper()
	answer := make(chan message, 1)
	c.mu.Lock()
	c.next++
	id := c.next
	c.answers[id] = answer
	c.mu.Unlock()
	command := map[string]any{"id": id, "method": method, "params": params}
	if params == nil {
		command["params"] = struct{}{}
	}
	if session != "" {
		command["sessionId"] = session
	}
	text, err := json.Marshal(command)
	if err == nil {
		_, err = c.in.Write(append(text, 0))
	}
	if err != nil {
		t.Fatalf("Chromium cannot be told %s: %v", method, err)
	}
	select {
	case m := <-answer:
		if m.Error != nil {
			t.Fatalf("Chromium refuses %s: %s", method, m.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				t.Fatalf("%s: %v", method, err)
			}
		}
	case <-c.closed:
		t.Fatalf("Chromium ended before it answered %s", method)
	case <-time.After(time.Minute):
		t.Fatalf("Chromium does not answer %s", method)
	}
}

// events are what came by that name, with the text of its parameters.
func (c *chromium) events(method string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []string
	for _, m := range c.seen {
		if m.Method == method {
			found = append(found, string(m.Params))
		}
	}
	return found
}

// A tab shows one page.
type tab struct {
	*chromium
	t       *testing.T
	session string
}

// A window is how a page is looked at.
type window struct {
	Width, Height int
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
	var target struct {
		TargetID string `json:"targetId"`
	}
	c.call(t, "", "Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct {
		SessionID string `json:"sessionId"`
	}
	c.call(t, "", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	p := tab{c, t, attached.SessionID}
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		p.do(domain+".enable", nil, nil)
	}
	p.do("Emulation.setDeviceMetricsOverride", map[string]any{"width": w.Width, "height": w.Height, "deviceScaleFactor": 1, "mobile": w.Width < 600}, nil)
	media := "screen"
	if w.Print {
		media = "print"
	}
	p.do("Emulation.setEmulatedMedia", map[string]any{"media": media, "features": []map[string]string{{"name": "prefers-color-scheme", "value": w.Scheme}}}, nil)
	if w.NoScript {
		p.do("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
	}
	before := len(c.events("Page.loadEventFired"))
	p.do("Page.navigate", map[string]any{"url": "file://" + path}, nil)
	for deadline := time.Now().Add(time.Minute); len(c.events("Page.loadEventFired")) == before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s is not loaded within a minute", file)
		}
	}
	return p
}

func (p tab) do(method string, params, result any) {
	p.t.Helper()
	p.call(p.t, p.session, method, params, result)
}

// eval runs an expression and fills result from its value.
func (p tab) eval(expression string, result any) {
	p.t.Helper()
	var answer struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		ExceptionDetails *struct {
			Text      string `json:"text"`
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	p.do("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &answer)
	if e := answer.ExceptionDetails; e != nil {
		p.t.Fatalf("%s %s in:\n%s", e.Text, e.Exception.Description, expression)
	}
	if err := json.Unmarshal(answer.Result.Value, result); err != nil {
		p.t.Fatalf("%v: %s", err, answer.Result.Value)
	}
}

// until returns when the expression is true, which the browser may bring about
// after the command that asked for it.
func (p tab) until(expression string) {
	p.t.Helper()
	var met bool
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if p.eval("Boolean("+expression+")", &met); met {
			return
		}
	}
	p.t.Fatalf("this does not come true: %s", expression)
}

// press presses a key: Tab or Enter.
func (p tab) press(key string) {
	p.t.Helper()
	code := map[string]int{"Tab": 9, "Enter": 13}[key]
	down := map[string]any{"type": "rawKeyDown", "key": key, "code": key, "windowsVirtualKeyCode": code}
	if key == "Enter" {
		down["type"], down["text"] = "keyDown", "\r"
	}
	p.do("Input.dispatchKeyEvent", down, nil)
	p.do("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": code}, nil)
}

// picture keeps what the tab shows in the results folder of the repository.
func (p tab) picture(name string, whole bool) {
	p.t.Helper()
	var shot struct {
		Data string `json:"data"`
	}
	p.do("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": whole}, &shot)
	image, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		p.t.Fatal(err)
	}
	dir := filepath.Join("..", "..", "results", "pictures")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), image, 0o644); err != nil {
		p.t.Fatal(err)
	}
}
