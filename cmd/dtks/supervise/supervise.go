// Package supervise starts the processes of a local stack, watches them, and stops them in order.
//
// Each child leads a process group of its own, so that a terminal's Ctrl-C reaches only the supervisor, which then stops
// the children in order (clients before their servers). On Linux a child also dies when its supervisor is killed. A child
// is recognised by pid and start time together: a number alone may belong to somebody else by now.
package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"dtks/cmd/dtks/stack"
)

// Spec says how to run one process.
type Spec struct {
	Name string
	Path string   // program
	Args []string // without the program
	Env  []string // complete environment
	Dir  string
	Log  string // file that its output is appended to

	Cred  *syscall.Credential               // nil: as ourselves
	Stop  syscall.Signal                    // asks it to end; zero = SIGTERM
	Grace time.Duration                     // how long it may take before it is killed; zero = 15 s
	Ready func(ctx context.Context) error   // nil once it serves; polled
	Limit time.Duration                     // how long it may take to get ready; zero = 60 s
	Event func(name string, what Happening) // told what happens to it; may be nil
}

// Happening is what a supervisor tells about a child.
type Happening string

// Happenings.
const (
	Started   Happening = "started"
	Died      Happening = "died"
	Restarted Happening = "restarted"
)

// Group is a set of running children, in start order.
type Group struct {
	launch   chan func() // runs on the one OS thread that is parent to all
	changed  func([]stack.Process)
	mu       sync.Mutex
	children []*child
	stopping bool
}

// child is one supervised process through all its restarts.
type child struct {
	spec Spec
	mu   sync.Mutex
	cmd  *exec.Cmd
	id   stack.Process
	gone chan struct{} // closed when the present process has ended
	err  error         // how it ended; set before gone is closed
	quit chan struct{} // closed when it must not be restarted any more
	once sync.Once
}

// NewGroup makes an empty group. changed is told the running processes after every start and end.
func NewGroup(changed func([]stack.Process)) *Group {
	g := &Group{launch: make(chan func()), changed: changed}
	go func() {
		// The parent-death signal comes when the thread that started a child ends, not the process: so all children
		// are started from one thread, which lives as long as the supervisor.
		runtime.LockOSThread()
		for f := range g.launch {
			f()
		}
	}()
	return g
}

// ErrEnded says that a process ended before it was ready. Returned by Start, wrapped; its log tells why.
var ErrEnded = errors.New("ended before it was ready")

// Start runs a process and waits until it is ready. From then on it is restarted whenever it dies.
func (g *Group) Start(ctx context.Context, spec Spec) error {
	c := &child{spec: spec.withDefaults(), quit: make(chan struct{})}
	if err := g.spawn(c); err != nil {
		return err
	}
	g.mu.Lock()
	g.children = append(g.children, c)
	g.mu.Unlock()
	g.tell()
	if err := c.awaitReady(ctx); err != nil {
		return err
	}
	go g.watch(c)
	return nil
}

func (s Spec) withDefaults() Spec {
	if s.Stop == 0 {
		s.Stop = syscall.SIGTERM
	}
	if s.Grace == 0 {
		s.Grace = 15 * time.Second
	}
	if s.Limit == 0 {
		s.Limit = time.Minute
	}
	if s.Event == nil {
		s.Event = func(string, Happening) {}
	}
	return s
}

// spawn starts the process of c on the launcher's thread and waits for its end in the background.
func (g *Group) spawn(c *child) error {
	log, err := openLog(c.spec.Log)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(c.spec.Path, c.spec.Args...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = c.spec.Env, c.spec.Dir, log, log
	cmd.SysProcAttr = attributes(c.spec.Cred, c.spec.Stop)
	started := make(chan error, 1)
	g.launch <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return fmt.Errorf("starting %s: %w", c.spec.Name, err)
	}
	gone := make(chan struct{})
	c.mu.Lock()
	c.cmd, c.gone = cmd, gone
	c.id = stack.Process{Name: c.spec.Name, PID: cmd.Process.Pid, Start: StartOf(cmd.Process.Pid)}
	c.mu.Unlock()
	go func() {
		err := cmd.Wait()
		c.mu.Lock()
		c.err = err
		c.mu.Unlock()
		close(gone)
	}()
	return nil
}

func openLog(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("creating the log folder: %w", err)
	}
	log, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, fmt.Errorf("opening the log: %w", err)
	}
	return log, nil
}

// pollEvery is how often readiness is asked: short, for the sum of these waits is most of a warm start.
const pollEvery = 25 * time.Millisecond

