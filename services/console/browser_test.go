package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"dtks/pkg/testkit"
)

// browser is a headless Chromium that remembers everything a page complained of.
type browser struct {
	ctx context.Context

	mu     sync.Mutex
	errors []string
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	path := os.Getenv("CHROMIUM")
	if path == "" {
		path = "/usr/bin/chromium"
	}
	dir, err := os.MkdirTemp("", "dtks-chromium")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // the browser may still be letting go of it
	allocator, stop := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.UserDataDir(dir), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("hide-scrollbars", true))
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	b := &browser{ctx: ctx}
	// The first run starts the browser: a deadline on its context would end the browser with it.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting %s: %v", path, err)
	}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	return b
}

// hear keeps console errors, exceptions, and what the browser logs by itself: refused inline styles, missing files.
func (b *browser) hear(ev any) {
	var text string
	switch e := ev.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			text = "console " + string(e.Type)
			for _, arg := range e.Args {
				text += " " + arg.Description + string(arg.Value)
			}
		}
	case *runtime.EventExceptionThrown:
		text = "exception: " + e.ExceptionDetails.Text
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			text = "log: " + e.Entry.Text
		}
	}
	if text != "" {
		b.mu.Lock()
		b.errors = append(b.errors, text)
		b.mu.Unlock()
	}
}

func (b *browser) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.errors...)
}

// do runs steps with a deadline of their own.
func (b *browser) do(t *testing.T, what string, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatalf("%s: %v; the page complained of %v", what, err, b.complaints())
	}
}

// get evaluates an expression in the page.
func get[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("evaluating %s: %v", expression, err)
	}
	return v
}

// wait waits until an expression is true in the page.
func (b *browser) wait(t *testing.T, expression string) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if get[bool](t, b, expression) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("never true: %s; the page complained of %v", expression, b.complaints())
		}
	}
}

// shoot keeps a screenshot of the whole page where SCREENSHOTS says.
func (b *browser) shoot(t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatalf("taking a screenshot: %v", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}

// scheme switches between light and dark.
func (b *browser) scheme(t *testing.T, value string) {
	t.Helper()
	params := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, params); err != nil {
		t.Fatal(err)
	}
}

// fits fails where anything stands out of the page sideways.
func (b *browser) fits(t *testing.T, width int64) {
	t.Helper()
	wide := get[string](t, b, `(() => {
		const w = document.documentElement.clientWidth;
		const out = [...document.querySelectorAll("body *")].filter((e) => {
			const r = e.getBoundingClientRect();
			return r.width > 0 && r.right > w + 1 && !e.closest(".scroll") && !e.classList.contains("skip");
		}).map((e) => e.tagName + "." + (e.className.baseVal ?? e.className));
		return document.documentElement.scrollWidth > w ? "page " + document.documentElement.scrollWidth : out.slice(0, 5).join(" ");
	})()`)
	if wide != "" {
		t.Errorf("at %d px something stands out sideways: %s", width, wide)
	}
}

func TestPage_InBrowser(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, migrations)
	issuer := newIssuer(t)
	w := newWorld(t)
	w.Notify = "http://127.0.0.1:1" // one service is away
	origin := startSite(t, db, issuer.URL, w)
	seed(t, db, time.Now())
	b := newBrowser(t)

	b.do(t, "opening the way in", chromedp.EmulateViewport(1440, 900), chromedp.Navigate(origin+"/"))
	b.wait(t, `location.pathname === "/masuk"`)
	b.shoot(t, "masuk-1440")
	b.do(t, "signing in", chromedp.Click(chromedp.CSS(".door .button")))
	b.wait(t, `location.pathname === "/" && document.querySelector("#f-flow .station") !== null`)

	for _, width := range []int64{1440, 1024, 768, 360} {
		b.do(t, "resizing", chromedp.EmulateViewport(width, 900), chromedp.Navigate(origin+"/"))
		b.wait(t, `Number(document.body.dataset.updates) >= 2 && document.body.classList.contains("is-live")`)
		before := get[string](t, b, `document.querySelector('[data-k="stage-proposal"]').textContent`)
		more(t, db, 25)
		b.wait(t, fmt.Sprintf(`document.querySelector('[data-k="stage-proposal"]').textContent !== %q`, before))
		b.wait(t, `document.querySelector("#chart canvas") !== null`)
		b.fits(t, width)
		for _, scheme := range []string{"light", "dark"} {
			b.scheme(t, scheme)
			time.Sleep(300 * time.Millisecond) // colours fade over
			b.shoot(t, fmt.Sprintf("alur-%d-%s", width, scheme))
		}
		b.scheme(t, "light")
	}
	b.do(t, "changing the language", chromedp.EmulateViewport(1440, 900), chromedp.Click(chromedp.CSS(`.lang button[value=en]`)))
	b.wait(t, `document.documentElement?.lang === "en"`)
	b.shoot(t, "flow-1440-english")
	if c := b.complaints(); len(c) > 0 {
		t.Errorf("the page complained:\n%s", strings.Join(c, "\n"))
	}
}
