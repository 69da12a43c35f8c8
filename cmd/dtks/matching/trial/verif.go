package trial

import (
	"context"
	"iter"
	"runtime"
	"slices"
	"sync"

	"dtks/cmd/dtks/baseline"
	"dtks/cmd/dtks/matching"
	"dtks/cmd/dtks/population"
	"dtks/cmd/dtks/quality"
	"dtks/services/nik-match/match"
	"dtks/services/nik-match/match/link"
)

// fars are the false acceptance rates at which false refusals are told.
var fars = []float64{1e-3, 1e-4, 1e-5}

// kindred are the classes of impostors from the claimed person's own household.
var kindred = []string{"sibling", "twin", "parent_child"}

// claimFields are compared: the NIK is the key by which the record was found and says nothing more.
func claimFields() []match.Field {
	return slices.DeleteFunc(match.Registrant(), func(f match.Field) bool { return f.Kind == match.KindNIK })
}

// claimValues gives a person's values for claimFields.
func claimValues(p population.Person) []string { return valuesOf(p)[1:] }

// scorer is one system that judges claims; a higher score is more alike.
type scorer struct {
	name  string
	limit float64
	score func(claimed, registered []string) float64
	model *match.Model // nil for the simple matchers
}

// verified is what one system made of all claims.
type verified struct {
	scorer
	claims            quality.Claims
	genuine, impostor []float64
	attempts          []attempt // the impostors with their natural weights
	natural           []attempt // a sample with natural shares: weight 1 = genuine, 0 = impostor
	typo              []float64 // honest claims with a wrong NIK, whose record was found by other means
}

// measureClaims judges claims to be the person whom a registered record describes.
func (t *Trial) measureClaims(ctx context.Context) error {
	systems, err := t.scorers(ctx)
	if err != nil {
		return err
	}
	t.verif = make([]verified, len(systems))
	for i, s := range systems {
		t.verif[i].scorer = s
	}
	genuine := t.o.Claims / 4
	shown := &worst{most: t.o.Wrong}
	weights, count := weightOf(), 0
	t.o.Say("verif: %d claims, %d systems", t.o.Claims, len(systems))
	err = each(ctx, population.Claims(t.o.Seed, genuine, t.o.Claims-genuine), systems, func(c *population.Claim, scores []float64) {
		shown.add(c, scores[0])
		count++
		stays := thinned(weights, c.Class, count)
		for i := range t.verif {
			v := &t.verif[i]
			v.claims.Add(c.Class, c.Genuine, scores[i])
			if c.Genuine {
				v.genuine = append(v.genuine, scores[i])
			} else {
				v.impostor = append(v.impostor, scores[i])
				v.attempts = append(v.attempts, attempt{scores[i], weights[c.Class]})
			}
			if stays {
				v.natural = append(v.natural, attempt{scores[i], map[bool]float64{true: 1}[c.Genuine]})
			}
		}
	})
	if err != nil {
		return err
	}
	err = each(ctx, population.NIKTypos(t.o.Seed, genuine/5), systems, func(_ *population.Claim, scores []float64) {
		for i := range t.verif {
			t.verif[i].typo = append(t.verif[i].typo, scores[i])
		}
	})
	if err != nil {
		return err
	}
	for i := range t.verif {
		slices.Sort(t.verif[i].genuine)
		slices.Sort(t.verif[i].impostor)
	}
	if err := t.wrongClaims(shown, systems[0]); err != nil {
		return err
	}
	return t.reportClaims()
}

