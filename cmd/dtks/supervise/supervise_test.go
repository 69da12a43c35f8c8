package supervise

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dtks/cmd/dtks/stack"
)

// role tells the test binary to be a process that a test starts.
const role = "SUPERVISE_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "server":
		serveUntilTold()
	case "stubborn":
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
		fmt.Println("deaf")
		select {}
	case "fails":
		fmt.Println("no such database")
		os.Exit(3)
	case "supervisor":
		supervisor()
	default:
		os.Exit(m.Run())
	}
}

// serveUntilTold listens where it is told and ends on SIGTERM with a last line.
func serveUntilTold() {
	l, err := net.Listen("tcp", os.Getenv("ADDR"))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	fmt.Println("listening")
	<-ctx.Done()
	l.Close()
	fmt.Println("bye")
	os.Exit(0)
}

// supervisor starts a server as its child, prints the child's number, and waits to be killed.
func supervisor() {
	g := NewGroup(nil)
	err := g.Start(context.Background(), Spec{
		Name: "child", Path: os.Args[0], Env: []string{role + "=server", "ADDR=127.0.0.1:0"}, Log: os.Getenv("LOG"),
	})
	if err != nil {
		panic(err)
	}
	child := g.Running()[0]
	fmt.Println(child.PID, child.Start)
	select {}
}

// freeAddr is an address that was free a moment ago.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func accepts(addr string) func(context.Context) error {
	return func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

func newServer(t *testing.T, name string) Spec {
	t.Helper()
	addr := freeAddr(t)
	return Spec{
		Name: name, Path: os.Args[0], Env: []string{role + "=server", "ADDR=" + addr},
		Log: filepath.Join(t.TempDir(), "log", name+".log"), Ready: accepts(addr),
	}
}

func TestGroup_StartsRestartsAndStopsInOrder(t *testing.T) {
	t.Parallel()
	restarted := make(chan struct{}, 1)
	g := NewGroup(nil)
	first, second := newServer(t, "first"), newServer(t, "second")
	first.Event = func(_ string, what Happening) {
		if what == Restarted {
			restarted <- struct{}{}
		}
	}
	for _, spec := range []Spec{first, second} {
		if err := g.Start(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
	}
	before := g.Running()
	if len(before) != 2 || !Alive(before[0]) || !Alive(before[1]) {
		t.Fatalf("got %v, want two running", before)
	}
	if group, err := syscall.Getpgid(before[0].PID); err != nil || group != before[0].PID {
		t.Errorf("got process group %d (%v), want one of its own: %d", group, err, before[0].PID)
	}
	Signal(before[0], syscall.SIGKILL)
	select {
	case <-restarted:
	case <-time.After(10 * time.Second):
		t.Fatal("a killed child was not started again")
	}
	after := g.Running()
	if len(after) != 2 || after[0].PID == before[0].PID || Alive(before[0]) {
		t.Errorf("got %v after the kill of %v, want a new process", after, before[0])
	}
	var order []string
	g.Stop(func(name string) { order = append(order, name) })
	if strings.Join(order, " ") != "second first" {
		t.Errorf("got stop order %v, want the last started first", order)
	}
	for _, p := range after {
		if Alive(p) {
			t.Errorf("%s still runs", p.Name)
		}
	}
	if got := Tail(second.Log, 1); got != "bye" {
		t.Errorf("got last line %q, want bye: it must be asked to end, not killed", got)
	}
}

func TestGroup_Start(t *testing.T) {
	t.Parallel()
	t.Run("ErrEnded", func(t *testing.T) {
		t.Parallel()
		spec := newServer(t, "broken")
		spec.Env = []string{role + "=fails"}
		g := NewGroup(nil)
		err := g.Start(t.Context(), spec)
		if !errors.Is(err, ErrEnded) || !strings.Contains(err.Error(), "no such database") {
			t.Errorf("got %v, want its end and its last line", err)
		}
	})
	t.Run("ErrNotReady", func(t *testing.T) {
		t.Parallel()
		spec := newServer(t, "slow")
		spec.Ready, spec.Limit = func(context.Context) error { return errors.New("still loading") }, 200*time.Millisecond
		g := NewGroup(nil)
		defer g.Stop(nil)
		if err := g.Start(t.Context(), spec); err == nil || !strings.Contains(err.Error(), "still loading") {
			t.Errorf("got %v, want the reason it gave", err)
		}
	})
	t.Run("ErrNoProgram", func(t *testing.T) {
		t.Parallel()
		spec := newServer(t, "absent")
		spec.Path = filepath.Join(t.TempDir(), "absent")
		if err := NewGroup(nil).Start(t.Context(), spec); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v, want that the program is missing", err)
		}
	})
}

