package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"

	"dtks/cmd/dtks/stack"
	"dtks/cmd/dtks/supervise"
)

// StatusCmd shows what runs.
type StatusCmd struct {
	JSON bool `help:"Print JSON."`
}

// Help is shown by --help.
func (c *StatusCmd) Help() string {
	return `One line a part: process, readiness, memory (proportional set size: what is shared counts once), address.
Exit status 0 when every part is ready, 1 otherwise.`
}

// partStatus is one line.
type partStatus struct {
	Name    string `json:"name"`
	PID     int    `json:"pid"`
	State   string `json:"state"` // ready, not ready, gone
	Memory  int64  `json:"memory_bytes"`
	Address string `json:"address,omitempty"`
}

// Run asks every part.
func (c *StatusCmd) Run(ctx context.Context, g *Globals) error {
	s, err := stack.Open(g.Data)
	if err != nil {
		return exitCode{1, err}
	}
	run, err := stack.ReadRun(s.RunFile())
	if err != nil {
		return err
	}
	parts, total := c.collect(ctx, s, run)
	if c.JSON {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		if err := e.Encode(map[string]any{"state": run.State, "console": s.ConsoleURL(), "parts": parts, "memory_bytes": total}); err != nil {
			return err
		}
	} else if err := printStatus(s, run, parts, total); err != nil {
		return err
	}
	for _, p := range parts {
		if p.State != "ready" {
			return exitCode{1, nil}
		}
	}
	return nil
}

func (c *StatusCmd) collect(ctx context.Context, s *stack.Stack, run stack.Run) ([]partStatus, int64) {
	memory := supervise.Memory()
	var parts []partStatus
	var total int64
	for _, p := range append([]stack.Process{run.Supervisor}, run.Children...) {
		part := partStatus{Name: p.Name, PID: p.PID, State: "ready"}
		check, address := readiness(s, p.Name)
		part.Address = address
		switch {
		case !supervise.Alive(p):
			part.State = "gone"
		case check(ctx) != nil:
			part.State = "not ready"
		}
		if part.State != "gone" {
			part.Memory = memory(p.PID, p.Name != "up") // the supervisor's children stand on lines of their own
			total += part.Memory
		}
		parts = append(parts, part)
	}
	return parts, total
}

// readiness is how to ask a part, and where a person finds it.
func readiness(s *stack.Stack, name string) (func(context.Context) error, string) {
	always := func(context.Context) error { return nil }
	switch name {
	case "up":
		return always, ""
	case "postgres":
		return databaseAnswers(s), ""
	case "broker":
		return answers(s.URL("broker-monitor") + "/healthz"), s.NATSURL()
	case "dukcapil-sim":
		return answers(s.URL(name) + "/admin/mode"), s.URL(name)
	case "console":
		return answers(s.URL(name) + "/readyz"), s.ConsoleURL()
	}
	return answers(s.URL(name) + "/readyz"), s.URL(name)
}

func printStatus(s *stack.Stack, run stack.Run, parts []partStatus, total int64) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PART\tPROCESS\tSTATE\tMEMORY\tADDRESS")
	for _, p := range parts {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", p.Name, p.PID, p.State, mebibytes(p.Memory), p.Address)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if !supervise.Alive(run.Supervisor) {
		fmt.Println("\nThe supervisor was killed; `dtks up` goes on with the same data, `dtks down` only clears up.")
		return nil
	}
	fmt.Printf("\n%s · %s in use · console %s\n", run.State, mebibytes(total), s.ConsoleURL())
	return nil
}

func mebibytes(n int64) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
}
