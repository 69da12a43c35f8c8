package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"dtks/cmd/dtks/stack"
)

// programs are what the stack runs beside this program, by name and folder in the source.
func programs() map[string]string {
	all := map[string]string{"dukcapil-sim": "./cmd/dukcapil-sim"}
	for _, service := range stack.All {
		all[service] = "./services/" + service
	}
	return all
}

// findPrograms gives the folder of the services' programs, below the data folder: those of DTKS_BIN when set, else freshly
// built from the checkout we are in, else those beside this program.
func findPrograms(ctx context.Context, s *stack.Stack, say func(string)) (string, error) {
	if dir := os.Getenv("DTKS_BIN"); dir != "" {
		return s.Dir("bin"), link(dir, s.Dir("bin"))
	}
	if source := findSource(); source != "" {
		return s.Dir("bin"), build(ctx, source, s.Dir("bin"), say)
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding this program's folder: %w", err)
	}
	dir := filepath.Dir(self)
	if err := complete(dir); err != nil {
		return "", errors.New("the services' programs are not beside this one; " +
			"run `dtks up` inside a checkout of the source, or name their folder in DTKS_BIN")
	}
	return s.Dir("bin"), link(dir, s.Dir("bin"))
}

// link shows ready programs where built ones would be, so that other commands find both in one place.
func link(from, into string) error {
	if err := complete(from); err != nil {
		return err
	}
	from, err := filepath.Abs(from)
	if err != nil || from == into {
		return err
	}
	if err := os.MkdirAll(into, 0o755); err != nil {
		return fmt.Errorf("creating the folder of programs: %w", err)
	}
	for name := range programs() {
		at := filepath.Join(into, name)
		if err := os.Remove(at); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("replacing %s: %w", name, err)
		}
		if err := os.Symlink(filepath.Join(from, name), at); err != nil {
			return fmt.Errorf("linking %s: %w", name, err)
		}
	}
	return nil
}

// complete checks that every program is in dir.
func complete(dir string) error {
	for name := range programs() {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("%s is missing in %s", name, dir)
		}
	}
	return nil
}

// findSource looks for the checkout above the working folder, then above this program.
func findSource() string {
	var from []string
	if dir, err := os.Getwd(); err == nil {
		from = append(from, dir)
	}
	if self, err := os.Executable(); err == nil {
		from = append(from, filepath.Dir(self))
	}
	for _, dir := range from {
		for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			_, work := os.Stat(filepath.Join(dir, "go.work"))
			_, registry := os.Stat(filepath.Join(dir, "services", "registry", "go.mod"))
			if work == nil && registry == nil {
				return dir
			}
		}
	}
	return ""
}

// build compiles all programs in one call, so that what they share is compiled once; what is up to date is only checked.
func build(ctx context.Context, source, into string, say func(string)) error {
	if _, err := exec.LookPath("go"); err != nil {
		if complete(into) == nil {
			return nil // built before
		}
		return errors.New("the services must be built, but Go is not on the PATH; install it from https://go.dev/dl, or name ready programs in DTKS_BIN")
	}
	if err := os.MkdirAll(into, 0o755); err != nil {
		return fmt.Errorf("creating the folder of programs: %w", err)
	}
	if err := unlink(into); err != nil {
		return err
	}
	// No version stamp: it would link everything anew after each commit.
	args := []string{"build", "-v", "-buildvcs=false", "-o", into + string(filepath.Separator)}
	for _, path := range programs() {
		args = append(args, path)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = source
	said := &compilerLines{began: time.Now(), say: say}
	cmd.Stderr = said
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("building the services failed:\n%s", strings.Join(said.errors, "\n"))
	}
	return nil
}

// unlink removes links to ready programs, so that the compiler writes files of our own and not theirs.
func unlink(into string) error {
	for name := range programs() {
		at := filepath.Join(into, name)
		if info, err := os.Lstat(at); err == nil && info.Mode()&os.ModeSymlink != 0 {
			if err := os.Remove(at); err != nil {
				return fmt.Errorf("replacing %s: %w", name, err)
			}
		}
	}
	return nil
}

// compilerLines counts the packages that the compiler names and keeps what else it says.
type compilerLines struct {
	began, told time.Time
	say         func(string)
	rest        string
	packages    int
	errors      []string
}

// tellEvery is how often a build that takes long says how far it is.
const tellEvery = 5 * time.Second

// Write takes the compiler's output; it never fails.
func (c *compilerLines) Write(b []byte) (int, error) {
	lines := strings.Split(c.rest+string(b), "\n")
	c.rest = lines[len(lines)-1]
	for _, line := range lines[:len(lines)-1] {
		if strings.ContainsAny(line, " \t") {
			c.errors = append(c.errors, line)
		} else {
			c.packages++
		}
	}
	if c.packages > 0 && time.Since(c.told) > tellEvery {
		c.told = time.Now()
		c.say(fmt.Sprintf("building the services: %d packages compiled after %.0f s (about a minute the first time)",
			c.packages, time.Since(c.began).Seconds()))
	}
	return len(b), nil
}

// copySelf puts this program into dir. What `go run` built is deleted when it ends, and a running program may be replaced
// by a rename but not written to.
func copySelf(dir string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding this program: %w", err)
	}
	target := filepath.Join(dir, "dtks")
	if self == target {
		return target, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("creating the folder of programs: %w", err)
	}
	from, err := os.Open(self)
	if err != nil {
		return "", fmt.Errorf("reading this program: %w", err)
	}
	defer from.Close()
	to, err := os.OpenFile(target+".next", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return "", fmt.Errorf("copying this program: %w", err)
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Close()); err != nil {
		return "", fmt.Errorf("copying this program: %w", err)
	}
	return target, os.Rename(target+".next", target)
}
