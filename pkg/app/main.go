// Package app starts and stops a program the same way everywhere: signals, log, configuration, telemetry, exit codes.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// Exit codes of every program.
const (
	exitOK     = 0
	exitFailed = 1 // it ran and did not succeed
	exitUsage  = 2 // it did not run: wrong command or configuration
)

// Command is a subcommand of a program; args are those after its name.
type Command func(ctx context.Context, getenv func(string) string, args []string) error

// Main runs a program until it ends or SIGINT or SIGTERM arrives, and leaves with an exit code. A second signal ends the
// process at once. The log goes to standard error, so that standard output stays free for results.
func Main(name string, run func(ctx context.Context, getenv func(string) string) error) {
	slog.SetDefault(slog.New(newHandler(os.Stderr, name, os.Getenv("LOG_LEVEL"))))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // from the first signal on, the second has its ordinary effect
	err := run(ctx, os.Getenv)
	stop()
	os.Exit(exitCode(err))
}

// Commands makes a run function for Main that serves when there is no argument, and else runs the named subcommand.
func Commands(
	serve func(ctx context.Context, getenv func(string) string) error, commands map[string]Command,
) func(ctx context.Context, getenv func(string) string) error {
	return func(ctx context.Context, getenv func(string) string) error {
		return dispatch(ctx, getenv, os.Args[1:], serve, commands)
	}
}

func dispatch(
	ctx context.Context, getenv func(string) string, args []string,
	serve func(ctx context.Context, getenv func(string) string) error, commands map[string]Command,
) error {
	if len(args) == 0 {
		return serve(ctx, getenv)
	}
	if command, ok := commands[args[0]]; ok {
		return command(ctx, getenv, args[1:])
	}
	if args[0] == readyCommand {
		return ready(ctx, getenv)
	}
	names := append(slices.Sorted(maps.Keys(commands)), readyCommand)
	return Usage(fmt.Errorf("no such command; known are: %s", strings.Join(names, ", ")))
}

// codedError is an error that chooses the exit code.
type codedError struct {
	error
	code int
}

func (e codedError) Unwrap() error { return e.error }

// Usage marks err as a wrong command line or configuration: exit code 2.
func Usage(err error) error { return Exit(exitUsage, err) }

// Exit gives err an exit code of its own.
func Exit(code int, err error) error { return codedError{err, code} }

func exitCode(err error) int {
	if err == nil || errors.Is(err, context.Canceled) {
		return exitOK
	}
	slog.Error("ended", "error", err)
	var coded codedError
	if errors.As(err, &coded) {
		return coded.code
	}
	return exitFailed
}
