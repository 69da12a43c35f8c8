package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dtks/pkg/event"
)

const (
	bandung  = "32.04.10.2001" // a village of Kabupaten Bandung
	semarang = "33.74.01.1001" // a ward of Kota Semarang
)

// poor and rich answers put a family of one into a low and into the highest decile of the shipped model.
func poor() map[string]int {
	return map[string]int{"status_bangunan": 5, "luas_lantai": 15, "lantai": 8, "dinding": 6, "atap": 7, "air_minum": 9,
		"penerangan": 4, "bahan_bakar": 10, "jamban": 6, "limbah": 5, "kulkas": 2, "tv": 2, "motor": 2, "mobil": 2}
}

func rich() map[string]int {
	return map[string]int{"status_bangunan": 1, "luas_lantai": 200, "lantai": 1, "dinding": 1, "atap": 1, "air_minum": 1,
		"penerangan": 1, "daya": 5, "bahan_bakar": 3, "jamban": 1, "kloset": 1, "limbah": 1, "kulkas": 1, "ac": 1, "tv": 1,
		"motor": 1, "mobil": 1, "laptop": 1, "emas": 1}
}

// all reads every event that belongs to a family's way: those whose subject or payload names one of the ids.
func (w *world) all(t *testing.T, f family) map[string]int {
	t.Helper()
	ids := []string{f.FamilyID, f.ProposalID}
	for _, p := range f.Persons {
		ids = append(ids, p.PersonID)
	}
	got := map[string]int{}
	for _, owner := range []string{"registry", "verification", "nik-match", "eligibility"} {
		for _, env := range w.events(t, owner, owner+".>") {
			if env.Type == event.TypeDuplicateFound {
				continue // all families of these tests bear one name: a pair is as much the other family's
			}
			if slices.ContainsFunc(ids, func(id string) bool {
				return env.Subject == id || strings.Contains(string(env.Data), id)
			}) {
				got[string(env.Type)]++
			}
		}
	}
	return got
}

