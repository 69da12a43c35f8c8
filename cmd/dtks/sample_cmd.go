package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"dtks/cmd/dtks/sample"
)

// SampleCmd writes a synthetic population.
type SampleCmd struct {
	Out      string   `help:"Folder for families.csv, civil.csv and truth.csv." default:"." type:"path"`
	Families int      `help:"How many families." default:"2000"`
	Seed     uint64   `help:"The same seed gives the same people." default:"1"`
	Start    int      `help:"Index of the first family, for slices of one population."`
	Area     []string `help:"Regency, district or village by Kemendagri code; may be repeated. Seven regencies by default."`
	Source   string   `help:"Name of the source in families.csv." default:"contoh"`
	Single   bool     `help:"Every family is one adult."`
	Clean    bool     `help:"No mistakes: everything agrees with the civil registry."`
}

// Help is the long text of the command.
func (SampleCmd) Help() string {
	return "Writes families.csv (what villages entered; read it with dtks import), civil.csv (what the civil registry knows; the " +
		"Dukcapil simulator reads it) and truth.csv (which mistake was made with whom). Nobody in it exists: serials of NIK and " +
		"KK are 8000-9999, addresses begin with JL. CONTOH. See docs/sample.md."
}

// Run writes the files; families.csv comes last, so that where it is, all are.
func (c *SampleCmd) Run() error {
	o := sample.Options{Seed: c.Seed, Families: c.Families, Start: c.Start, Areas: c.Area, Source: c.Source, Single: c.Single, Clean: c.Clean}
	if _, err := sample.Families(o); err != nil {
		return exitCode{2, err}
	}
	began := time.Now()
	counts, err := writePopulation(c.Out, o)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%d families, %d persons in %.1f s: %s, civil.csv, truth.csv\n",
		counts.Families, counts.Persons, time.Since(began).Seconds(), filepath.Join(c.Out, sampleFamilies))
	printFaults(&b, "mistakes about persons:", counts.Faults)
	printFaults(&b, "mistakes about family cards:", counts.KKFaults)
	_, err = b.WriteTo(os.Stdout)
	return err
}

func printFaults(b *bytes.Buffer, title string, counts map[sample.Fault]int) {
	all := 0
	var faults []sample.Fault
	for fault, n := range counts {
		if all += n; fault != sample.None {
			faults = append(faults, fault)
		}
	}
	if len(faults) == 0 {
		return
	}
	slices.Sort(faults)
	fmt.Fprintln(b, title)
	for _, fault := range faults {
		fmt.Fprintf(b, "  %7d  %5.2f %%  %s\n", counts[fault], 100*float64(counts[fault])/float64(all), fault)
	}
}

func writePopulation(dir string, o sample.Options) (counts sample.Counts, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return counts, fmt.Errorf("creating the folder of the sample: %w", err)
	}
	names := []string{sampleTruthCSV, sampleCivilCSV, sampleFamilies}
	files := make([]*os.File, len(names))
	for i, name := range names {
		if files[i], err = os.Create(filepath.Join(dir, name+".next")); err != nil {
			return counts, fmt.Errorf("writing the sample: %w", err)
		}
		defer files[i].Close() // a second close after the checked one below does no harm
	}
	counts, err = sample.Generate(sample.Writers{Truth: files[0], Civil: files[1], Families: files[2]}, o)
	for i, name := range names {
		path := filepath.Join(dir, name)
		if err == nil {
			err = errors.Join(files[i].Close(), os.Rename(path+".next", path))
		}
	}
	if err != nil {
		return counts, fmt.Errorf("writing the sample: %w", err)
	}
	return counts, nil
}
