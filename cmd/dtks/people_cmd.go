package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"dtks/cmd/dtks/people"
	"dtks/cmd/dtks/stack"
)

// TokenCmd prints a bearer token, for curl.
type TokenCmd struct {
	Account string `arg:"" help:"Account of a sample person, such as operator1.3204 (see dtks people)."`
}

// Run signs the person in at the running stack's issuer.
func (c *TokenCmd) Run(ctx context.Context, g *Globals) error {
	s, err := stack.Open(g.Data)
	if err != nil {
		return err
	}
	token, err := s.Token(ctx, c.Account)
	if err != nil {
		return err
	}
	fmt.Println(token)
	return nil
}

// PeopleCmd lists the sample people.
type PeopleCmd struct {
	Role string `help:"Only this role."`
	Area string `help:"Only this area: 00 or a regency such as 32.04."`
	JSON bool   `help:"Print JSON."`
}

// Run prints them; it needs no running stack.
func (c *PeopleCmd) Run() error {
	var found []people.Person
	for _, p := range people.All() {
		if (c.Role == "" || p.Roles[0] == c.Role) && (c.Area == "" || p.Area == c.Area) {
			found = append(found, p)
		}
	}
	if c.JSON {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(found)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ACCOUNT\tROLE\tAREA\tNAME")
	for _, p := range found {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.Account, strings.Join(p.Roles, ","), p.Area, p.Name)
	}
	return w.Flush()
}
