package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/uuid"

	"dtks/pkg/app"
	"dtks/pkg/fault"
	"dtks/services/eligibility/decision"
	"dtks/services/eligibility/rules"
)

var (
	errUndecided = fault.New(fault.NotFound, "not_decided_yet",
		"Keluarga ini belum diputuskan.", "This family has not been decided yet.")
	errNoProgramme = fault.New(fault.NotFound, "programme_not_decided",
		"Program ini tidak diputuskan untuk keluarga ini.", "This programme is not decided for this family.")
	errID = fault.New(fault.Invalid, "id_malformed",
		"Nomor keluarga atau orang ini tidak tertulis dengan benar.", "This is not the id of a family or of a person.")
	errDay = fault.New(fault.Invalid, "day_malformed",
		"Tanggal ditulis seperti 2026-06-01.", "A day is written like 2026-06-01.")
)

// question is what is to be explained of a family.
type question struct {
	programme string // "" = all
	on        int32  // yyyymmdd; 0 = the stored decisions
	change    bool   // also what would turn them
}

// newQuestion reads a day written 2006-01-02; "" is none.
func newQuestion(programme, on string, change bool) (question, error) {
	q := question{programme: programme, change: change}
	if on != "" {
		day, err := time.Parse(time.DateOnly, on)
		if err != nil {
			return q, errDay
		}
		q.on = rules.Day(day)
	}
	return q, nil
}

// explain explains a family's stored decisions; for a day that is given, what the release in force then decides with the
// facts of today. It is a fault NotFound when nothing was decided, or not of that programme.
func (d *decider) explain(ctx context.Context, kept *stored, q question) (*decision.Explanation, error) {
	in := kept.family.input(kept.verdicts)
	sheet, rel, err := d.sheetFor(ctx, kept, in, q.on)
	if err != nil {
		return nil, err
	}
	var programmes []string
	if q.programme != "" {
		if sheet.By(q.programme) == nil {
			return nil, errNoProgramme
		}
		programmes = []string{q.programme}
	}
	x := d.engine.Explain(rel, in, sheet, programmes...)
	x.WouldBe = q.on != 0
	if x.ReleasedOn, x.Superseded, err = d.store.released(ctx, rel, in.Area); err != nil {
		return nil, err
	}
	if q.change {
		d.engine.AddChanges(x, rel, in, sheet)
	}
	return x, nil
}

// sheetFor gives the stored sheet, or that of a day, with its release.
func (d *decider) sheetFor(ctx context.Context, kept *stored, in *decision.Input, on int32) (*decision.Sheet, *decision.Release, error) {
	if on != 0 {
		y, m, day := decision.Date(on).Date()
		rel, err := d.store.releaseOn(ctx, time.Date(y, m, day+1, 0, 0, 0, 0, decision.Zone(in.Area)))
		if err != nil {
			return nil, nil, err
		}
		sheet, err := d.engine.Decide(rel, in, on)
		return sheet, rel, err
	}
	if kept.sheet == nil {
		return nil, nil, errUndecided
	}
	sheet, err := d.engine.Decode(kept.sheet)
	if err != nil {
		return nil, nil, err
	}
	rel, err := d.store.release(ctx, d.store.db, sheet.Release)
	return sheet, rel, err
}

// released gives a release's day in an area, 2006-01-02, and whether another is in force now.
func (s *store) released(ctx context.Context, rel *decision.Release, area string) (on string, superseded bool, err error) {
	var at time.Time
	err = s.db.QueryRow(ctx, `
		SELECT r.released_at, r.release_id <> p.release_id
		FROM release r
		CROSS JOIN release_in_force p
		WHERE r.no = $1`, rel.No).Scan(&at, &superseded)
	if err != nil {
		return "", false, fmt.Errorf("reading the day of release %d: %w", rel.No, err)
	}
	return at.In(decision.Zone(area)).Format(time.DateOnly), superseded, nil
}

// again reports whether the stored inputs give the stored decisions, bit for bit.
func (d *decider) again(ctx context.Context, kept *stored) (bool, error) {
	in := kept.family.input(kept.verdicts)
	sheet, rel, err := d.sheetFor(ctx, kept, in, 0)
	if err != nil {
		return false, err
	}
	now, err := d.engine.Decide(rel, in, sheet.Day)
	if err != nil {
		return false, err
	}
	return bytes.Equal(d.engine.Encode(now), kept.sheet), nil
}

