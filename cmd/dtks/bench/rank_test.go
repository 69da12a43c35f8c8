package bench

import (
	"context"
	"errors"
	"testing"

	"dtks/pkg/testkit"
)

// TestRank_Small runs the whole benchmark on few families: its own comparisons with SQL make it fail, not its figures.
func TestRank_Small(t *testing.T) {
	t.Parallel()
	o := RankOptions{Families: 6000, InMemory: 5000, Rounds: 2, Dir: t.TempDir(), Say: t.Logf}
	res, err := measureRank(t.Context(), o, testkit.DatabaseURL(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	if changed := res.Beside["changed_families"]; changed < 300 || changed > 3000 {
		t.Errorf("%v of %d families changed when one in twenty was made poorer", changed, res.N)
	}
	if res.Ratio <= 0 || res.Beside["peak_mib_of_6000"] <= 0 {
		t.Errorf("figures are missing: %+v", res)
	}
}

func TestRank_Interrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	o := RankOptions{Families: 6000, InMemory: 10, Rounds: 1, Dir: t.TempDir(), Say: func(string, ...any) { cancel() }}
	if _, err := measureRank(ctx, o, testkit.DatabaseURL(t, nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the interruption", err)
	}
}
