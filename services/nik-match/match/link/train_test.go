package link

import (
	"math"
	"testing"

	"dtks/services/nik-match/match"
)

func TestCalibrate_FindsTheCurve(t *testing.T) {
	t.Parallel()
	var bits []match.Bits
	var same []bool
	// One bit for it: 3 in 4 are one person, one bit against: 1 in 4. The slope is ln 3 over ln 2, the intercept 0.
	for range 250 {
		for i := range 4 {
			bits, same = append(bits, match.Bit, -match.Bit), append(same, i != 0, i == 0)
		}
	}
	got := Calibrate(bits, same)
	if want := math.Log(3) / math.Ln2; math.Abs(got.Slope-want) > 1e-4 || math.Abs(got.Intercept) > 1e-4 {
		t.Errorf("got %+v, want slope %v and intercept 0", got, want)
	}
}
