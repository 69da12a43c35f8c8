package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"dtks/cmd/dtks/stack"
	"dtks/cmd/dtks/supervise"
	"dtks/pkg/pgdev"
)

// postgres is the private PostgreSQL of a stack. It is started again when it dies: all else waits for it.
type postgres struct {
	options pgdev.Options
	changed func()
	say     *progress

	mu      sync.Mutex
	cluster *pgdev.Cluster
	quit    bool
}

// startPostgres starts the private cluster, after offering to install PostgreSQL where the machine has none.
func startPostgres(ctx context.Context, u *launch) (*postgres, error) {
	s := u.stack
	p := &postgres{
		say: u.say,
		options: pgdev.Options{
			Dir: s.Dir("postgres"), Bin: os.Getenv("PGDEV_BIN"), Cache: s.Dir("cache"), Port: s.Ports()["postgres"],
			Say: func(line string) { u.say.say("    %s", line) },
		},
	}
	cluster, err := pgdev.Start(ctx, p.options)
	if errors.Is(err, pgdev.ErrNone) {
		if err = pgdev.Install(ctx, u.cmd.Yes, ask, p.options.Say); err != nil {
			return nil, err
		}
		cluster, err = pgdev.Start(ctx, p.options)
	}
	if err != nil {
		return nil, err
	}
	p.cluster = cluster
	p.changed = func() { u.changed(u.group.Running()) }
	if err := linkLog(cluster.Log, s.LogFile("postgres")); err != nil {
		return nil, errors.Join(err, cluster.Stop())
	}
	go p.watch(context.WithoutCancel(ctx)) // it outlives the start, whose context this is; stop ends it
	return p, nil
}

// linkLog shows the server's log, which its own user writes, where all others are.
func linkLog(log, at string) error {
	if target, err := os.Readlink(at); err == nil && target == log {
		return nil
	}
	if err := os.MkdirAll(strings.TrimSuffix(at, "/postgres.log"), 0o755); err != nil {
		return fmt.Errorf("creating the log folder: %w", err)
	}
	if err := os.Remove(at); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("replacing the link to PostgreSQL's log: %w", err)
	}
	return os.Symlink(log, at)
}

// ask puts a yes-or-no question to a person; without one, the answer is no.
func ask(question string) bool {
	if info, err := os.Stdin.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	fmt.Printf("%s [y/N] ", question)
	line, _ := bufio.NewReader(os.Stdin).ReadString('\n') // an ended input is a no
	line = strings.ToLower(strings.TrimSpace(line))
	return line == "y" || line == "yes" || line == "ya"
}

// watch starts the server again whenever it ends unasked.
func (p *postgres) watch(ctx context.Context) {
	for {
		p.mu.Lock()
		cluster := p.cluster
		p.mu.Unlock()
		<-cluster.Done()
		for delay := 200 * time.Millisecond; ; delay = min(2*delay, 10*time.Second) {
			again, err := p.again(ctx)
			if err == nil && again {
				break
			}
			if err == nil {
				return // asked to stop
			}
			p.say.say("  ! postgres: %v", err)
			time.Sleep(delay)
		}
	}
}

// again starts the server anew unless it was asked to stop.
func (p *postgres) again(ctx context.Context) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.quit {
		return false, nil
	}
	p.say.say("  ! postgres died; starting it again; its log: dtks logs postgres")
	cluster, err := pgdev.Start(ctx, p.options)
	if err != nil {
		return false, err
	}
	p.cluster = cluster
	p.say.say("  ! postgres runs again")
	go p.changed()
	return true, nil
}

// process is the server's process now.
func (p *postgres) process() stack.Process {
	p.mu.Lock()
	defer p.mu.Unlock()
	pid := p.cluster.PID()
	return stack.Process{Name: "postgres", PID: pid, Start: supervise.StartOf(pid)}
}

// adminURL is the address for whoever makes databases and roles.
func (p *postgres) adminURL() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cluster.URL(pgdev.Superuser)
}

// stop ends the server; all its clients have ended before.
func (p *postgres) stop() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quit = true
	return p.cluster.Stop()
}

// databaseAnswers checks PostgreSQL by a connection.
func databaseAnswers(s *stack.Stack) func(context.Context) error {
	return func(ctx context.Context) error {
		address, err := s.DatabaseURL("admin")
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		conn, err := pgx.Connect(ctx, address)
		if err != nil {
			return err
		}
		return conn.Close(ctx)
	}
}
