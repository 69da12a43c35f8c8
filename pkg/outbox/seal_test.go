package outbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/outbox"
	"dtks/pkg/pg"
	"dtks/pkg/seal"
	"dtks/pkg/testkit"
)

var evidence = event.MatchEvidence{Finding: "sesuai"}

func sealed(person string) outbox.Draft {
	d := draft(person)
	d.Seal = map[event.Class]any{event.Identity: evidence}
	return d
}

// granted returns what an owner has granted so far: recipient and day.
func granted(t *testing.T, history func() []event.KeyGranted) (out []string) {
	t.Helper()
	for _, g := range history() {
		out = append(out, g.Recipient+" "+g.Day)
	}
	slices.Sort(out)
	return out
}

func TestSeal_OnlyGranteesOpenAndOnlyInPlace(t *testing.T) {
	t.Parallel()
	files, db := testkit.Keys(t), testkit.DB(t, nil)
	o := outbox.New("nik-match", db, files.Open(t, db, "nik-match"))
	recorded := add(t, db, o, sealed("a"))[0]
	history, err := o.History(t.Context(), subject("a"))
	if err != nil {
		t.Fatal(err)
	}
	var payload event.MatchDecided
	if err := json.Unmarshal(history[0].Data, &payload); err != nil {
		t.Fatal(err)
	}
	box := payload.Sealed[event.Identity]
	ad := seal.AD(recorded.ID, subject("a").String(), 1)

	var own event.MatchEvidence
	if err := o.Open(t.Context(), history[0], payload.Sealed, event.Identity, &own); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(evidence, own); d != "" {
		t.Error(d)
	}
	grants := grantsOf(t, o, "registry", "verification", "notify", "eligibility")
	for _, tt := range []struct {
		reader string
		opens  bool
	}{{"registry", true}, {"verification", true}, {"notify", false}, {"eligibility", false}} {
		readerDB := testkit.DB(t, nil)
		keys := files.Open(t, readerDB, tt.reader)
		if _, err := keys.Open(t.Context(), "nik-match", event.Identity, box, ad); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s before any grant: got %v, want unavailable", tt.reader, err)
		}
		store(t, keys, readerDB, grants)
		_, err := keys.Open(t.Context(), "nik-match", event.Identity, box, ad)
		if (err == nil) != tt.opens || !tt.opens && fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s: got %v, opens should be %t", tt.reader, err, tt.opens)
		}
		if !tt.opens {
			continue
		}
		moved := map[string][]byte{
			"subject": seal.AD(recorded.ID, subject("b").String(), 1),
			"version": seal.AD(recorded.ID, subject("a").String(), 2),
			"event":   seal.AD("0", subject("a").String(), 1),
		}
		for what, ad := range moved {
			if _, err := keys.Open(t.Context(), "nik-match", event.Identity, box, ad); fault.KindOf(err) != fault.Invalid {
				t.Errorf("moved to another %s: got %v, want invalid", what, err)
			}
		}
		if _, err := keys.Open(t.Context(), "nik-match", event.Survey, box, ad); err == nil {
			t.Error("opens as another class")
		}
	}
	// A grant that is meant for another does not open for whoever gets hold of it.
	thiefDB := testkit.DB(t, nil)
	thief := files.Open(t, thiefDB, "notify")
	stolen := slices.Clone(grants)
	for i := range stolen {
		stolen[i].Recipient = "notify"
	}
	store(t, thief, thiefDB, stolen)
	if _, err := thief.Open(t.Context(), "nik-match", event.Identity, box, ad); err == nil {
		t.Error("a stolen grant opens")
	}
}

// grantsOf reads from the archive what an owner granted to some services.
func grantsOf(t *testing.T, o *outbox.Outbox, recipients ...string) (out []event.KeyGranted) {
	t.Helper()
	for _, name := range recipients {
		for _, day := range days {
			history, err := o.History(t.Context(), event.Subject{
				Type: event.KeyGrantedType("nik-match"), Filter: name, Area: event.National, ID: "identity-" + day})
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range history {
				var g event.KeyGranted
				if err := json.Unmarshal(h.Data, &g); err != nil {
					t.Fatal(err)
				}
				out = append(out, g)
			}
		}
	}
	return out
}

// now is one time for all of a run, so that midnight does not fall into a test.
var now = time.Now().UTC()

// days are those the tests live in.
var days = []string{seal.Day(now.AddDate(0, 0, -1)), seal.Day(now), seal.Day(now.AddDate(0, 0, 1))}

func store(t *testing.T, keys *seal.Keys, db interface {
	Begin(context.Context) (pgx.Tx, error)
}, grants []event.KeyGranted) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) error { return keys.Store(t.Context(), tx, "nik-match", grants) })
	if err != nil {
		t.Fatal(err)
	}
}

