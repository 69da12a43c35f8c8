package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/audit"
	"dtks/pkg/event"
	"dtks/pkg/outbox"
	"dtks/pkg/pg"
	"dtks/pkg/testkit"
)

// facts are the lines of one kind.
func facts(t *testing.T, db *pgxpool.Pool, kind string, extras ...audit.Extra) []string {
	t.Helper()
	var out bytes.Buffer
	if err := audit.Facts(t.Context(), db, &out, extras...); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	return slices.DeleteFunc(lines, func(l string) bool { return !strings.HasPrefix(l, kind+"\t") })
}

// archive writes three versions of two persons each.
func archive(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	o := outbox.New("nik-match", db, nil)
	for range 3 {
		err := pg.InTx(t.Context(), db, func(tx pgx.Tx) error {
			for _, person := range []string{"a", "b"} {
				if _, err := o.Add(t.Context(), tx, outbox.Draft{Type: event.TypeMatchDecided, Area: event.AreaOf("32.04"), ID: person,
					Data: event.MatchDecided{}}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

const a = "nik-match.match.all.a"

// Each planted violation of I2 is found, and says whose it is.
func TestFacts_PlantedViolations(t *testing.T) {
	t.Parallel()
	const copyOf = `INSERT INTO event SELECT lane, nextval('event_live_seq'), gen_random_uuid(), type, aggregate_key, %s, subject, %s, payload
		FROM event WHERE aggregate_key = '` + a + `' AND version = 2`
	for _, tt := range []struct{ name, plant, want string }{
		{"Sound", `SELECT 1`, ""},
		{"Gap", `DELETE FROM event WHERE aggregate_key = '` + a + `' AND version = 2`, "counter 3, 2 versions archived, newest 3, 0 twice"},
		{"FirstIsMissing", `DELETE FROM event WHERE aggregate_key = '` + a + `' AND version = 1`, "counter 3, 2 versions archived, newest 3, 0 twice"},
		{"NewestIsMissing", `DELETE FROM event WHERE aggregate_key = '` + a + `' AND version = 3`, "counter 3, 2 versions archived, newest 2, 0 twice"},
		{"CounterBehind", `UPDATE aggregate SET version = 2 WHERE aggregate_key = '` + a + `'`, "counter 2, 3 versions archived, newest 3, 0 twice"},
		{"CounterGone", `DELETE FROM aggregate WHERE aggregate_key = '` + a + `'`, "counter 0, 3 versions archived, newest 3, 0 twice"},
		{"EventsGone", `DELETE FROM event WHERE aggregate_key = '` + a + `'`, "counter 3, 0 versions archived, newest 0, 0 twice"},
		{"TwiceInAnotherMonth", fmt.Sprintf(copyOf, "2", "recorded_at + interval '1 month'"), "counter 3, 3 versions archived, newest 3, 1 twice"},
		{"FromZero", `UPDATE event SET version = 0 WHERE aggregate_key = '` + a + `' AND version = 1`, "counter 3, 3 versions archived, newest 3, 0 twice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			db := testkit.DB(t, nil)
			archive(t, db)
			if _, err := db.Exec(t.Context(), `SELECT event_partition(now() + interval '1 month')`); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec(t.Context(), tt.plant); err != nil {
				t.Fatal(err)
			}
			var want []string
			if tt.want != "" {
				want = []string{"V\tI2\t" + a + ": " + tt.want}
			}
			if d := cmp.Diff(want, append([]string(nil), facts(t, db, "V")...)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestFacts_EventsAppliedAndBuried(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, nil)
	archive(t, db)
	for _, sql := range []string{
		`UPDATE relay SET high = 5, gaps = '{2,4}' WHERE lane = 0`,
		`INSERT INTO applied VALUES ('nik-match', 'registry.registrant.person.x', 7, 3)`,
		`INSERT INTO dead_letter (consumer, event_id, stream, stream_seq, subject, aggregate_key, version, kind, code, parked, tries, redriven_at)
			VALUES ('nik-match', 'e1', 'REGISTRY', 1, 's', 'k', 4, 'invalid', 'c', false, 1, NULL), ('nik-match', 'e2', 'REGISTRY', 2, 's', 'k', 5, 'invalid', 'c', false, 1, now())`,
	} {
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, l := range facts(t, db, "E") {
		field := strings.Split(l, "\t")
		got = append(got, strings.Join(append([]string{field[2]}, field[3:]...), " "))
	}
	b := "nik-match.match.all.b"
	want := []string{a + " 1 1", b + " 1 0", a + " 2 1", b + " 2 0", a + " 3 1", b + " 3 0"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"A\tregistry.registrant.person.x\t7\t3"}, facts(t, db, "A")); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"D\te1\tk\t4"}, facts(t, db, "D")); d != "" {
		t.Error(d)
	}
}

// A service's own check is heard, and its failure is not taken for soundness.
func TestFacts_Extras(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t, nil)
	found := func(_ context.Context, _ *pgxpool.Pool, violated func(string, string)) error {
		violated("I6", "planted")
		return nil
	}
	if d := cmp.Diff([]string{"V\tI6\tplanted"}, facts(t, db, "V", found)); d != "" {
		t.Error(d)
	}
	broken := errors.New("broken")
	err := audit.Facts(t.Context(), db, &bytes.Buffer{}, func(context.Context, *pgxpool.Pool, func(string, string)) error { return broken })
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if err := pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `DROP TABLE applied`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := audit.Facts(t.Context(), db, &bytes.Buffer{}); err == nil {
		t.Error("a missing table goes unnoticed")
	}
}
