package match

import (
	"testing"

	"pgregory.net/rapid"
)

// fullEdits is optimal string alignment by the whole table.
func fullEdits(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range len(b) + 1 {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := d[i-1][j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

func TestEditsAreThoseOfTheWholeTable(t *testing.T) {
	t.Parallel()
	word := rapid.StringOfN(rapid.RuneFrom([]rune("ABC")), 0, 12, -1)
	rapid.Check(t, func(t *rapid.T) {
		a, b, most := word.Draw(t, "a"), word.Draw(t, "b"), rapid.IntRange(1, 5).Draw(t, "most")
		want := min(fullEdits(a, b), most+1)
		if got := edits(a, b, most); got != want {
			t.Fatalf("edits(%q, %q, %d) = %d, want %d", a, b, most, got, want)
		}
		if got := edits(b, a, most); got != want {
			t.Fatalf("edits(%q, %q, %d) = %d, want %d", b, a, most, got, want)
		}
		if bound := apart(letters(a), letters(b)); bound > fullEdits(a, b) {
			t.Fatalf("%q and %q: the letters say at least %d", a, b, bound)
		}
	})
}

// best tries every pairing.
func (g *grid) best(i int, takenA, takenB uint, sum worth) worth {
	if i == g.n {
		return sum + worth(g.commonOmitted(takenA, takenB))*g.spared
	}
	most := g.best(i+1, takenA, takenB, sum)
	for j := range g.m {
		if g.gain[i][j] != 0 && takenB&(1<<j) == 0 {
			most = max(most, g.best(i+1, takenA|1<<i, takenB|1<<j, sum+g.gain[i][j]))
		}
	}
	return most
}

func (g *grid) value(t *rapid.T, a alignment) worth {
	var takenA, takenB uint
	var sum worth
	for i, j := range a.to {
		if j < 0 {
			continue
		}
		if i >= g.n || int(j) >= g.m || takenB&(1<<j) != 0 || g.gain[i][j] == 0 {
			t.Fatalf("no pairing: %v", a.to)
		}
		takenA, takenB, sum = takenA|1<<i, takenB|1<<j, sum+g.gain[i][j]
	}
	return sum + worth(g.commonOmitted(takenA, takenB))*g.spared
}

func TestAlignIsTheBestPairing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := grid{n: rapid.IntRange(0, 6).Draw(t, "n"), m: rapid.IntRange(0, 6).Draw(t, "m"), spared: worth(rapid.IntRange(-6, 6).Draw(t, "spared"))}
		g.commonA = uint(rapid.IntRange(0, 1<<g.n-1).Draw(t, "common a"))
		g.commonB = uint(rapid.IntRange(0, 1<<g.m-1).Draw(t, "common b"))
		for i := range g.n {
			for j := range g.m {
				if w := rapid.IntRange(-4, 9).Draw(t, "gain"); w > 0 {
					g.gain[i][j] = worth(w)
					g.agreements++
				}
			}
		}
		a := g.align()
		if want := g.best(0, 0, 0, 0); a.total != want || g.value(t, a) != want {
			t.Fatalf("%+v: pairing %v says %d and is worth %d, best %d", g, a.to, a.total, g.value(t, a), want)
		}
		var none alignment
		for i := range none.to {
			none.to[i] = -1
		}
		if many := g.alignMany(none); many.total != a.total || g.value(t, many) != a.total {
			t.Fatalf("%+v: by sets %v says %d and is worth %d, best %d", g, many.to, many.total, g.value(t, many), a.total)
		}
	})
}
