package event_test

import (
	"testing"

	"github.com/google/uuid"

	"dtks/pkg/event"
)

// A pair has one id whichever of its persons comes first, and no other pair has it.
func TestPairID(t *testing.T) {
	t.Parallel()
	a, b, c := uuid.New(), uuid.New(), uuid.New()
	id := event.PairID(a, b)
	if id != event.PairID(b, a) {
		t.Error("the order of the persons changes the pair's id")
	}
	if id == event.PairID(a, c) || id == event.PairID(b, c) || id == event.PairID(a, a) {
		t.Error("two pairs have one id")
	}
	if id.Version() != 8 || id.Variant() != uuid.RFC4122 {
		t.Errorf("got version %d variant %v, want a version 8 UUID", id.Version(), id.Variant())
	}
	fixed := event.PairID(uuid.MustParse("0198a2f0-0000-7000-8000-000000000001"), uuid.MustParse("0198a2f0-0000-7000-8000-000000000002"))
	if want := "19828209-01c5-88f2-b55d-46feb445267d"; fixed.String() != want {
		t.Errorf("got %s, want %s: pairs already published must keep their id", fixed, want)
	}
}
