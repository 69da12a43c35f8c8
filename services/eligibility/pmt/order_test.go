package pmt

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dtks/pkg/regsosek"
	"dtks/services/eligibility/fact"
)

// order says which answers to an item are worse than which, from the best to the worst. It is stated here, apart from any
// model: answers that nobody can call better or worse stand in no chain.
type order struct {
	variable string
	chains   [][]int
	why      string
}

var orders = slices.Concat([]order{
	{VarHeadLevel, [][]int{{19, 18, 13, 8, 3, 0}}, "more schooling earns more; kinds of school within a stage have no order"},
	{regsosek.LuasLantai, [][]int{{999, 200, 150, 100, 60, 36, 20, 8, 1}}, "more room costs more"},
	{regsosek.Lantai, [][]int{{1, 2, 4, 6, 7, 8}}, "marble, tiles, terrazzo, cement, bamboo, soil fall in price; parquet and wood differ too much by region"},
	{regsosek.Dinding, [][]int{{1, 2, 4}, {1, 3}, {1, 6}}, "brick costs more than anything; plastered bamboo more than plaited bamboo"},
	{regsosek.Atap, [][]int{{1, 2, 6, 7}, {2, 3}, {2, 4}}, "concrete, tiles, bamboo, thatch fall in price; zinc and asbestos cost less than tiles"},
	{regsosek.AirMinum, [][]int{{1, 2}, {3, 5}, {4, 5, 6, 9}, {5, 7, 8, 9}},
		"bottled water costs more than refilled; then pipe or pump, protected, unprotected, surface water"},
	{regsosek.Penerangan, [][]int{{1, 2, 3, 4}}, "a meter of one's own, a shared line, other electricity, none"},
	{regsosek.Daya, [][]int{{5, 4, 3, 2, 1}}, "connections are priced by power"},
	{regsosek.BahanBakar, [][]int{{3, 4, 10}, {2, 4, 7, 10}, {1, 4}}, "full price, subsidised gas, kerosene, wood that is gathered"},
	{regsosek.Jamban, [][]int{{1, 2, 3, 4, 6}, {1, 5, 6}}, "own, shared, communal, public, none; one that is not used is more than none"},
	{regsosek.Kloset, [][]int{{1, 2, 3, 4}}, "goose-neck, slope with lid, without lid, pit"},
	{regsosek.Limbah, [][]int{{2, 1, 4, 5}, {1, 3}}, "treatment plant, septic tank, pit, open ground; a tank costs more than a river"},
	{regsosek.Sapi, [][]int{{9999, 10, 4, 2, 1, 0}}, "cattle are wealth"},
}, has(regsosek.TabungGas, regsosek.Kulkas, regsosek.AC, regsosek.TV, regsosek.Emas, regsosek.Laptop, regsosek.Motor, regsosek.Mobil,
	regsosek.Smartphone, regsosek.Lahan, regsosek.RumahLain, regsosek.Internet, regsosek.Rekening, regsosek.Usaha))

// has orders items of which to have one is never worse than to have none.
func has(items ...string) []order {
	out := make([]order, len(items))
	for i, item := range items {
		out[i] = order{item, [][]int{{regsosek.Yes, regsosek.No}}, "who has one has more"}
	}
	return out
}

// unordered are the variables of the illustrative model whose answers are not better or worse by themselves.
var unordered = []string{
	VarSize,                 // spending per person falls with size, but a larger family is not worse off by itself
	VarHeadWork,             // own business may mean a stall or a factory
	regsosek.StatusBangunan, // who rents may be richer than who owns
}

// answer gives a family another answer.
func answer(f *fact.Family, variable string, number int) bool {
	if i, ok := fact.Index(variable); ok {
		f.Answers[i] = int16(number)
		return true
	}
	head := f.Head()
	if variable != VarHeadLevel || head == nil {
		return false
	}
	if head.School, head.Level = regsosek.LeftSchool, uint8(number); number == 0 {
		head.School = regsosek.NeverSchool
	}
	return true
}

