package rules

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"dtks/services/eligibility/fact"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// paying writes a set with components that many members have two or three of.
func paying(amounts, limits [4]int, most int) string {
	exprs := []string{"person.disabled", "person.aged(0, 6)", "person.sex == 'P'", "person.pregnant"}
	var components []string
	for i, expr := range exprs {
		components = append(components, fmt.Sprintf(`{"code": "c%d", "text": {"id": "a", "en": "a"}, "expr": %q, "amount": %d, "limit": %d, "source": "a"}`,
			i, expr, amounts[i], limits[i]))
	}
	return setFile("a-1", "a", byFamily, clauses(clause("active", "active", `"gate": true`)), fmt.Sprintf(`"max_components": %d`, most),
		`"components": [`+strings.Join(components, ", ")+`]`, idle)
}

// drawPaid makes a small family; each member has components by chance.
func drawPaid(r *rand.Rand) *Facts {
	f := newFacts()
	f.Family.Members = nil
	for range r.IntN(7) {
		m := fact.Member{Relation: 3, Sex: []byte("LP")[r.IntN(2)], Born: 19900101, Disabled: r.IntN(2) == 0, Pregnant: r.IntN(3) == 0}
		if r.IntN(2) == 0 {
			m.Born = 20240101
		}
		if r.IntN(8) == 0 {
			m.Born = 0
		}
		for i := range m.Person {
			m.Person[i] = byte(r.UintN(256))
		}
		f.Family.Members = append(f.Family.Members, m)
	}
	return f
}

// best is the highest amount, by trying for each member each component that it has, and none.
func best(s *Set, f *Facts, member, places int, paid []int) int64 {
	if member == len(f.Family.Members) || places == 0 {
		return 0
	}
	most := best(s, f, member+1, places, paid)
	m := &f.Family.Members[member]
	for c, has := range []bool{m.Disabled, m.Born == 20240101, m.Sex == 'P', m.Pregnant} {
		if has && paid[c] < s.Components[c].Limit {
			paid[c]++
			most = max(most, s.Components[c].Amount+best(s, f, member+1, places-1, paid))
			paid[c]--
		}
	}
	return most
}

// TestPay_BestWhateverTheOrder compares with every way of paying, and pays again with the members in another order.
func TestPay_BestWhateverTheOrder(t *testing.T) {
	t.Parallel()
	moved := 0
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 11))
		var amounts, limits [4]int
		for i := range amounts {
			amounts[i], limits[i] = 1+r.IntN(5), 1+r.IntN(3)
		}
		sets := load(t, paying(amounts, limits, 1+r.IntN(5)))
		s, e := sets.ByID("a-1"), evaluator(t, sets)
		for range 20 {
			f := drawPaid(r)
			got := summarise(&e.Evaluate(f)[0])
			checkPaid(t, s, f, &got)
			if want := best(s, f, 0, s.MaxComponents, make([]int, 4)); got.Amount != want {
				t.Fatalf("seed %d: %d is paid, %d is possible, by %v to %+v", seed, got.Amount, want, got.Paid, f.Family.Members)
			}
			want := paidTo(f, got.Paid)
			before := slices.Clone(f.Family.Members)
			r.Shuffle(len(f.Family.Members), func(i, j int) {
				f.Family.Members[i], f.Family.Members[j] = f.Family.Members[j], f.Family.Members[i]
			})
			if !slices.Equal(before, f.Family.Members) && len(got.Paid) > 0 {
				moved++
			}
			again := summarise(&e.Evaluate(f)[0])
			if diff := cmp.Diff(want, paidTo(f, again.Paid)); diff != "" || again.Amount != got.Amount {
				t.Fatalf("seed %d: in another order %d, not %d, is paid:\n%s", seed, again.Amount, got.Amount, diff)
			}
		}
	}
	if moved < 1000 {
		t.Errorf("only %d families were paid in two orders", moved)
	}
}

// checkPaid holds what is paid against the limits.
func checkPaid(t *testing.T, s *Set, f *Facts, got *summary) {
	t.Helper()
	var amount int64
	byMember, byComponent := map[int]int{}, map[int]int{}
	for _, p := range got.Paid {
		amount += s.Components[p.Component].Amount
		byMember[p.Member]++
		byComponent[p.Component]++
		m := &f.Family.Members[p.Member]
		if has := []bool{m.Disabled, m.Born == 20240101, m.Sex == 'P', m.Pregnant}; !has[p.Component] || byMember[p.Member] > 1 ||
			byComponent[p.Component] > s.Components[p.Component].Limit {
			t.Fatalf("%v is paid to %+v", got.Paid, f.Family.Members)
		}
	}
	if amount != got.Amount || len(got.Paid) > s.MaxComponents {
		t.Fatalf("%v is paid, said to be %d", got.Paid, got.Amount)
	}
}

// paidTo tells by person what is paid.
func paidTo(f *Facts, paid []Paid) map[uuid.UUID]int {
	out := map[uuid.UUID]int{}
	for _, p := range paid {
		out[f.Family.Members[p.Member].Person] = p.Component
	}
	return out
}

// TestPay_PKH pays for three small children of whom two are severely disabled, in every order.
func TestPay_PKH(t *testing.T) {
	t.Parallel()
	e, err := shipped(t).Evaluator([]string{"pkh"})
	if err != nil {
		t.Fatal(err)
	}
	mobil, _ := fact.Index("mobil")
	for healthy := range 3 {
		f := newFacts(func(f *Facts) {
			f.Family.Answers[mobil] = 2
			f.Family.Members = f.Family.Members[:1]
			for i := range 3 {
				f.Family.Members = append(f.Family.Members, fact.Member{Relation: 3, Born: 20230101, School: 1, Disabled: i != healthy})
			}
		})
		results := e.Evaluate(f)
		if got := &results[len(results)-1]; got.Amount != 8_400_000 || len(got.Paid) != 3 {
			t.Errorf("child %d is not disabled: %d is paid by %v, want 8400000", healthy+1, got.Amount, got.Paid)
		}
	}
}

// TestPay_DoesNotAllocate chooses again and again in memory used before. It counts for the whole program, so that it
// runs beside no other test.
func TestPay_DoesNotAllocate(t *testing.T) {
	e := evaluator(t, load(t, paying([4]int{4, 3, 2, 1}, [4]int{2, 2, 2, 2}, 4)))
	f := newFacts(func(f *Facts) {
		for i := range f.Family.Members {
			f.Family.Members[i].Disabled, f.Family.Members[i].Sex = true, 'P'
		}
	})
	paid := slices.Clone(e.Evaluate(f)[0].Paid)
	if got := testing.AllocsPerRun(100, func() { paid, _ = e.pay.choose(paid[:0]) }); len(paid) != 4 || got != 0 {
		t.Errorf("%v allocations to choose %v", got, paid)
	}
}
