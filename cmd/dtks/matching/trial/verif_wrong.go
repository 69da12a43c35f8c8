package trial

import (
	"cmp"
	"slices"
	"strings"

	"dtks/cmd/dtks/population"
)

// worst keeps the claims that the matcher judges most wrongly: impostors who look most genuine, genuine ones who look
// least so.
type worst struct {
	most              int
	genuine, impostor []judged
}

type judged struct {
	claim population.Claim
	score float64
}

func (w *worst) add(c *population.Claim, score float64) {
	if w.most == 0 {
		return
	}
	list, sign := &w.impostor, 1.0
	if c.Genuine {
		list, sign = &w.genuine, -1
	}
	*list = append(*list, judged{*c, sign * score})
	if len(*list) > 50*w.most {
		w.cut(list)
	}
}

func (w *worst) cut(list *[]judged) {
	slices.SortStableFunc(*list, func(x, y judged) int { return cmp.Compare(y.score, x.score) })
	*list = slices.Clip((*list)[:min(len(*list), w.most)])
}

// wrongClaims prints them; all are synthetic, so their values may be shown.
func (t *Trial) wrongClaims(w *worst, s scorer) error {
	if w.most == 0 {
		return nil
	}
	w.cut(&w.genuine)
	w.cut(&w.impostor)
	if err := t.line("\nclaims: the impostors who look most genuine, then the genuine who look least so"); err != nil {
		return err
	}
	reader := s.model.Reader()
	for _, j := range append(w.impostor[:min(len(w.impostor), (w.most+1)/2)], w.genuine[:min(len(w.genuine), w.most/2)]...) {
		a, b := claimValues(j.claim.Claimed), claimValues(j.claim.Registered)
		x, y := reader.Read("", a), reader.Read("", b)
		e := s.model.Explain(&x, &y)
		if err := t.line("\n[%s]\n[%s]   in truth %s\n%s%s\n%s", strings.Join(a, " | "), strings.Join(b, " | "), j.claim.Class, e.Waterfall("en"), e.EN, e.ID); err != nil {
			return err
		}
	}
	return nil
}
