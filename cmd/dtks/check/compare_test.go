package check

import (
	"fmt"
	"strings"
	"testing"

	"dtks/pkg/event"
)

// sound is a small system in which everything holds: three versions of one family, read by eligibility.
func sound() (map[string][]Logged, map[string]Facts) {
	var log []Logged
	events := map[string]Archived{}
	key := "registry.registrant.family.f1"
	for v := int64(1); v <= 3; v++ {
		id := fmt.Sprintf("e%d", v)
		log = append(log, Logged{ID: id, Type: event.TypeRegistrantUpdated, Filter: "family", Key: key, Version: v, Seq: uint64(v)})
		events[id] = Archived{key, v, true}
	}
	return map[string][]Logged{"registry": log}, map[string]Facts{
		"registry":    {Events: events},
		"eligibility": {Applied: map[string]Applied{key: {Version: 3, Effects: 2}}},
	}
}

// TestCompare plants each kind of damage and wants it named; the undamaged system must pass.
func TestCompare(t *testing.T) {
	t.Parallel()
	key := "registry.registrant.family.f1"
	tests := []struct {
		name  string
		plant func(streams map[string][]Logged, services map[string]Facts)
		want  string // invariant, "" = none
	}{
		{"OK", func(map[string][]Logged, map[string]Facts) {}, ""},
		{"ErrLostFromStream", func(s map[string][]Logged, _ map[string]Facts) { s["registry"] = s["registry"][:2] }, "I3"},
		{"ErrLostFromTable", func(_ map[string][]Logged, f map[string]Facts) { delete(f["registry"].Events, "e2") }, "I3"},
		{"OK/YoungerThanTheFacts", func(s map[string][]Logged, _ map[string]Facts) {
			s["registry"] = append(s["registry"], Logged{"e4", event.TypeRegistrantUpdated, "family", key, 4, 4})
		}, ""},
		{"OK/NotPublishedYet", func(_ map[string][]Logged, f map[string]Facts) {
			f["registry"].Events["e4"] = Archived{key, 4, false}
		}, ""},
		{"ErrStoredTwice", func(s map[string][]Logged, _ map[string]Facts) {
			s["registry"] = append(s["registry"], s["registry"][2])
		}, "I3"},
		{"ErrVersionGap", func(s map[string][]Logged, f map[string]Facts) {
			s["registry"] = []Logged{s["registry"][0], s["registry"][2]}
			delete(f["registry"].Events, "e2")
		}, "I2"},
		{"ErrReordered", func(s map[string][]Logged, _ map[string]Facts) {
			s["registry"][1], s["registry"][2] = s["registry"][2], s["registry"][1]
		}, "I2"},
		{"ErrLostInConsumer", func(_ map[string][]Logged, f map[string]Facts) { delete(f["eligibility"].Applied, key) }, "I9"},
		{"ErrStale", func(_ map[string][]Logged, f map[string]Facts) { f["eligibility"].Applied[key] = Applied{2, 2} }, "I5"},
		{"ErrFromNowhere", func(_ map[string][]Logged, f map[string]Facts) { f["eligibility"].Applied[key] = Applied{9, 2} }, "I5"},
		{"ErrDoubleEffect", func(_ map[string][]Logged, f map[string]Facts) { f["eligibility"].Applied[key] = Applied{3, 4} }, "I4"},
		{"OK/Buried", func(_ map[string][]Logged, f map[string]Facts) {
			e := f["eligibility"]
			e.Applied[key] = Applied{2, 2}
			e.Buried = map[string]int64{key: 3}
			f["eligibility"] = e
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			streams, services := sound()
			tt.plant(streams, services)
			var got []string
			for _, v := range Compare(System{map[string]uint64{"registry": 3}, services, streams}) {
				got = append(got, v.Invariant)
			}
			if tt.want == "" && len(got) > 0 || tt.want != "" && !strings.Contains(strings.Join(got, " "), tt.want) {
				t.Errorf("got %v, want %q", got, tt.want)
			}
		})
	}
}
