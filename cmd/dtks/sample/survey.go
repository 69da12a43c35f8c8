package sample

import (
	"math/rand/v2"
	"slices"

	"dtks/pkg/regsosek"
)

// rung is a code that holds up to a welfare.
type rung struct {
	upTo float64
	code int
}

// below is the code of the first rung that x does not pass.
func below(x float64, ladder []rung) int {
	for _, r := range ladder {
		if x <= r.upTo {
			return r.code
		}
	}
	return ladder[len(ladder)-1].code
}

// housing goes from what the poorest have to what the richest have. Each item gets noise of its own, so that no answer
// alone tells how a family fares.
var housing = map[string][]rung{
	regsosek.StatusBangunan:   {{-1.6, 3}, {-1.2, 5}, {-0.9, 2}, {1.9, 1}, {2.1, 4}, {9, 1}},
	regsosek.BuktiKepemilikan: {{-1.0, 6}, {0.1, 5}, {0.4, 3}, {0.7, 2}, {2.1, 1}, {9, 4}},
	regsosek.Lantai:           {{-1.7, 8}, {-1.5, 7}, {-1.1, 5}, {-0.1, 6}, {0.4, 4}, {1.8, 2}, {2.1, 3}, {9, 1}},
	regsosek.Dinding:          {{-2.0, 6}, {-1.7, 4}, {-1.5, 5}, {-0.8, 3}, {-0.4, 2}, {9, 1}},
	regsosek.Atap:             {{-2.1, 7}, {-1.9, 6}, {-0.3, 3}, {0.2, 4}, {1.9, 2}, {9, 1}},
	regsosek.AirMinum:         {{-2.0, 9}, {-1.8, 10}, {-1.5, 8}, {-1.2, 6}, {-0.9, 7}, {-0.3, 5}, {0.5, 4}, {0.8, 3}, {1.8, 2}, {9, 1}},
	regsosek.JarakTinja:       {{-1.8, 3}, {-0.4, 1}, {9, 2}},
	regsosek.Penerangan:       {{-2.2, 4}, {-1.9, 3}, {-1.1, 2}, {9, 1}},
	regsosek.Daya:             {{-0.3, 1}, {0.9, 2}, {1.6, 3}, {2.2, 4}, {9, 5}},
	regsosek.BahanBakar:       {{-1.3, 10}, {-1.2, 7}, {1.6, 4}, {1.9, 2}, {2.2, 3}, {9, 1}},
	regsosek.Jamban:           {{-1.9, 6}, {-1.6, 4}, {-1.3, 3}, {-0.6, 2}, {9, 1}},
	regsosek.Kloset:           {{-1.6, 4}, {-1.2, 3}, {-0.9, 2}, {9, 1}},
	regsosek.Limbah:           {{-1.7, 5}, {-1.3, 3}, {-0.8, 4}, {2.3, 1}, {9, 2}},
	regsosek.Omzet:            {{0.6, 1}, {1.4, 2}, {1.9, 3}, {2.8, 4}, {9, 5}},
}

// assets gives the welfare at which half of the families have the thing.
var assets = map[string]float64{
	regsosek.TabungGas: 1.2, regsosek.Kulkas: -0.1, regsosek.AC: 1.5, regsosek.PemanasAir: 2.4, regsosek.TeleponRumah: 2.6,
	regsosek.TV: -0.4, regsosek.Emas: 0.9, regsosek.Laptop: 1.0, regsosek.Sepeda: 0.6, regsosek.Motor: -0.8,
	regsosek.Mobil: 1.6, regsosek.Perahu: 2.6, regsosek.MotorTempel: 2.7, regsosek.PerahuMotor: 2.8,
	regsosek.Smartphone: -1.2, regsosek.Lahan: 0.9, regsosek.RumahLain: 1.8, regsosek.Internet: -0.3,
	regsosek.Rekening: 0.1, regsosek.Usaha: 0.8,
}

// herds gives, per mille, how many families keep an animal, and the largest herd.
var herds = map[string][2]int{
	regsosek.Sapi: {60, 4}, regsosek.Kerbau: {15, 3}, regsosek.Kuda: {4, 2}, regsosek.Babi: {15, 5}, regsosek.Kambing: {70, 8},
}

// pigs are kept where few are Muslims.
var pigs = map[string]bool{"12": true, "51": true, "53": true, "91": true, "93": true, "94": true, "95": true}

// question is how one item is answered: by a ladder, by owning the thing or not, or by a herd.
type question struct {
	ladder []rung
	half   float64 // welfare at which half of the families own the thing
	asset  bool
	herd   [2]int
}

// form holds the form's own items; those beside it are answered by type beside.
var form = slices.DeleteFunc(slices.Clone(regsosek.Items), func(item regsosek.Item) bool { return item.Beside })

// questions stand in the order of form.
var questions = func() []question {
	all := make([]question, len(form))
	for i, item := range form {
		half, asset := assets[item.Name]
		all[i] = question{housing[item.Name], half, asset, herds[item.Name]}
	}
	return all
}()

// survey answers the form's family items from the latent welfare. One answer in a hundred was left out.
func survey(r *rand.Rand, welfare float64, province string) []Answer {
	answers := make([]Answer, 0, len(regsosek.Items))
	lit, toilet, business := 0, 0, 0
	for i := range form {
		name := form[i].Name
		x := welfare + 0.55*r.NormFloat64()
		var code int
		switch name {
		case regsosek.LuasLantai:
			code = max(6, int(52+26*x+8*r.NormFloat64()))
		case regsosek.Penerangan:
			lit = questions[i].answer(r, name, x, province)
			code = lit
		case regsosek.Jamban:
			toilet = questions[i].answer(r, name, x, province)
			code = toilet
		case regsosek.Usaha:
			business = questions[i].answer(r, name, x, province)
			code = business
		default:
			code = questions[i].answer(r, name, x, province)
		}
		asked := (name != regsosek.Daya || lit == 1) && (name != regsosek.Kloset || toilet <= 4) &&
			(name != regsosek.Omzet || business == regsosek.Yes)
		if asked && r.IntN(100) > 0 {
			answers = append(answers, Answer{name, code})
		}
	}
	return answers
}

func (q *question) answer(r *rand.Rand, name string, x float64, province string) int {
	switch {
	case q.ladder != nil:
		return below(x, q.ladder)
	case q.asset && x > q.half:
		return regsosek.Yes
	case q.asset:
		return regsosek.No
	}
	keepers := q.herd[0]
	if name == regsosek.Babi && pigs[province] {
		keepers *= 12
	}
	if q.herd[1] == 0 || r.IntN(1000) >= keepers {
		return 0
	}
	return 1 + r.IntN(q.herd[1])
}