// explainCommand is `eligibility explain ID`: ID is a family's or a person's. It prints why the stored decisions are what
// they are, works them out again, and says whether they are the same; status 1 when they are not.
func explainCommand(ctx context.Context, getenv func(string) string, args []string) error {
	id, o, err := explainOptions(args)
	if err != nil {
		tell(os.Stderr, o.lang, err)
		return app.Usage(err)
	}
	return withDecider(ctx, getenv, func(d *decider) error {
		err := d.print(ctx, os.Stdout, id, o)
		tell(os.Stderr, o.lang, err)
		return err
	})
}

// tell writes a fault's own sentence; the log has only its code.
func tell(to io.Writer, lang string, err error) {
	var f *fault.Error
	if !errors.As(err, &f) {
		return
	}
	text := f.Text.EN
	if lang == "id" {
		text = f.Text.ID
	}
	_, _ = fmt.Fprintln(to, text) // the exit status says it too
}

// printed is how an explanation is to be printed.
type printed struct {
	question
	lang    string
	json    bool
	changes bool // the text tells them whole
}

// text is the explanation in words.
func (o *printed) text(x *decision.Explanation) string {
	if o.changes {
		return x.TextForAuditors(o.lang)
	}
	return x.Text(o.lang)
}

func explainOptions(args []string) (id uuid.UUID, o printed, err error) {
	set := flag.NewFlagSet("explain", flag.ContinueOnError)
	programme := set.String("programme", "", "only this programme")
	on := set.String("on", "", "a day, 2006-01-02: what would be decided for it with today's facts")
	flip := set.Bool("flip", true, "look for the nearest single change that turns each outcome")
	set.BoolVar(&o.changes, "changes", false, "for auditors: print that change whole, with the answer that would turn the outcome")
	set.StringVar(&o.lang, "lang", "id", "id or en")
	set.BoolVar(&o.json, "json", false, "the form for machines")
	if err = set.Parse(args); err == nil && set.NArg() > 1 { // flags may follow the id
		args = set.Args()
		err = set.Parse(args[1:])
		args = append(args[:1], set.Args()...)
	} else {
		args = set.Args()
	}
	switch {
	case err != nil:
		return id, o, err
	case len(args) != 1:
		return id, o, errors.New("explain takes one id, of a family or of a person")
	case o.lang != "id" && o.lang != "en":
		return id, o, errors.New("--lang is id or en")
	}
	if id, err = uuid.Parse(args[0]); err != nil {
		return id, o, errID
	}
	o.question, err = newQuestion(*programme, *on, *flip)
	return id, o, err
}

// print explains to out. It is errUnequal when the stored decisions are not what their inputs give.
func (d *decider) print(ctx context.Context, out io.Writer, id uuid.UUID, o printed) error {
	id, err := d.store.familyOf(ctx, id)
	if err != nil {
		return err
	}
	kept, err := d.store.stored(ctx, id)
	if err != nil {
		return err
	}
	if kept == nil {
		return errNoFamily
	}
	x, err := d.explain(ctx, kept, o.question)
	if err != nil {
		return err
	}
	same := true
	if o.on == 0 {
		if same, err = d.again(ctx, kept); err != nil {
			return err
		}
	}
	if o.json {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		err = enc.Encode(struct {
			*decision.Explanation
			Text string `json:"text"`
			Same bool   `json:"same"` // working it out again gave the same
		}{x, o.text(x), same})
	} else {
		_, err = fmt.Fprint(out, o.text(x), "\n", verdictOnAgain(o.lang, o.on != 0, same), "\n")
	}
	if err == nil && !same {
		err = errUnequal
	}
	return err
}

// verdictOnAgain says what came of working the decisions out again.
func verdictOnAgain(lang string, wouldBe, same bool) string {
	said := fault.Text{ID: "Dihitung ulang dari data yang tersimpan: hasilnya sama persis, bit demi bit.",
		EN: "Worked out again from the stored data: the same, bit for bit."}
	switch {
	case wouldBe:
		said = fault.Text{ID: "Ini perkiraan untuk hari itu; keputusan yang tersimpan tidak berubah.",
			EN: "This is a what-if for that day; the stored decision is as it was."}
	case !same:
		said = fault.Text{ID: "Dihitung ulang dari data yang tersimpan: hasilnya BERBEDA dari keputusan yang tersimpan.",
			EN: "Worked out again from the stored data: it DIFFERS from the stored decision."}
	}
	if lang == "id" {
		return said.ID
	}
	return said.EN
}