// TestStory_OneFamily takes one family from POST to entitlement and counts its events: one request leads to a fixed,
// finite number of them. One trace runs through all of it.
func TestStory_OneFamily(t *testing.T) {
	w := shared
	f := w.complete(t, input(bandung))
	eventually(t, "PKH and Sembako decided", 30*time.Second, func() bool {
		pkh, _ := w.entitlement(t, "pkh", f.FamilyID)
		sembako, _ := w.entitlement(t, "sembako", f.FamilyID)
		return pkh.Version > 0 && sembako.Version > 0
	})
	w.mustHold(t) // waits until every consumer has done what it will do
	want := map[string]int{
		string(event.TypeProposalUpdated):    2, // open, applied
		string(event.TypeCaseUpdated):        3, // opened, verified, approved
		string(event.TypeMatchDecided):       1,
		string(event.TypeRegistrantUpdated):  2, // the family and its one person, verdict included
		string(event.TypeEntitlementChanged): 2, // PKH and Sembako
	}
	if diff := cmp.Diff(want, w.all(t, f)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if _, pkh := w.entitlement(t, "pkh", f.FamilyID); pkh.Outcome != event.Entitled {
		t.Errorf("PKH for a poor pregnant woman: got %s, want entitled", pkh.Outcome)
	}
	w.wantTrace(t, w.newest(t, "registry", string(event.TypeProposalUpdated)+".all.*.*."+f.ProposalID).TraceParent, f)
}

// wantTrace reads the spans that every service wrote and wants one trace that began with the officer's or operator's
// request and was continued by every consumer.
func (w *world) wantTrace(t *testing.T, _ string, f family) {
	t.Helper()
	first := w.events(t, "registry", string(event.TypeProposalUpdated)+".all.*.*."+f.ProposalID)[0]
	trace := first.TraceParent[3:35]
	want := []string{"registry", "verification", "nik-match"}
	var missing []string
	eventually(t, "spans of the trace in "+strings.Join(want, ", "), 20*time.Second, func() bool {
		missing = nil
		for _, service := range want {
			if !w.hasSpan(t, service, trace) {
				missing = append(missing, service)
			}
		}
		return len(missing) == 0
	})
	// The approval is a request of its own: its trace runs on to the entitlement.
	env, _ := w.entitlement(t, "pkh", f.FamilyID)
	eventually(t, "the approval's trace reaches eligibility", 20*time.Second, func() bool {
		return env.TraceParent != "" && w.hasSpan(t, "verification", env.TraceParent[3:35]) &&
			w.hasSpan(t, "registry", env.TraceParent[3:35]) && w.hasSpan(t, "eligibility", env.TraceParent[3:35])
	})
}

func (w *world) hasSpan(t *testing.T, service, trace string) bool {
	t.Helper()
	file, err := os.Open(filepath.Join(w.Dir("trace"), service+".jsonl"))
	if err != nil {
		return false
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if strings.Contains(lines.Text(), trace) {
			return true
		}
	}
	return false
}

// TestStory_Correction: a correction of the survey turns the decision, each change published once.
func TestStory_Correction(t *testing.T) {
	w := shared
	f := w.complete(t, input(bandung))
	w.wantOutcome(t, f, "sembako", event.Entitled)
	fix := w.propose(t, map[string]any{"kind": "perbaikan", "family_id": f.FamilyID, "base_version": w.familyVersion(t, f),
		"survey": map[string]any{"instrument": "REGSOSEK2022.K", "answers": rich()}})
	fix.FamilyID, fix.Persons = f.FamilyID, nil
	w.decide(t, fix)
	w.wantOutcome(t, f, "sembako", event.NotEntitled)
	w.mustHold(t)
	if env, _ := w.entitlement(t, "sembako", f.FamilyID); env.Version != 2 {
		t.Errorf("entitlement stands at version %d, want 2", env.Version)
	}
	if n := len(w.events(t, "nik-match", string(event.TypeMatchDecided)+".all.*.*."+f.Persons[0].PersonID)); n != 1 {
		t.Errorf("the civil registry was asked %d times; the identity did not change", n)
	}
}

// TestStory_ReplacedVerdict: an unmatched NIK leaves the decision open, its correction brings a new identity version, a
// new verdict and then the decision.
func TestStory_ReplacedVerdict(t *testing.T) {
	w := shared
	in := input(bandung)
	right := in["members"].([]map[string]any)[0]["nik"].(string)
	in["members"].([]map[string]any)[0]["nik"] = right[:15] // one digit is missing: stored, not matched
	f := w.complete(t, in)
	person := f.Persons[0].PersonID
	eventually(t, "a first verdict", 30*time.Second, func() bool { return w.verdict(t, person).Verdict == event.TidakPadan })
	in["members"].([]map[string]any)[0]["nik"] = right
	fix := w.propose(t, map[string]any{"kind": "perbaikan", "family_id": f.FamilyID, "base_version": w.familyVersion(t, f),
		"members": []map[string]any{merge(in["members"].([]map[string]any)[0], map[string]any{"person_id": person})}})
	w.decide(t, fix)
	eventually(t, "padan for identity version 2", 30*time.Second, func() bool {
		v := w.verdict(t, person)
		return v.Verdict == event.Padan && v.IdentityVersion == 2
	})
	w.wantOutcome(t, f, "sembako", event.Entitled)
	w.mustHold(t)
}

func merge(a, b map[string]any) map[string]any {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// verdict is the newest verdict event of a person.
func (w *world) verdict(t *testing.T, person string) event.MatchDecided {
	t.Helper()
	var v event.MatchDecided
	if env := w.newest(t, "nik-match", string(event.TypeMatchDecided)+".all.*.*."+person); env.Version > 0 {
		decode(t, env.Data, &v)
	}
	return v
}

func (w *world) familyVersion(t *testing.T, f family) int64 {
	t.Helper()
	var env event.Envelope
	eventually(t, "the family is in force", 30*time.Second, func() bool {
		env = w.newest(t, "registry", string(event.TypeRegistrantUpdated)+".family.*.*."+f.FamilyID)
		return env.Version > 0
	})
	return env.Version
}

func (w *world) wantOutcome(t *testing.T, f family, programme string, want event.Outcome) {
	t.Helper()
	var got event.Outcome
	eventually(t, fmt.Sprintf("%s is %s", programme, want), 30*time.Second, func() bool {
		_, data := w.entitlement(t, programme, f.FamilyID)
		got = data.Outcome
		return got == want
	})
}

// TestStory_BadInput: a reason for everything that is refused, and nothing of the input in it.
func TestStory_BadInput(t *testing.T) {
	w := shared
	in := input(bandung)
	in["area"] = "99.99.99.9999"
	status, raw := w.call(t, http.MethodPost, "registry", "/v1/proposals", "operator1.00", in)
	var problem struct {
		Status  int             `json:"status"`
		Code    string          `json:"code"`
		Message json.RawMessage `json:"message"`
	}
	decode(t, raw, &problem)
	if status < 400 || status >= 500 || problem.Code == "" || len(problem.Message) == 0 {
		t.Errorf("an area that does not exist: got %d %s", status, raw)
	}
	if nik := in["members"].([]map[string]any)[0]["nik"].(string); strings.Contains(string(raw), nik) {
		t.Error("the refusal repeats the NIK")
	}
	if status, _ := w.call(t, http.MethodPost, "registry", "/v1/proposals", "verifier1.00", input(bandung)); status != http.StatusForbidden {
		t.Errorf("a verifier proposes: got %d, want 403", status)
	}
	if status, _ := w.call(t, http.MethodPost, "registry", "/v1/proposals", "operator1.3374", input(bandung)); status != http.StatusForbidden {
		t.Errorf("an operator of another regency proposes: got %d, want 403", status)
	}
}