// TestIllustrative_WorseNeverHigher: a family that has a worse answer to one ordered question, and is the same in all else,
// never has the higher score by the illustrative model.
func TestIllustrative_WorseNeverHigher(t *testing.T) {
	t.Parallel()
	m, r, fell := shipped(t), rand.New(rand.NewPCG(3, 4)), map[string]bool{}
	for range 300 {
		f := randomFamily(r)
		for _, o := range orders {
			for _, chain := range o.chains {
				better := r.IntN(len(chain) - 1)
				worse := better + 1 + r.IntN(len(chain)-better-1)
				if !answer(f, o.variable, chain[better]) {
					continue
				}
				before, scored := m.Score(f, village, day)
				answer(f, o.variable, chain[worse])
				after, _ := m.Score(f, village, day)
				if scored && after > before {
					t.Fatalf("%s from %d to %d (%s): score went up from %d to %d", o.variable, chain[better], chain[worse], o.why, before, after)
				}
				fell[o.variable] = fell[o.variable] || scored && after < before
			}
		}
	}
	for _, v := range m.Variables {
		if fell[v.Name] == slices.Contains(unordered, v.Name) {
			t.Errorf("%s: a worse answer lowered a score: %v; either its answers have an order or they have none", v.Name, fell[v.Name])
		}
	}
}

// TestIllustrative_NotAskedNeverHigher: who loses the meter is no longer asked for its power, who loses the toilet not for
// its closet; what stands for the missing answer does not make up for the loss.
func TestIllustrative_NotAskedNeverHigher(t *testing.T) {
	t.Parallel()
	m := shipped(t)
	for _, tt := range []struct {
		item        string
		asked, lost []int // answers with which the next question is asked, and those without
		next        string
		first, last int // its answers
	}{
		{regsosek.Penerangan, []int{1}, []int{2, 3, 4}, regsosek.Daya, 1, 5},
		{regsosek.Jamban, []int{1, 2, 3, 4}, []int{6}, regsosek.Kloset, 1, 4},
	} {
		for _, from := range tt.asked {
			for _, to := range tt.lost {
				for code := tt.first; code <= tt.last; code++ {
					f := newFamily(poor)
					answer(f, tt.item, from)
					answer(f, tt.next, code)
					before, _ := m.Score(f, village, day)
					answer(f, tt.item, to)
					answer(f, tt.next, int(fact.Absent))
					if after, ok := m.Score(f, village, day); !ok || after > before {
						t.Errorf("%s from %d with %s %d to %d: score went up from %d to %d", tt.item, from, tt.next, code, to, before, after)
					}
				}
			}
		}
	}
}

// TestSynthetic_NotMonotone: the model that was fitted is not forced to keep the order. docs/pmt.md names where it does not.
func TestSynthetic_NotMonotone(t *testing.T) {
	t.Parallel()
	models, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	m := models["sintetis-nasional-1"]
	value := func(f *fact.Family, name string) int64 {
		for _, c := range m.Explain(f, village, day) {
			if c.Variable == name && !c.Missing {
				return c.Value
			}
		}
		return 0
	}
	var got []string
	for _, o := range orders {
		if !slices.ContainsFunc(m.Variables, func(v Variable) bool { return v.Name == o.variable }) {
			continue
		}
		for _, chain := range o.chains {
			for i := 1; i < len(chain); i++ {
				f := newFamily(nil)
				answer(f, o.variable, chain[i-1])
				better := value(f, o.variable)
				answer(f, o.variable, chain[i])
				if rise := value(f, o.variable) - better; rise > 0 {
					got = append(got, fmt.Sprintf("%s %d to %d: +%d", o.variable, chain[i-1], chain[i], rise))
				}
			}
		}
	}
	slices.Sort(got)
	want := []string{
		"air_minum 8 to 9: +601",         // surface water above an unprotected spring
		"bahan_bakar 7 to 10: +436",      // wood above kerosene
		"jamban 3 to 4: +242",            // a public toilet above a communal one
		"kloset 2 to 3: +155",            // without lid above with lid
		"limbah 4 to 5: +96",             // open ground above a pit
		"pendidikan_kepala 13 to 8: +90", // lower above upper secondary school
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