func (c *child) awaitReady(ctx context.Context) error {
	if c.spec.Ready == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.spec.Limit)
	defer cancel()
	_, gone := c.present()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var last error
	for {
		if last = c.spec.Ready(ctx); last == nil {
			return nil
		}
		select {
		case <-gone:
			return fmt.Errorf("%s %w; its last lines:\n%s", c.spec.Name, ErrEnded, Tail(c.spec.Log, 5))
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return fmt.Errorf("%s is not ready after %s: %w; its last lines:\n%s",
				c.spec.Name, c.spec.Limit, last, Tail(c.spec.Log, 5))
		case <-tick.C:
		}
	}
}

func (c *child) present() (stack.Process, chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.id, c.gone
}

// Restart delays double up to a limit; a process that ran for a while starts at the first delay again.
const (
	firstDelay = 200 * time.Millisecond
	lastDelay  = 10 * time.Second
	longEnough = 30 * time.Second
)

// watch restarts c whenever it dies, until it is told to quit.
func (g *Group) watch(c *child) {
	delay := firstDelay
	for {
		began := time.Now()
		_, gone := c.present()
		select {
		case <-c.quit:
			return
		case <-gone:
		}
		if c.quitting() {
			return
		}
		c.spec.Event(c.spec.Name, Died)
		g.tell()
		if time.Since(began) > longEnough {
			delay = firstDelay
		}
		select {
		case <-c.quit:
			return
		case <-time.After(delay):
		}
		delay = min(2*delay, lastDelay)
		if !g.respawn(c) {
			return
		}
	}
}

// respawn starts c again unless the group is stopping; the lock makes sure that Stop sees the new process.
func (g *Group) respawn(c *child) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopping || c.quitting() {
		return false
	}
	if err := g.spawn(c); err != nil {
		c.spec.Event(c.spec.Name, Died)
		return false
	}
	c.spec.Event(c.spec.Name, Restarted)
	go g.tell()
	return true
}

func (c *child) quitting() bool {
	select {
	case <-c.quit:
		return true
	default:
		return false
	}
}

func (g *Group) tell() {
	if g.changed != nil {
		g.changed(g.Running())
	}
}

// Running lists the processes that are alive, in start order.
func (g *Group) Running() []stack.Process {
	g.mu.Lock()
	defer g.mu.Unlock()
	var list []stack.Process
	for _, c := range g.children {
		id, gone := c.present()
		select {
		case <-gone:
		default:
			list = append(list, id)
		}
	}
	return list
}

// Arrange sorts the children by rank; Stop ends the highest rank first. Without it the order of their starts counts.
func (g *Group) Arrange(rank func(name string) int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	slices.SortStableFunc(g.children, func(a, b *child) int { return rank(a.spec.Name) - rank(b.spec.Name) })
}

// Stop ends all children in reverse order of their start, one after the other, each with its own grace; stopping is told
// the name of each before it is asked to end.
func (g *Group) Stop(stopping func(name string)) {
	g.mu.Lock()
	g.stopping = true
	children := append([]*child(nil), g.children...)
	g.mu.Unlock()
	for i := len(children) - 1; i >= 0; i-- {
		if stopping != nil {
			stopping(children[i].spec.Name)
		}
		children[i].stop()
	}
	g.tell()
}

func (c *child) stop() {
	c.once.Do(func() { close(c.quit) })
	id, gone := c.present()
	select {
	case <-gone:
		return
	default:
	}
	_ = syscall.Kill(id.PID, c.spec.Stop) // not reaped yet, so the number is still its own
	select {
	case <-gone:
	case <-time.After(c.spec.Grace):
		_ = syscall.Kill(-id.PID, syscall.SIGKILL)
		<-gone
	}
}

// Tail gives the last n lines of a file, or an empty string.
func Tail(path string, n int) string {
	const window = 64 << 10 // enough for the few lines that are shown
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	if size, err := f.Seek(0, io.SeekEnd); err == nil && size > window {
		_, _ = f.Seek(-window, io.SeekEnd)
	} else {
		_, _ = f.Seek(0, io.SeekStart)
	}
	b, _ := io.ReadAll(f)
	return lastLines(b, n)
}

func lastLines(b []byte, n int) string {
	end := len(b)
	for end > 0 && b[end-1] == '\n' {
		end--
	}
	at := end
	for at > 0 {
		if b[at-1] == '\n' {
			if n--; n == 0 {
				break
			}
		}
		at--
	}
	return string(b[at:end])
}