// Each day has keys of its own, granted once however many replicas make them; a reader that joins later gets past days.
func TestSeal_DaysAndLateRecipient(t *testing.T) {
	t.Parallel()
	files, db := testkit.Keys(t), testkit.DB(t, nil)
	if _, err := db.Exec(t.Context(), `SELECT event_partition(now() + interval '1 day'), event_partition(now() - interval '1 day')`); err != nil {
		t.Fatal(err)
	}
	o := outbox.New("nik-match", db, files.Open(t, db, "nik-match"))
	replica := outbox.New("nik-match", db, files.Open(t, db, "nik-match"))
	boxes := map[string]event.Box{}
	for i, at := range []time.Time{now, now.AddDate(0, 0, 1)} {
		for _, each := range []*outbox.Outbox{o, replica} {
			each.At(at)
			person := fmt.Sprint("p", i)
			add(t, db, each, sealed(person))
			history, err := o.History(t.Context(), subject(person))
			if err != nil {
				t.Fatal(err)
			}
			var payload event.MatchDecided
			if err := json.Unmarshal(history[0].Data, &payload); err != nil {
				t.Fatal(err)
			}
			boxes[payload.Sealed[event.Identity].Day] = payload.Sealed[event.Identity]
		}
	}
	if len(boxes) != 2 {
		t.Fatalf("two days were sealed under the keys of %d", len(boxes))
	}
	want := []string{"registry " + days[1], "registry " + days[2], "verification " + days[1], "verification " + days[2]}
	all := func() []event.KeyGranted { return grantsOf(t, o, "registry", "verification", "notify") }
	if d := cmp.Diff(want, granted(t, all)); d != "" {
		t.Fatal(d)
	}
	if n := count(t, db, `SELECT count(DISTINCT wrapped) FROM seal_key`); n != 2 {
		t.Errorf("%d keys for two days", n)
	}

	// notify joins: at the owner's next start it gets what there is.
	var recipients seal.Recipients
	raw, err := os.ReadFile(files.Recipients)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &recipients); err != nil {
		t.Fatal(err)
	}
	readers := recipients.Grants["nik-match"]
	readers[event.Identity] = append(readers[event.Identity], "notify")
	if raw, err = json.Marshal(recipients); err != nil {
		t.Fatal(err)
	}
	more := filepath.Join(t.TempDir(), "recipients.json")
	if err := os.WriteFile(more, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	keys, err := seal.Open(t.Context(), db, "nik-match", files.Key("nik-match"), files.KEK("nik-match"), more)
	if err != nil {
		t.Fatal(err)
	}
	if err := outbox.New("nik-match", db, keys).EnsureKeys(t.Context(), days[2]); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(append([]string{"notify " + days[1], "notify " + days[2]}, want...), granted(t, all)); d != "" {
		t.Error(d)
	}
	lateDB := testkit.DB(t, nil)
	late := files.Open(t, lateDB, "notify")
	store(t, late, lateDB, grantsOf(t, o, "notify"))
	for i, day := range days[1:] {
		history, err := o.History(t.Context(), subject(fmt.Sprint("p", i)))
		if err != nil {
			t.Fatal(err)
		}
		ad := seal.AD(history[0].ID, history[0].Subject, history[0].Version)
		if _, err := late.Open(t.Context(), "nik-match", event.Identity, boxes[day], ad); err != nil {
			t.Errorf("the late reader cannot read %s: %v", day, err)
		}
	}
}

// A key that a transaction needed stays when that transaction is undone: others may have sealed with it.
func TestSeal_KeyOutlivesRollback(t *testing.T) {
	t.Parallel()
	files, db := testkit.Keys(t), testkit.DB(t, nil)
	o := outbox.New("nik-match", db, files.Open(t, db, "nik-match"))
	tx := begin(t, db)
	if _, err := o.Add(t.Context(), tx, sealed("a")); err != nil {
		t.Fatal(err)
	}
	add(t, db, o, sealed("b"))
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	reader := outbox.New("nik-match", db, files.Open(t, db, "nik-match")) // a replica that has nothing in memory
	history, err := reader.History(t.Context(), subject("b"))
	if err != nil {
		t.Fatal(err)
	}
	var payload event.MatchDecided
	if err := json.Unmarshal(history[0].Data, &payload); err != nil {
		t.Fatal(err)
	}
	var got event.MatchEvidence
	if err := reader.Open(t.Context(), history[0], payload.Sealed, event.Identity, &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(evidence, got); d != "" {
		t.Error(d)
	}
	wrong := testkit.Keys(t).Open(t, db, "nik-match") // another key encryption key
	if err := outbox.New("nik-match", db, wrong).Open(t.Context(), history[0], payload.Sealed, event.Identity, &got); err == nil {
		t.Error("a day key opens under a foreign key encryption key")
	}
	if err := pg.InTx(t.Context(), db, func(tx pgx.Tx) error {
		_, err := outbox.New("nik-match", db, wrong).Add(t.Context(), tx, sealed("c"))
		return err
	}); err == nil {
		t.Error("sealing goes on with a foreign key encryption key")
	}
}
