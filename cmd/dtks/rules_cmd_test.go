package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPrintFacts(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := printFacts(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"decile ", "person.age ", "'tanah'", "met.CODE "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not listed", want)
		}
	}
}

func TestRulesCheck(t *testing.T) {
	t.Parallel()
	const shipped = "../../services/eligibility/rules/sets/pkh-2021-2.json"
	if err := (&RulesCheckCmd{Files: []string{shipped}}).Run(); err != nil {
		t.Error(err)
	}
	file, err := os.ReadFile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	wrong := filepath.Join(t.TempDir(), "wrong.json")
	if err := os.WriteFile(wrong, bytes.Replace(file, []byte("decile <= 4"), []byte("desile <= 4"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (&RulesCheckCmd{Files: []string{shipped, wrong}}).Run(); err == nil || !strings.Contains(err.Error(), wrong) {
		t.Errorf("got %v, want an error that names the file", err)
	}
}

func TestRuleSet(t *testing.T) {
	t.Parallel()
	if s, err := ruleSet("pkh-2021-2"); err != nil || s.Programme != "pkh" {
		t.Errorf("got %v", err)
	}
	if _, err := ruleSet("pkh-0"); err == nil || !strings.Contains(err.Error(), "neither a file nor a shipped rule set") {
		t.Errorf("got %v", err)
	}
}
