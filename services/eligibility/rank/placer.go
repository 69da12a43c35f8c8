package rank

import (
	"bytes"
	"math"
	"slices"
)

// Placer gives the deciles of many families of one regency: the cuts of its three areas in one rising list.
type Placer struct {
	scores  [32]int64 // of the cuts; beyond them the largest number
	ids     [][16]byte
	deciles [][Levels]uint8 // of a family that i cuts lie below
}

// Placer prepares a regency ("32.04").
func (t *Table) Placer(regency string) *Placer {
	p := &Placer{}
	var cuts Cuts
	ranked := [Levels]*Area{}
	for l := range Levels {
		if ranked[l] = t.areas[l.Code(regency)]; ranked[l] != nil {
			cuts = append(cuts, ranked[l].Deciles...)
		}
	}
	slices.SortFunc(cuts, Point.Compare)
	for i := range p.scores {
		p.scores[i] = math.MaxInt64
	}
	at := func(place func(*Area) int) (deciles [Levels]uint8) {
		for l, a := range ranked {
			if a != nil {
				deciles[l] = uint8(place(a))
			}
		}
		return deciles
	}
	for i, cut := range cuts {
		p.scores[i] = cut.Score
		p.ids = append(p.ids, cut.ID)
		p.deciles = append(p.deciles, at(func(a *Area) int { return a.Deciles.Group(cut) }))
	}
	p.deciles = append(p.deciles, at(func(*Area) int { return Deciles }))
	return p
}

// Deciles are those that Table.Place gives.
func (p *Placer) Deciles(score int64, id *[16]byte) [Levels]uint8 {
	at := 0
	for step := len(p.scores) / 2; step > 0; step /= 2 {
		if p.scores[at+step-1] < score {
			at += step
		}
	}
	for at < len(p.ids) && p.scores[at] == score && bytes.Compare(p.ids[at][:], id[:]) < 0 {
		at++
	}
	return p.deciles[at]
}