// each scores claims on all cores and hands them over one at a time, in their order.
func each(ctx context.Context, claims iter.Seq[population.Claim], systems []scorer, take func(*population.Claim, []float64)) error {
	const batch = 4096
	var list []population.Claim
	flush := func() {
		scores := make([][]float64, len(list))
		var wait sync.WaitGroup
		workers := runtime.GOMAXPROCS(0)
		for w := range workers {
			wait.Go(func() {
				for i := w; i < len(list) && ctx.Err() == nil; i += workers {
					a, b := claimValues(list[i].Claimed), claimValues(list[i].Registered)
					scores[i] = make([]float64, len(systems))
					for s := range systems {
						scores[i][s] = systems[s].score(a, b)
					}
				}
			})
		}
		wait.Wait()
		for i := range list {
			if ctx.Err() == nil {
				take(&list[i], scores[i])
			}
		}
		list = list[:0]
	}
	for c := range claims {
		if list = append(list, c); len(list) == batch {
			flush()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	flush()
	return ctx.Err()
}

// scorers are the matcher with and without its lists, and the simple matchers. What is learned is learned on the training
// seed.
func (t *Trial) scorers(ctx context.Context) ([]scorer, error) {
	train, err := inputOf(population.File(population.TrainSeed, t.o.Learned), nil)
	if err != nil {
		return nil, err
	}
	var out []scorer
	for _, lists := range []bool{true, false} {
		name := map[bool]string{true: "dtks", false: "dtks_no_lists"}[lists]
		t.o.Say("verif: learning %s on the training seed", name)
		m, err := claimModel(ctx, train, min(trainClaims, t.o.Claims), lists)
		if err != nil {
			return nil, err
		}
		reader := m.Reader()
		padan, _ := m.Costs.Limits()
		out = append(out, scorer{name, float64(m.Odds(padan)), func(a, b []string) float64 {
			x, y := reader.Read("", a), reader.Read("", b)
			return float64(m.Total(&x, &y))
		}, m})
	}
	t.o.Say("verif: learning the plain Fellegi-Sunter")
	less, _ := train.Without(identifies)
	values, _ := less.Values()
	plain, err := baseline.Learn(ctx, baseline.Data{Fields: less.Fields(), A: values})
	if err != nil {
		return nil, err
	}
	for _, b := range baseline.Claims(claimFields(), plain) {
		out = append(out, scorer{b.Name, b.Threshold, b.Score, nil})
	}
	return out, nil
}

// trainClaims is how many claims of the training seed the likelihoods are calibrated on, at most; fewer where fewer are
// judged.
const trainClaims = 60_000

// claimModel is the model for claims: what fields weigh, from the training file without labels; how often a claim is
// genuine or a relative's, and the calibration of likelihoods, from labelled claims of the training seed in natural shares.
func claimModel(ctx context.Context, train *matching.Input, claims int, lists bool) (*match.Model, error) {
	choice, err := matching.Choose(train.Fields(), len(train.A.Rows), matching.Learn, lists)
	if err != nil {
		return nil, err
	}
	r, err := matching.Match(ctx, train, choice, matching.Options{})
	if err != nil {
		return nil, err
	}
	m := r.Model.Claims()
	weights := weightOf()
	var all, honest, relatives float64
	count := 0
	for c := range population.Claims(population.TrainSeed, claims/4, claims-claims/4) {
		if count++; !thinned(weights, c.Class, count) {
			continue
		}
		all++
		if c.Genuine {
			honest++
		} else if slices.Contains(kindred, c.Class) {
			relatives++
		}
	}
	m.Prior = match.Prior{Match: honest / all, Relative: max(relatives, 0.5) / all}
	m.Calibration = match.Calibration{Slope: 1}
	if m, err = matching.Only(m, claimFields()); err != nil {
		return nil, err
	}
	reader := m.Reader()
	var x []match.Bits
	var y []bool
	count = 0
	score := scorer{score: func(a, b []string) float64 {
		p, q := reader.Read("", a), reader.Read("", b)
		return float64(m.Total(&p, &q))
	}}
	err = each(ctx, population.Claims(population.TrainSeed, claims/4, claims-claims/4), []scorer{score}, func(c *population.Claim, s []float64) {
		if count++; !thinned(weights, c.Class, count) {
			return
		}
		x, y = append(x, match.Bits(s[0])), append(y, c.Genuine)
	})
	if err != nil {
		return nil, err
	}
	m.Calibration = link.Calibrate(x, y)
	return matching.Only(m, claimFields())
}