func TestGroup_StopKillsTheDeaf(t *testing.T) {
	t.Parallel()
	spec := newServer(t, "deaf")
	spec.Env, spec.Grace = []string{role + "=stubborn"}, 200*time.Millisecond
	spec.Ready = func(context.Context) error {
		if Tail(spec.Log, 1) != "deaf" {
			return errors.New("not deaf yet")
		}
		return nil
	}
	g := NewGroup(nil)
	if err := g.Start(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	p := g.Running()[0]
	g.Stop(nil)
	if Alive(p) {
		t.Error("it still runs")
	}
}

func TestGroup_TellsWhatRuns(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var last []stack.Process
	g := NewGroup(func(now []stack.Process) {
		mu.Lock()
		defer mu.Unlock()
		last = now
	})
	if err := g.Start(t.Context(), newServer(t, "only")); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	if len(last) != 1 || last[0].Name != "only" {
		t.Errorf("got %v, want the one that runs", last)
	}
	mu.Unlock()
	g.Stop(nil)
	mu.Lock()
	defer mu.Unlock()
	if len(last) != 0 {
		t.Errorf("got %v after stopping, want none", last)
	}
}

// newSupervisor starts a supervisor in a process of its own and gives it and its child.
func newSupervisor(t *testing.T) (*exec.Cmd, stack.Process) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{role + "=supervisor", "LOG=" + filepath.Join(t.TempDir(), "child.log")}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, start, _ := strings.Cut(strings.TrimSpace(line), " ")
	n, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	return cmd, stack.Process{Name: "child", PID: n, Start: start}
}

// Whether the parent-death signal or the next run's clearing does it: nothing of a killed supervisor stays.
func TestClear_AfterKill(t *testing.T) {
	t.Parallel()
	cmd, child := newSupervisor(t)
	if !Alive(child) {
		t.Fatalf("the child %v does not run", child)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	Clear([]stack.Process{child}, 5*time.Second)
	if Alive(child) {
		t.Error("the child of a killed supervisor still runs")
	}
}

// A number that now belongs to another process is left alone.
func TestClear_SparesStrangers(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	me := stack.Process{Name: "stranger", PID: cmd.Process.Pid, Start: StartOf(cmd.Process.Pid)}
	other := me
	other.Start = "1@" + me.Start
	if n := Clear([]stack.Process{other}, time.Second); n != 0 || !Alive(me) {
		t.Errorf("got %d cleared, alive %v; a process with another start time must be spared", n, Alive(me))
	}
	if n := Clear([]stack.Process{me}, time.Second); n != 1 || Alive(me) {
		t.Errorf("got %d cleared, alive %v; want it ended", n, Alive(me))
	}
}

func TestTail(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.log")
	if err := os.WriteFile(path, []byte("one\ntwo\nthree\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{1: "three", 2: "two\nthree", 9: "one\ntwo\nthree"} {
		if got := Tail(path, n); got != want {
			t.Errorf("last %d: got %q, want %q", n, got, want)
		}
	}
	if got := Tail(path+".absent", 1); got != "" {
		t.Errorf("got %q of a missing file, want nothing", got)
	}
}
