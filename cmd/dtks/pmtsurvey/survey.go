// Package pmtsurvey invents a survey of households whose consumption is known, to try the estimation of models on.
//
// It has draws of its own, apart from package sample, so that a model estimated from it can be estimated again for good
// while the sample population changes. What is known of the households: the logarithm of consumption per person is a
// stated sum of welfare, size, place and an effect of the household that no question reveals (consumption). Welfare is
// latent; every answer is a ladder over welfare and noise of its own. The hidden effect is as large as makes a model explain
// about half of the variance, as in Indonesia. Nobody in it exists; every row says so.
package pmtsurvey

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"

	"dtks/pkg/regsosek"
	"dtks/services/eligibility/fact"
	"dtks/services/eligibility/pmt"
	"dtks/services/eligibility/pmt/fit"
)

// day is the day of the interviews: ages are taken on it.
const day = 20260101

// place is a regency of the survey.
type place struct {
	code   string
	effect float64 // on welfare
	towns  int     // percent of households that live in a town
	weight float64 // families that one household stands for
}

// places lie from one end of the archipelago to the other; shares, effects and weights are invented.
var places = []place{
	{"12.71", 0.15, 95, 1400}, {"16.02", -0.10, 20, 1100}, {"32.04", 0.00, 60, 2600}, {"33.74", 0.20, 100, 1900},
	{"35.09", -0.20, 30, 2300}, {"51.71", 0.45, 100, 700}, {"53.71", -0.30, 70, 500}, {"61.04", -0.15, 25, 500},
	{"73.71", 0.20, 100, 900}, {"91.03", -0.50, 40, 300},
}

// variables are the columns, in order. Floor area stands per member, so that a large family does not seem well off.
var variables = []string{
	pmt.VarSize, pmt.VarHeadLevel, pmt.VarHeadWork, pmt.VarHeadSex, pmt.VarHeadAge, pmt.VarChildren, pmt.VarPupils, pmt.VarElderly,
	pmt.VarDependants, regsosek.LuasLantai + pmt.PerMember, regsosek.StatusBangunan, regsosek.Lantai, regsosek.Dinding, regsosek.Atap,
	regsosek.AirMinum, regsosek.Penerangan, regsosek.Daya, regsosek.BahanBakar, regsosek.Jamban, regsosek.Kloset, regsosek.Limbah,
	regsosek.TabungGas, regsosek.Kulkas, regsosek.AC, regsosek.TV, regsosek.Emas, regsosek.Laptop, regsosek.Motor, regsosek.Mobil,
	regsosek.Smartphone, regsosek.Lahan, regsosek.RumahLain, regsosek.Sapi, regsosek.Internet, regsosek.Rekening, regsosek.Usaha,
	regsosek.Pendapatan,
}

// Write invents households and writes them as CSV. Equal seeds give equal bytes.
func Write(w io.Writer, households int, seed uint64) error {
	out := csv.NewWriter(w)
	header := append([]string{fit.ColHousehold, fit.ColArea, fit.ColUrban, fit.ColWeight, fit.ColConsumption, fit.ColDisabled}, variables...)
	if err := out.Write(append(header, fit.ColSynthetic)); err != nil {
		return err
	}
	reader, err := pmt.NewReader(variables)
	if err != nil {
		return err
	}
	numbers := make([]int32, len(variables))
	note := fmt.Sprintf("dtks pmt survey --households %d --seed %d", households, seed)
	for i := range households {
		h := newHousehold(seed, i)
		reader.Read(&h.facts, day, numbers)
		row := []string{fmt.Sprintf("S-%06d", i+1), h.place.code, yesNo(h.town), strconv.FormatFloat(h.weight, 'f', 1, 64),
			strconv.FormatInt(int64(math.Round(h.consumption)), 10), yesNo(h.disabled)}
		for _, x := range numbers {
			row = append(row, text(x))
		}
		if err := out.Write(append(row, note)); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// Family is household i of a seed's survey as a registry would know it: without its consumption. area is its regency.
func Family(seed uint64, i int) (f *fact.Family, area string) {
	h := newHousehold(seed, i)
	return &h.facts, h.code
}

func newHousehold(seed uint64, i int) *household {
	return invent(rand.New(rand.NewPCG(seed, uint64(i))), places[i%len(places)])
}

func text(x int32) string {
	if x == pmt.Missing {
		return ""
	}
	return strconv.Itoa(int(x))
}

func yesNo(b bool) string {
	if b {
		return "1"
	}
	return "2"
}

// household is one of them, with the truth.
type household struct {
	place
	r           *rand.Rand
	facts       fact.Family
	town        bool
	disabled    bool
	welfare     float64
	weight      float64
	consumption float64 // rupiah per person and month
}

func invent(r *rand.Rand, p place) *household {
	h := &household{place: p, r: r, facts: fact.New(), town: r.IntN(100) < p.towns}
	h.weight = p.weight * math.Exp(0.3*r.NormFloat64())
	h.welfare = p.effect + 0.85*r.NormFloat64() - 0.15
	if h.town {
		h.welfare += 0.35
	}
	h.compose()
	h.answer()
	h.consume()
	return h
}

// hidden is the deviation of the effect that no question reveals. It decides how much of the variance a model can explain.
const hidden = 0.40

// consume draws consumption: what is known of every household. A tenth of welfare's effect is lost on each doubling of the
// family; towns are dearer.
func (h *household) consume() {
	size := float64(len(h.facts.Members))
	ln := 13.95 + 0.42*h.welfare - 0.28*math.Log(size) + hidden*h.r.NormFloat64()
	if h.town {
		ln += 0.10
	}
	h.consumption = math.Exp(ln)
	// Income is told with errors of its own, mostly too low, in thousands and to the next fifty; one in twenty tells none.
	income := h.consumption * size * math.Exp(0.05+0.6*h.r.NormFloat64()) / 1000
	if h.r.IntN(20) > 0 {
		h.set(regsosek.Pendapatan, int(min(max(50, 50*math.Round(income/50)), 30_000)))
	}
}

func (h *household) set(name string, code int) {
	if i, ok := fact.Index(name); ok {
		h.facts.Answers[i] = int16(code)
	}
}
