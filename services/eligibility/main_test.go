package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"dtks/pkg/app"
	"dtks/pkg/event"
	"dtks/pkg/testkit"
)

// TestRun starts the service as its program does, and its subcommands beside it.
func TestRun(t *testing.T) {
	t.Parallel()
	broker, keys := testkit.Bus(t), testkit.Keys(t)
	getenv := testkit.Getenv("eligibility", testkit.DatabaseURL(t, migrations), broker, keys, testkit.Issuer(t),
		map[string]string{"PROGRAMMES": "sembako"})
	testkit.Run(t, app.Part{Name: "eligibility", Run: func(ctx context.Context) error { return run(ctx, getenv) }})
	registry := testkit.NewOwner(t, broker, keys, "registry")
	nikMatch := testkit.NewOwner(t, broker, keys, "nik-match")
	h := newHousehold()
	nikMatch.Emit(t, h.verdict(event.Padan))
	registry.Emit(t, h.draft())
	broker.Events(t, string(event.TypeEntitlementChanged)+".>", 1)
	for name, args := range map[string][]string{
		"check": nil, "digest": nil, "explain": {h.id.String()}, "verify": {"--quiet"}, "replay": {"--wait", "15s"},
	} {
		if err := commands[name](t.Context(), getenv, args); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := broker.Quiet(t, string(event.TypeEntitlementChanged)+".>", 300*time.Millisecond); len(got) != 1 {
		t.Errorf("%d entitlement events, want 1", len(got))
	}
}

func TestConfig_NamesEveryMistake(t *testing.T) {
	t.Parallel()
	c := config{Programmes: []string{"pkh", "bansos"}, Model: "hilang", RuleFiles: []string{"testdata/none.json"}}
	_, err := c.load()
	if err == nil {
		t.Fatal("loaded")
	}
	for _, want := range []string{"bansos", "hilang", "none.json"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %q: %v", want, err)
		}
	}
}
