package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dtks/pkg/fault"

	"github.com/google/go-cmp/cmp"
)

// TestPmtFit_ShippedModel estimates the shipped model again, by the commands that its source names: the same file, bit for bit.
func TestPmtFit_ShippedModel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := (&PmtSurveyCmd{Households: 6000, Seed: 20261122, Out: dir}).Run(); err != nil {
		t.Fatal(err)
	}
	out, report := filepath.Join(dir, "model.json"), filepath.Join(dir, "report.html")
	fit := PmtFitCmd{Survey: filepath.Join(dir, "survey.csv"), Out: out, Report: report, ID: "sintetis-nasional-1", Date: "2026-11-22",
		Folds: 2, Draws: 100, Seed: 1}
	if err := fit.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../../services/eligibility/pmt/models/sintetis-nasional-1.json")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Error(diff)
	}
	page, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"http://", "https://", "<script", "src=", "@import", "url("} {
		if strings.Contains(string(page), word) {
			t.Errorf("the report needs something beside itself: it holds %s", word)
		}
	}
}

func TestPmtFit_Refuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := (&PmtSurveyCmd{Households: 300, Seed: 1, Out: dir}).Run(); err != nil {
		t.Fatal(err)
	}
	good := filepath.Join(dir, "survey.csv")
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(dir, "bad.csv")
	if err := os.WriteFile(bad, []byte(strings.Replace(string(text), "S-000003,32.04", "S-000003,3204", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		cmd  PmtFitCmd
		want string
	}{
		{"Area", PmtFitCmd{Survey: bad}, "survey_unreadable"},
		{"NoFile", PmtFitCmd{Survey: filepath.Join(dir, "none.csv")}, "file_unreadable"},
		{"OverSurvey", PmtFitCmd{Survey: good, Out: good}, "named twice"},
		{"Date", PmtFitCmd{Survey: good, Date: "22-11-2026"}, "--date"},
		{"ID", PmtFitCmd{Survey: good, ID: "Model 1"}, "model id"},
		{"Folds", PmtFitCmd{Survey: good, Folds: 1}, "folds"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := tt.cmd
			c.Draws = 100
			if c.Date == "" {
				c.Date = "2026-11-22"
			}
			if c.ID == "" {
				c.ID = "uji-1"
			}
			if c.Folds == 0 {
				c.Folds = 2
			}
			err := c.Run(t.Context())
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
			if _, err := os.Stat(good + ".next"); err == nil {
				t.Error("something was written")
			}
		})
	}
	_, err = readSurvey(bad)
	var refused *fault.Error
	if !errors.As(err, &refused) || len(refused.Details) != 1 || refused.Details[0].Field != "line 4, column area" || refused.Details[0].Code != "area_unreadable" {
		t.Errorf("got %+v, want one finding on line 4, column area", refused)
	}
}
