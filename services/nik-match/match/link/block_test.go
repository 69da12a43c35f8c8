package link_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dtks/services/nik-match/match"
	"dtks/services/nik-match/match/link"
)

func sharesKey(m *match.Model, a, b *match.Record) bool {
	of := m.Keys(a)
	return slices.ContainsFunc(m.Keys(b), func(k uint64) bool { return slices.Contains(of, k) })
}

// Above the limit, the pairs are those of one common key at least, and each is looked at once.
func TestBlocked_PairsAreThoseThatShareAKey(t *testing.T) {
	t.Parallel()
	each(t, 120, func(t *testing.T, m *match.Model, file func(uint64, int) []match.Record) {
		records := file(3, 120)
		const floor = 1e-3
		o := link.Options{AllPairsUpTo: 1, Floor: floor}
		r, err := link.Dedupe(t.Context(), records, m, o)
		if err != nil {
			t.Fatal(err)
		}
		want := sharing(m, bruteDedupe(m, records, floor), func(p link.Pair) (a, b *match.Record) { return &records[p.A], &records[p.B] })
		if diff := cmp.Diff(want, r.Pairs); diff != "" {
			t.Errorf("one file: pairs (-with a common key +found):\n%s", diff)
		}
		compared := int64(0)
		for i := range records {
			for k := range i {
				if sharesKey(m, &records[i], &records[k]) {
					compared++
				}
			}
		}
		if r.Compared != compared {
			t.Errorf("got %d pairs compared, want %d", r.Compared, compared)
		}
		a, b := records[:70], records[70:]
		r, err = link.Link(t.Context(), a, b, m, o)
		if err != nil {
			t.Fatal(err)
		}
		want = sharing(m, bruteLink(m, a, b, floor), func(p link.Pair) (x, y *match.Record) { return &a[p.A], &b[p.B] })
		if diff := cmp.Diff(want, r.Pairs); diff != "" {
			t.Errorf("two files: pairs (-with a common key +found):\n%s", diff)
		}
	})
}

// sharing keeps the pairs with a common key.
func sharing(m *match.Model, pairs []link.Pair, of func(link.Pair) (a, b *match.Record)) (kept []link.Pair) {
	for _, p := range pairs {
		if a, b := of(p); sharesKey(m, a, b) {
			kept = append(kept, p)
		}
	}
	return kept
}

// What is said to be lost is what comparing all pairs finds besides.
func TestBlocked_LostIsWhatAllPairsFindBesides(t *testing.T) {
	t.Parallel()
	each(t, 120, func(t *testing.T, m *match.Model, file func(uint64, int) []match.Record) {
		for seed := range uint64(3) {
			records := file(20+seed, 120)
			blocked, err := link.Dedupe(t.Context(), records, m, link.Options{AllPairsUpTo: 1})
			if err != nil {
				t.Fatal(err)
			}
			var all, missed float64
			for _, p := range bruteDedupe(m, records, 0.01) {
				all += p.Likelihood
				if !sharesKey(m, &records[p.A], &records[p.B]) {
					missed += p.Likelihood
				}
			}
			share, low, high := blocked.Lost.Share()
			if truth := missed / all; truth < share-0.02 || truth > share+0.02 || truth < low || truth > high {
				t.Errorf("seed %d: got a share of %.3f lost (%.3f to %.3f), want %.3f", seed, share, low, high, truth)
			}
		}
	})
}

// Who waits sees that it goes on, and can stop it.
func TestProgressAndCancel(t *testing.T) {
	t.Parallel()
	m := match.Standard().Sized(2500)
	g := newGenerator(9)
	records := g.file(m, 2500, g.registrant)
	half := len(records) / 2
	for _, limit := range []int{0, 1} {
		runs := map[string]func(context.Context, link.Options) error{
			"one file": func(ctx context.Context, o link.Options) error { _, err := link.Dedupe(ctx, records, m, o); return err },
			"two files": func(ctx context.Context, o link.Options) error {
				_, err := link.Link(ctx, records[:half], records[half:], m, o)
				return err
			},
		}
		for name, run := range runs {
			ctx, cancel := context.WithCancel(t.Context())
			var stopped time.Time
			err := run(ctx, link.Options{AllPairsUpTo: limit, Progress: func(done, total int64) {
				if done < 0 || done > total {
					t.Errorf("%s, limit %d: got progress %d of %d", name, limit, done, total)
				}
				if stopped.IsZero() {
					stopped = time.Now()
					cancel()
				}
			}})
			switch {
			case stopped.IsZero():
				t.Errorf("%s, limit %d: no progress was told", name, limit)
			case !errors.Is(err, context.Canceled):
				t.Errorf("%s, limit %d: got error %v, want that it was stopped", name, limit, err)
			case time.Since(stopped) > 2*time.Second:
				t.Errorf("%s, limit %d: stopped after %v", name, limit, time.Since(stopped))
			}
			cancel()
		}
	}
}
