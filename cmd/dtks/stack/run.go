package stack

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Process is one process of a stack. A pid alone proves nothing, for numbers are given again: pid and start time together do.
type Process struct {
	Name  string `json:"name"`
	PID   int    `json:"pid"`
	Start string `json:"start"` // see procid.Start
}

// Run is the state file of a stack: who supervises it, what it started, how far it came.
type Run struct {
	Port       int       `json:"port"`
	State      string    `json:"state"` // starting, ready, stopping
	Supervisor Process   `json:"supervisor"`
	Children   []Process `json:"children"` // in start order
}

// States of a run.
const (
	Starting = "starting"
	Ready    = "ready"
	Stopping = "stopping"
)

// ErrNotRunning says that no stack left its state in the folder. Returned by ReadRun and Open.
var ErrNotRunning = errors.New("no stack runs here; start one with `dtks up`")

// ReadRun reads a state file.
func ReadRun(path string) (Run, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Run{}, ErrNotRunning
	}
	if err != nil {
		return Run{}, fmt.Errorf("reading the state of the stack: %w", err)
	}
	var r Run
	if err := json.Unmarshal(b, &r); err != nil {
		return Run{}, fmt.Errorf("state file %s is damaged; if nothing of the stack runs any more, remove it: %w", path, err)
	}
	return r, nil
}

// WriteRun replaces a state file in one step, so that a reader never sees half of it.
func WriteRun(path string, r Run) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the state of the stack: %w", err)
	}
	next := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".next")
	if err := os.WriteFile(next, append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the state of the stack: %w", err)
	}
	return os.Rename(next, path)
}
