package main

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"dtks/pkg/event"
	"dtks/services/eligibility/decision"

	"github.com/google/uuid"
)

// TestAPI_Explanation asks over HTTP for the explanation of a decision that was made from events.
func TestAPI_Explanation(t *testing.T) {
	t.Parallel()
	s := newService(t, "pkh", "sembako")
	home := s.populate(3)[0] // in 32.04
	as := s.serve()
	path := "/v1/families/" + home.id.String() + "/explanation"
	tests := []struct {
		name, role, area, path string
		want                   int
	}{
		{"OK", "programme", "32.04", path, http.StatusOK},
		{"OneProgramme", "programme", "32.04", path + "?programme=pkh&lang=en&flip=false", http.StatusOK},
		{"OnADay", "programme", "32.04", path + "?on=2027-01-01", http.StatusOK},
		{"ErrNeighbour", "programme", "33.74", path, http.StatusNotFound},
		{"ErrNoRole", "nobody", "32.04", path, http.StatusForbidden},
		{"ErrNotThere", "programme", "32.04", "/v1/families/" + uuid.NewString() + "/explanation", http.StatusNotFound},
		{"ErrProgramme", "programme", "32.04", path + "?programme=bansos", http.StatusNotFound},
		{"ErrDay", "programme", "32.04", path + "?on=2027-13-01", http.StatusUnprocessableEntity},
		{"ErrLang", "programme", "32.04", path + "?lang=fr", http.StatusUnprocessableEntity},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := as(tt.role, tt.area).do(http.MethodGet, tt.path, "", "", nil); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
	var all, one explanationOutput
	var stored decisionsView
	programme := as("programme", "32")
	programme.do(http.MethodGet, path, "", "", &all.Body)
	programme.do(http.MethodGet, path+"?programme=pkh&lang=en&flip=false", "", "", &one.Body)
	programme.do(http.MethodGet, "/v1/families/"+home.id.String()+"/decisions", "", "", &stored)
	if all.Body.FamilyID != home.id.String() || all.Body.Inputs != stored.Inputs || all.Body.WouldBe || !all.Body.Sought ||
		len(all.Body.Programmes) != len(stored.Decisions) {
		t.Fatalf("got %+v, decisions are %+v", all.Body, stored)
	}
	for i, p := range all.Body.Programmes {
		if d := stored.Decisions[i]; p.Code != d.Programme || p.Outcome != d.Outcome || p.Amount != d.Amount || p.RuleSet != d.RuleSet {
			t.Errorf("explains %+v, decided is %+v", p, d)
		}
	}
	if !slices.ContainsFunc(all.Body.Programmes, func(p decision.ProgrammeSaid) bool { return p.Change != nil }) || strings.Contains(all.Body.Text, "Satu perubahan") {
		t.Errorf("the machine form has no change, or the text tells it: %+v\n%s", all.Body.Programmes, all.Body.Text)
	}
	if !strings.Contains(all.Body.Text, "Jawaban:") || !strings.Contains(one.Body.Text, "Answer:") || len(one.Body.Programmes) != 1 || one.Body.Sought {
		t.Errorf("texts are\n%s\n%s", all.Body.Text, one.Body.Text)
	}
}

// TestExplain_Prints explains by a family's id and by a person's, what is stored and what would be, and finds a decision
// that is not what its inputs give.
func TestExplain_Prints(t *testing.T) {
	t.Parallel()
	s := newService(t, "pkh")
	h := newHousehold()
	s.nikMatch.Emit(t, h.verdict(event.Padan))
	s.registry.Emit(t, h.draft())
	s.settle()
	run := func(args ...string) (string, error) {
		t.Helper()
		id, o, err := explainOptions(args)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		err = s.print(t.Context(), &out, id, o)
		return out.String(), err
	}
	byFamily, err := run(h.id.String())
	if err != nil || !strings.Contains(byFamily, "sama persis") || !strings.Contains(byFamily, "Jumlah:") {
		t.Errorf("%v\n%s", err, byFamily)
	}
	if byPerson, err := run("--programme", "pkh", h.head.String(), "--flip=false"); err != nil || !strings.Contains(byPerson, "Jawaban:") {
		t.Errorf("%v\n%s", err, byPerson)
	}
	if then, err := run(h.id.String(), "--on", "2024-06-01", "--lang", "en"); err != nil || !strings.Contains(then, "what-if") || !strings.Contains(then, "1 June 2024") {
		t.Errorf("%v\n%s", err, then)
	}
	const change = "Satu perubahan yang membalik jawaban ini"
	if audit, err := run("--changes", h.id.String()); err != nil || !strings.Contains(audit, change) || strings.Contains(byFamily, change) {
		t.Errorf("%v\n%s", err, audit)
	}
	if machine, err := run("--json", h.id.String()); err != nil || !strings.Contains(machine, `"same": true`) {
		t.Errorf("%v\n%s", err, machine)
	}
	if _, err := run(uuid.NewString()); !errors.Is(err, errNoFamily) {
		t.Errorf("nobody's id: %v", err)
	}
	if _, err := run(h.id.String(), "--programme", "sembako-lama"); !errors.Is(err, errNoProgramme) {
		t.Errorf("no such programme: %v", err)
	}
	if _, err := s.db.Exec(t.Context(), `UPDATE family SET version = version + 1`); err != nil {
		t.Fatal(err)
	}
	if other, err := run(h.id.String()); !errors.Is(err, errUnequal) || !strings.Contains(other, "BERBEDA") {
		t.Errorf("%v\n%s", err, other)
	}
}

// TestExplain_Superseded: between a release and its passing on, a decision rests on the release before, and says so.
func TestExplain_Superseded(t *testing.T) {
	t.Parallel()
	s := newService(t, "pkh")
	home := s.populate(3)[0]
	explained := func() *decision.Explanation {
		t.Helper()
		kept, err := s.store.stored(t.Context(), home.id)
		if err != nil {
			t.Fatal(err)
		}
		x, err := s.explain(t.Context(), kept, question{})
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	before := explained()
	if before.Superseded || before.ReleasedOn == "" {
		t.Errorf("by the release in force: %+v", before)
	}
	s.mustRelease()
	after := explained()
	if !after.Superseded || after.Release != before.Release || after.ReleasedOn != before.ReleasedOn || !strings.Contains(after.Text("id"), "Tempat ini menurut peringkat tanggal") {
		t.Errorf("by the release before: %+v\n%s", after, after.Text("id"))
	}
}

// TestTell: who asks reads a sentence in the language asked for, for every fault that a question may end with.
func TestTell(t *testing.T) {
	t.Parallel()
	_, day, errOfDay := explainOptions([]string{uuid.NewString(), "--lang", "en", "--on", "kemarin"})
	_, malformed, errOfID := explainOptions([]string{"abc"})
	tests := []struct {
		name, lang string
		err        error
		want       string
	}{
		{"Day", day.lang, errOfDay, "A day is written like 2026-06-01.\n"},
		{"ID", malformed.lang, errOfID, "Nomor keluarga atau orang ini tidak tertulis dengan benar.\n"},
		{"Nobody", "id", errNoFamily, "Keluarga ini tidak ada.\n"},
		{"Programme", "en", fmt.Errorf("explaining: %w", errNoProgramme), "This programme is not decided for this family.\n"},
		{"Internal", "id", errors.New("connection lost"), ""},
		{"None", "id", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			tell(&out, tt.lang, tt.err)
			if out.String() != tt.want {
				t.Errorf("got %q, want %q", out.String(), tt.want)
			}
		})
	}
}

func TestExplainOptions_Refused(t *testing.T) {
	t.Parallel()
	id := uuid.NewString()
	for _, args := range [][]string{{}, {"abc"}, {id, id}, {id, "--lang", "fr"}, {id, "--on", "kemarin"}, {"--warna", id}} {
		if _, _, err := explainOptions(args); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}
