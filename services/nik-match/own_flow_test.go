package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"dtks/pkg/event"
	"dtks/pkg/testkit"
)

// A verdict's evidence joins Dukcapil's answer with what the service knows: the NIK's digits, others who bear the NIK, and
// the version before, where that was padan.
func TestFlow_OwnEvidence(t *testing.T) {
	t.Parallel()
	p := member(1)
	h := newHarness(t, newSimulator(t, []string{civil(p, "hidup")}))
	family := uuid.NewString()
	h.register(1, village, family, p)
	first := h.decided(p, 1)
	if diff := cmp.Diff(map[string]string{"name": "sama", "birth_date": "sesuai", "sex": "sesuai", "mother": "sama", "kk": "sesuai", "birth_place": "sama",
		"nik_area": "sama"}, findings(first)); diff != "" {
		t.Errorf("first version (-want +got):\n%s", diff)
	}
	stranger := member(1, func(p *event.PersonIdentity) {
		p.Name, p.BirthDate, p.Mother, p.Sex, p.BirthPlace, p.KK = "YOSEFINA TELADAN", "1961-11-02", "MARTHA TELADAN", "P", "KUPANG", "5371010101209001"
	})
	h.register(1, "53.71.01.1001", uuid.NewString(), stranger)
	got := h.decided(stranger, 1)
	if diff := cmp.Diff(map[string]string{"name": "lain", "birth_date": "beda", "sex": "beda", "mother": "lain", "kk": "beda", "birth_place": "lain",
		"nik_area": "lain", "nik_shared": "orang_lain"}, findings(got)); diff != "" || got.Verdict != event.TidakPadan || got.Evidence.Likelihood > 0.001 {
		t.Errorf("somebody with the NIK of another: %s, %.4f (-want +got):\n%s", got.Verdict, got.Evidence.Likelihood, diff)
	}
	testkit.Eventually(t, "both are on record", func() bool { return count(t, h.store.db, `SELECT count(*) FROM registrant`) == 2 })
	corrected := p
	corrected.Name = "HERMAWAN CONTOHNYA"
	h.propose(2, corrected)
	got = h.decided(p, 2)
	if found := findings(got); found["earlier_version"] != "padan" || found["nik_shared"] != "orang_lain" {
		t.Errorf("a correction: got %v", found)
	}
	h.mustHold()
}

func findings(v personVerdict) map[string]string {
	out := map[string]string{}
	for _, line := range v.Evidence.Lines {
		out[line.Field] = line.Finding
	}
	return out
}
