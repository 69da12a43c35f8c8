package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"dtks/cmd/dtks/bench"
	"dtks/services/eligibility/rules"
)

// RulesCmd works with rule sets as files. It needs no stack.
type RulesCmd struct {
	Check RulesCheckCmd `cmd:"" help:"Compile rule sets and run the test cases that they carry."`
	Diff  RulesDiffCmd  `cmd:"" help:"Show what one version of a rule set changes of another."`
	Facts RulesFactsCmd `cmd:"" help:"List the facts that rules may name."`
}

// RulesCheckCmd checks files.
type RulesCheckCmd struct {
	Files []string `arg:"" help:"Rule sets." type:"existingfile"`
}

// Help is the long text of the command.
func (RulesCheckCmd) Help() string {
	return "A file is refused when an expression has a wrong type, names a fact or a code that is not there or may cost too much, when a " +
		"case comes out differently, or when sets refer to each other in a circle. Programmes that the files refer to and do not hold are " +
		"those that are shipped. Status 1 when any file is refused."
}

// Run checks the files one by one, then together.
func (c *RulesCheckCmd) Run() error {
	sets := rules.NewSets()
	var failed []error
	for _, name := range c.Files {
		file, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := sets.Add(file); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", name, err))
			continue
		}
		s, err := rules.Load(file)
		if err != nil {
			return err
		}
		fmt.Printf("ok  %s: %s by %s, %d clauses, %d components, %d cases\n", s.ID, s.Kind, s.Unit, len(s.Clauses), len(s.Components), len(s.Cases))
		fmt.Printf("    reads %s\n", strings.Join(s.Needs(), " "))
	}
	if len(failed) > 0 {
		return errors.Join(failed...)
	}
	if err := sets.AddShipped(); err != nil {
		return err
	}
	if err := sets.Ready(); err != nil {
		return err
	}
	fmt.Println("order of evaluation:", strings.Join(sets.Programmes(), " "))
	return nil
}

// RulesDiffCmd compares two rule sets.
type RulesDiffCmd struct {
	Before string `arg:"" help:"A file, or the id of a shipped set."`
	After  string `arg:"" help:"A file, or the id of a shipped set."`
}

// Run prints a line for each difference.
func (c *RulesDiffCmd) Run() error {
	before, err := ruleSet(c.Before)
	if err != nil {
		return err
	}
	after, err := ruleSet(c.After)
	if err != nil {
		return err
	}
	changes := rules.Diff(before, after)
	for _, change := range changes {
		fmt.Println(change)
	}
	if len(changes) == 0 {
		fmt.Println("no difference but in id and test cases")
	}
	return nil
}

// ruleSet loads a file, or finds a shipped set.
func ruleSet(name string) (*rules.Set, error) {
	file, err := os.ReadFile(name)
	if err == nil {
		return rules.Load(file)
	}
	shipped, loading := rules.Shipped()
	if loading != nil {
		return nil, loading
	}
	if s := shipped.ByID(name); s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("%q is neither a file nor a shipped rule set: %w", name, err)
}

// RulesFactsCmd lists the fact model.
type RulesFactsCmd struct{}

// Help is the long text of the command.
func (RulesFactsCmd) Help() string {
	return "For each fact: its name, its type, what counts when it was not recorded, and its meaning in two languages; below it the codes " +
		"that it may be compared with."
}

// Run prints a line for each fact, and its codes below.
func (RulesFactsCmd) Run() error { return printFacts(os.Stdout) }

func printFacts(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, f := range rules.Model() {
		missing := "unknown"
		switch {
		case f.Always:
			missing = "-"
		case f.Default != "":
			missing = f.Default
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s / %s\n", f.Name, f.Type, missing, f.Text.ID, f.Text.EN)
		if f.Codes != nil {
			fmt.Fprintf(w, "\t\t\t  %s\n", strings.Join(quoted(f.Codes), " "))
		}
	}
	fmt.Fprintf(w, "met.CODE\tbool\tunknown\tSyarat lain terpenuhi / Other criteria are met\n")
	fmt.Fprintf(w, "entitled.CODE\tbool\tunknown\tBerhak atas program lain / Is entitled to another programme\n")
	return w.Flush()
}

func quoted(codes []string) []string {
	out := make([]string, len(codes))
	for i, c := range codes {
		out[i] = "'" + c + "'"
	}
	return out
}

// BenchRulesCmd measures deciding. It needs no stack.
type BenchRulesCmd struct {
	Families int           `help:"Families drawn." default:"100000"`
	Span     time.Duration `help:"CPU time of each ceiling and of the candidate." default:"3s"`
	JSON     bool          `help:"Print the result as a JSON line only."`
}

// Help is the long text of the command.
func (BenchRulesCmd) Help() string {
	return "Families that the rules of every shipped programme decide a CPU-second, answers to every clause kept, beside asking the same " +
		"compiled expressions in a bare loop. Prints a line `bench rules ratio=R candidate=N/s baseline=N/s n=N`."
}

// Run measures.
func (c *BenchRulesCmd) Run(ctx context.Context) error {
	r, err := unlessDone(ctx, func() (*bench.Result, error) { return bench.Rules(ctx, c.Families, c.Span) })
	switch {
	case ctx.Err() != nil:
		return exitCode{matchInterrupted, errors.New("stopped")}
	case err != nil:
		return err
	case c.JSON:
		return r.JSON(os.Stdout)
	}
	r.Print(os.Stdout)
	return nil
}
