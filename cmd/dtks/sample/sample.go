// Package sample invents a population: families with members, survey answers, the mistakes villages make when they
// write people down, and the civil registry that knows better.
//
// It is deterministic: family i of a seed is always the same, whatever else is made with it. Nobody in it exists.
// Every NIK and KK has a serial of 8000-9999 and every address begins with JL. CONTOH; docs/sample.md tells the rest.
package sample

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"dtks/pkg/regsosek"
)

// Options choose a population. The zero value is an empty one.
type Options struct {
	Seed     uint64
	Families int
	Start    int      // index of the first family: slices with different starts never share a family
	Areas    []string // regencies, districts or villages by Kemendagri code; empty = DefaultAreas
	Single   bool     // every family is one adult
	Clean    bool     // no mistakes: everything agrees with the civil registry
	Source   string   // empty = DefaultSource
}

// DefaultSource is the source named in families.csv.
const DefaultSource = "contoh"

// DefaultAreas are seven regencies from one end of the archipelago to the other. NIKs of 91.03 exceed 2^53.
var DefaultAreas = []string{"32.04", "33.74", "91.03", "12.71", "51.71", "53.71", "73.71"}

// reference is the day on which everybody has the age they were drawn with.
var reference = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Family is one family as a village enters it, together with the truth.
type Family struct {
	Index    int
	Source   string
	SourceID string
	Area     string // village
	KK       string // as entered
	KKFault  Fault
	CivilKK  string // as the civil registry has it
	Address  string
	RT, RW   int
	Welfare  float64 // latent, mean about 0, deviation about 1; nobody can observe it
	Answers  []Answer
	Members  []Member
}

// Answer is a coded answer to an item of the instrument.
type Answer struct {
	Item string
	Code int
}

// Identity is what civil registries compare.
type Identity struct {
	NIK, Name, BirthPlace, BirthDate, Sex, Mother string
}

// Member is one person: as entered, and as the civil registry has them.
type Member struct {
	ID      string
	Entered Identity
	Civil   Identity
	Status  Status
	Fault   Fault

	Relation, Marital, School, SchoolLevel, Work int
	Presence, Orphan                             int
	Cover                                        *int // nil = not asked

	Pregnant   bool
	Disability [9]int // by regsosek.Functions; 0 = not asked
	Chronic    []int
	PPKS       []int

	given string // first part of the name, which nicknames are made of
	age   int
	born  time.Time
}

// Status is a civil record's standing.
type Status string

// Standings, as civil.csv spells them.
const (
	Alive     Status = "hidup"
	Deceased  Status = "meninggal"
	Duplicate Status = "ganda"
	Inactive  Status = "nonaktif"
)

// Families yields the population one family at a time, in about 15 µs a person. The yielded family is the receiver's.
func Families(o Options) (iter.Seq[*Family], error) {
	m, err := newMaker(o)
	if err != nil {
		return nil, err
	}
	return func(yield func(*Family) bool) {
		for i := o.Start; i < o.Start+o.Families; i++ {
			if !yield(m.family(i)) {
				return
			}
		}
	}, nil
}

// maker holds what all families of a population share.
type maker struct {
	Options
	districts []district
}

func newMaker(o Options) (*maker, error) {
	if o.Families < 0 || o.Start < 0 {
		return nil, fmt.Errorf("a population of %d families from %d on cannot be made", o.Families, o.Start)
	}
	if o.Source == "" {
		o.Source = DefaultSource
	}
	if len(o.Areas) == 0 {
		o.Areas = DefaultAreas
	}
	m := &maker{Options: o}
	var err error
	m.districts, err = districtsOf(o.Areas)
	return m, err
}

// family makes family i, mistakes included.
func (m *maker) family(i int) *Family {
	f, r := m.truth(i)
	if !m.Clean {
		m.spoil(f, r)
	}
	m.beside(f)
	return f
}

// truth makes family i as it is. The random source goes on to the mistakes.
func (m *maker) truth(i int) (*Family, *rand.Rand) {
	r := rand.New(rand.NewPCG(m.Seed, uint64(i)))
	d := m.districts[i%len(m.districts)]
	f := &Family{
		Index: i, Source: m.Source, SourceID: fmt.Sprintf("C-%08d", i),
		Area: d.villages[i/len(m.districts)%len(d.villages)],
		RT:   1 + r.IntN(12), RW: 1 + r.IntN(9),
	}
	f.Welfare = r.NormFloat64()*0.9 + d.effect(f.Area)
	f.Address = fmt.Sprintf("JL. CONTOH %s NO. %d", pick(r, streets), 1+r.IntN(180))
	m.compose(f, r)
	f.Answers = survey(r, f.Welfare, f.Area[:2])
	m.number(f, r)
	return f, r
}

var streets = list("MELATI MAWAR KENANGA CEMPAKA FLAMBOYAN ANGGREK BERINGIN CENDANA PALA SAWO MANGGIS RAMBUTAN GARUDA MERPATI NURI BATU KALI GUNUNG PANTAI SAWAH")

// severe reports whether any function is severely limited.
func (p *Member) severe() bool {
	return slices.Contains(p.Disability[:], 1) || slices.Contains(p.Disability[:], 2)
}

// difficulties spells them as the CSV does: "jalan=1 lihat=2"; empty where nothing was asked.
func (p *Member) difficulties() string {
	s := ""
	for i, code := range p.Disability {
		if code == 0 {
			continue
		}
		if s != "" {
			s += " "
		}
		s += regsosek.Functions[i] + "=" + strconv.Itoa(code)
	}
	return s
}
