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
	same, none := filepath.Join(dir, "same.csv"), filepath.Join(dir, "none.csv")
	if err := os.WriteFile(same, []byte("consumption,tv\n"+strings.Repeat("800000,1\n800000,2\n", 200)), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		cmd  PmtFitCmd
		want string
	}{
		{"Area", PmtFitCmd{Survey: bad}, "survey_unreadable"},
		{"NoFile", PmtFitCmd{Survey: none}, "file_unreadable"},
		{"Constant", PmtFitCmd{Survey: same}, "consumption_constant"},
		{"ManyFolds", PmtFitCmd{Survey: good, Folds: 16}, "folds_out_of_range"},
		// None of these is about the survey, which is not even there: they are refused before the work.
		{"OverReport", PmtFitCmd{Survey: none, Out: good, Report: good}, "named twice"},
		{"Date", PmtFitCmd{Survey: none, Date: "22-11-2026"}, "--date is"},
		{"ID", PmtFitCmd{Survey: none, ID: "Model 1"}, "--id is"},
		{"Folds", PmtFitCmd{Survey: none, Folds: 1}, "--folds is"},
		{"FoldsMany", PmtFitCmd{Survey: none, Folds: 101}, "--folds is"},
		{"Draws", PmtFitCmd{Survey: none, Draws: 99}, "--draws is"},
		{"DrawsMany", PmtFitCmd{Survey: none, Draws: 100_001}, "--draws is"},
		{"Out", PmtFitCmd{Survey: none, Out: filepath.Join(dir, "no", "model.json")}, "--out: nothing can be written"},
		{"OutFolder", PmtFitCmd{Survey: none, Out: dir}, "--out: " + dir + " is a folder"},
		{"Report", PmtFitCmd{Survey: none, Report: filepath.Join(good, "report.html")}, "--report: nothing can be written"},
		{"OverSurvey", PmtFitCmd{Survey: good, Out: good}, "named twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := tt.cmd
			if c.Draws == 0 {
				c.Draws = 100
			}
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
			if code, ok := errors.AsType[exitCode](err); !ok || code.code != matchUnusable {
				t.Errorf("got %v, want exit status %d", err, matchUnusable)
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
