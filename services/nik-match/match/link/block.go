package link

import (
	"cmp"
	"context"
	"math"
	"slices"

	"dtks/services/nik-match/match"
)

// Lost estimates which matches the keys miss, from records taken evenly and compared with others whatever their keys.
type Lost struct {
	Sampled  int     // records compared without keys
	Expected float64 // matches of theirs: the sum of the likelihoods of all their pairs
	Missed   float64 // those among pairs without a common key
}

// Share is the part of the matches that is lost, with the bounds of a 95 % interval (Wilson, on the expected counts).
func (l *Lost) Share() (share, low, high float64) {
	if l.Expected <= 0 {
		return 0, 0, 1
	}
	const z = 1.96
	n := l.Expected
	share = l.Missed / n
	mid, half := share+z*z/(2*n), z*math.Sqrt(share*(1-share)/n+z*z/(4*n*n))
	return share, (mid - half) / (1 + z*z/n), (mid + half) / (1 + z*z/n)
}

// Of how many records, against how many others, Lost is estimated.
const (
	sampledRecords = 400
	sampledOthers  = 200_000
)

// entry is one key of one record.
type entry struct {
	key    uint64
	record int32
}

// blocked compares the pairs that share a key, each once: at the smallest key that both have.
func (j *job) blocked(ctx context.Context, m *match.Model, floor match.Bits) ([]found, error) {
	k := &keeper{j: j, m: m, least: floor, keysA: keysOf(m, j.a)}
	k.keysB = k.keysA
	if j.two {
		k.keysB = keysOf(m, j.b)
	}
	a, b := entries(k.keysA), entries(k.keysB)
	from := 0 // of the second file's entries
	for i := 0; i < len(a); {
		end := lastOf(a, i)
		if i%(1<<12) < end-i {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			j.o.Progress(int64(i), int64(len(a)))
		}
		if j.two {
			for from < len(b) && b[from].key < a[i].key {
				from++
			}
			if from < len(b) && b[from].key == a[i].key {
				k.cross(a[i:end], b[from:lastOf(b, from)])
			}
		} else {
			k.within(a[i:end])
		}
		i = end
	}
	j.compared = k.compared
	var err error
	j.lost, err = j.estimateLost(ctx, m)
	return k.found(), err
}

// lastOf is the end of the entries that share the key of entry i.
func lastOf(e []entry, i int) int {
	end := i + 1
	for end < len(e) && e[end].key == e[i].key {
		end++
	}
	return end
}

func keysOf(m *match.Model, records []match.Record) [][]uint64 {
	out := make([][]uint64, len(records))
	for i := range records {
		out[i] = m.Keys(&records[i])
	}
	return out
}

// entries lists the keys of all records in order.
func entries(keys [][]uint64) []entry {
	var out []entry
	for i, of := range keys {
		for _, key := range of {
			out = append(out, entry{key, int32(i)})
		}
	}
	slices.SortFunc(out, func(x, y entry) int { return cmp.Or(cmp.Compare(x.key, y.key), cmp.Compare(x.record, y.record)) })
	return out
}

// keeper weighs pairs and holds the likeliest, at most twice most of them at a time.
type keeper struct {
	j            *job
	m            *match.Model
	keysA, keysB [][]uint64
	least        match.Bits
	all          []weighed
	compared     int64
}

type weighed struct {
	found
	bits match.Bits
}

func (k *keeper) within(e []entry) {
	for x := range e {
		for y := x + 1; y < len(e); y++ {
			k.add(e[x].record, e[y].record, e[x].key)
		}
	}
}

func (k *keeper) cross(a, b []entry) {
	for x := range a {
		for y := range b {
			k.add(a[x].record, b[y].record, a[x].key)
		}
	}
}

func (k *keeper) add(a, b int32, key uint64) {
	if firstCommon(k.keysA[a], k.keysB[b]) != key {
		return // compared at another key
	}
	k.compared++
	bits := k.m.Total(&k.j.a[a], k.j.second(b))
	if bits < k.least {
		return
	}
	k.all = append(k.all, weighed{found{a, b}, bits})
	if len(k.all) >= 2*most {
		slices.SortFunc(k.all, func(x, y weighed) int { return cmp.Compare(y.bits, x.bits) })
		k.least = k.all[most].bits + 1
		k.all = k.all[:most]
	}
}

func (k *keeper) found() []found {
	out := make([]found, len(k.all))
	for i, w := range k.all {
		out[i] = w.found
	}
	return out
}

// firstCommon is the smallest key in two sorted lists; 0 = none.
func firstCommon(a, b []uint64) uint64 {
	for i, k := 0, 0; i < len(a) && k < len(b); {
		switch {
		case a[i] == b[k]:
			return a[i]
		case a[i] < b[k]:
			i++
		default:
			k++
		}
	}
	return 0
}

// evenly takes about n of the indices 0..size-1, at equal distances.
func evenly(size, n int) []int32 {
	n = min(n, size)
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i * size / n)
	}
	return out
}

// together is how many of the others are compared at a time: what a scan prepares grows with the square of the words.
const together = 5_000

// estimateLost compares a sample with the others as if there were no keys, and sees which of the likely pairs have one.
func (j *job) estimateLost(ctx context.Context, m *match.Model) (*Lost, error) {
	others := j.a
	if j.two {
		others = j.b
	}
	rows, columns := evenly(len(j.a), sampledRecords), evenly(len(others), sampledOthers)
	sub := &job{two: true, model: m, o: j.o}
	sub.o.Progress = func(int64, int64) {} // it is no part of the file's
	for _, i := range rows {
		sub.a = append(sub.a, j.a[i])
	}
	l := &Lost{Sampled: len(rows)}
	for some := range slices.Chunk(columns, together) {
		sub.b = sub.b[:0]
		for _, i := range some {
			sub.b = append(sub.b, others[i])
		}
		likely, err := sub.scan(ctx, m, m.Odds(0.01))
		if err != nil {
			return nil, err
		}
		for _, f := range likely {
			if !j.two && rows[f.a] == some[f.b] {
				continue // itself
			}
			l.count(m, &sub.a[f.a], &sub.b[f.b])
		}
	}
	return l, nil
}

func (l *Lost) count(m *match.Model, a, b *match.Record) {
	p := m.Likelihood(m.Total(a, b))
	l.Expected += p
	if firstCommon(m.Keys(a), m.Keys(b)) == 0 {
		l.Missed += p
	}
}
