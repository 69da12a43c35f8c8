package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"dtks/pkg/event"
)

// What is told of a pair, from nothing to nothing and from place to place.
func TestNotices(t *testing.T) {
	t.Parallel()
	a, b := uuid.UUID{1}, uuid.UUID{2}
	at := func(first, second string, outcome event.Verdict) *pair {
		return &pair{First: residence{Person: a, Area: first, Identity: 1}, Second: residence{Person: b, Area: second, Identity: 1}, Outcome: outcome}
	}
	const here, near, far = "32.04.10.2001", "32.04.11.2002", "33.74.01.1001"
	tests := []struct {
		name        string
		before, now *pair
		want        []string
	}{
		{"Nothing", nil, nil, nil},
		{"Found", nil, at(here, near, event.Padan), []string{"first 32.04 found"}},
		{"FoundAcross", nil, at(here, far, event.Padan), []string{"first 32.04 found", "second 33.74 found"}},
		{"Same", at(here, far, event.Padan), at(here, far, event.Padan), nil},
		{"Outcome", at(here, far, event.Padan), at(here, far, event.PerluTinjau), []string{"first 32.04 changed", "second 33.74 changed"}},
		{"WithinRegency", at(here, near, event.Padan), at(near, near, event.Padan), []string{"first 32.04 changed"}},
		{"FirstMovesAway", at(here, near, event.Padan), at(far, near, event.Padan), []string{"first 32.04 moved", "first 33.74 changed", "second 32.04 found"}},
		{"SecondMovesAway", at(here, near, event.Padan), at(here, far, event.Padan), []string{"first 32.04 changed", "second 33.74 found"}},
		{"TogetherAgain", at(here, far, event.Padan), at(here, near, event.Padan), []string{"first 32.04 changed", "second 33.74 moved"}},
		{"Cleared", at(here, near, event.Padan), nil, []string{"first 32.04 cleared"}},
		{"ClearedAcross", at(here, far, event.Padan), nil, []string{"first 32.04 cleared", "second 33.74 cleared"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, n := range notices(tt.before, tt.now) {
				got = append(got, n.Side+" "+n.Area.String()+" "+string(n.State))
				d := n.data()
				if empty := n.State == event.DuplicateMoved; empty != (len(d.Persons) == 0) || (n.sealed() != nil) != (d.Outcome != "") {
					t.Errorf("%s: got %+v", n.State, d)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("notices (-want +got):\n%s", diff)
			}
		})
	}
}
