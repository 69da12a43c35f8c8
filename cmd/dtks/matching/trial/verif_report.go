package trial

import (
	"fmt"
	"math"
	"sort"

	"dtks/cmd/dtks/quality"
	"dtks/services/nik-match/match"
)

// reportClaims prints the lines of all systems.
func (t *Trial) reportClaims() error {
	for i := range t.verif {
		v := &t.verif[i]
		if err := t.refusals(v); err != nil {
			return err
		}
		if v.model == nil {
			continue
		}
		if err := t.byClass(v); err != nil {
			return err
		}
		if err := t.likelihoods(v); err != nil {
			return err
		}
	}
	return t.againstOthers()
}

// refusals tells whom a system refuses at each rate of false acceptance, and at its own limit.
func (t *Trial) refusals(v *verified) error {
	show := func(at string, r quality.Verification) error {
		head := fmt.Sprintf("bench match.verif system=%s measure=false_refusals at=%s", v.name, at)
		err := t.line("%s class=all frr=%.5f frr_low=%.5f frr_high=%.5f n=%d far=%.2g far_low=%.2g far_high=%.2g impostors=%d threshold=%.2f", head,
			r.Refused.Share(), r.Refused.Interval.Low, r.Refused.Interval.High, r.Refused.N,
			r.Accepted.Share(), r.Accepted.Interval.Low, r.Accepted.Interval.High, r.Accepted.N, v.unit(r.Threshold))
		if err != nil || v.model == nil {
			return err
		}
		for _, c := range append(r.Genuine, typos(v.typo, r.Threshold)) {
			if err := t.line("%s class=%s frr=%.5f frr_low=%.5f frr_high=%.5f n=%d", head, c.Class, c.Share(), c.Interval.Low, c.Interval.High, c.N); err != nil {
				return err
			}
		}
		for _, c := range r.Impostors {
			if err := t.line("%s class=%s far=%.2g far_low=%.2g far_high=%.2g n=%d", head, c.Class, c.Share(), c.Interval.Low, c.Interval.High, c.N); err != nil {
				return err
			}
		}
		return nil
	}
	if err := show("default", v.claims.At(v.limit)); err != nil {
		return err
	}
	for _, far := range fars {
		n := v.naturalAt(far)
		if err := t.line("bench match.verif system=%s measure=false_refusals at=natural_far_%.0e class=all frr=%.5f frr_low=%.5f frr_high=%.5f n=%d far=%.2g accepted=%d impostors=%d threshold=%.2f", v.name, far,
			n.refused.Share(), n.refused.Interval.Low, n.refused.Interval.High, n.refused.N, n.far, n.accepted, len(v.attempts), v.unit(n.threshold)); err != nil {
			return err
		}
		if err := show(fmt.Sprintf("far_%.0e", far), v.claims.FalseRefusalAt(far)); err != nil {
			return err
		}
	}
	return nil
}

// byClass tells whom a system refuses when it may accept so many of one class of impostors: strangers cost next to
// nothing, twins nearly everything.
func (t *Trial) byClass(v *verified) error {
	for _, class := range v.claims.ImpostorClasses() {
		only := v.claims.Against(class)
		for _, far := range fars {
			r := only.FalseRefusalAt(far)
			if err := t.line("bench match.verif system=%s measure=false_refusals at=far_%.0e against=%s frr=%.5f frr_low=%.5f frr_high=%.5f n=%d far=%.2g far_high=%.2g impostors=%d threshold=%.2f",
				v.name, far, class, r.Refused.Share(), r.Refused.Interval.Low, r.Refused.Interval.High, r.Refused.N,
				r.Accepted.Share(), r.Accepted.Interval.High, r.Accepted.N, v.unit(r.Threshold)); err != nil {
				return err
			}
		}
	}
	return nil
}

// unit gives a threshold in the system's unit for people: bits of evidence for the matcher.
func (v *verified) unit(threshold float64) float64 {
	if v.model != nil {
		return threshold / float64(match.Bit)
	}
	return threshold
}

// typos is the class of honest claims with a wrong NIK.
func typos(scores []float64, threshold float64) quality.ClassRate {
	var refused int64
	for _, s := range scores {
		if s < threshold {
			refused++
		}
	}
	n := int64(len(scores))
	return quality.ClassRate{Class: "nik_typo", Rate: quality.Rate{Hits: refused, N: n, Interval: quality.Wilson(refused, n)}}
}

// likelihoods tells how many claims need a look and whether likelihoods mean what they say.
func (t *Trial) likelihoods(v *verified) error {
	padan, tinjau := v.model.Costs.Limits()
	var c quality.Calibrator
	var look [2]int64
	var n [2]int64
	for _, a := range v.natural {
		p, side := v.model.Likelihood(match.Bits(a.score)), int(1-a.weight)
		c.Add(p, side == 0)
		n[side]++
		if p < padan && p >= tinjau {
			look[side]++
		}
	}
	g, i := n[0], n[1]
	if err := t.line("bench match.verif system=%s measure=review genuine=%.5f impostors=%.5f all=%.5f limits=%.2f-%.2f n=%d", v.name,
		ratio(look[0], g), ratio(look[1], i), ratio(look[0]+look[1], g+i), tinjau, padan, g+i); err != nil {
		return err
	}
	r := c.Result(0, 0)
	if err := t.line("bench match.verif system=%s measure=calibration brier=%.6f ece=%.5f n=%d slope=%.3f intercept=%.3f", v.name, r.Brier, r.Error, r.N,
		v.model.Calibration.Slope, v.model.Calibration.Intercept); err != nil {
		return err
	}
	for _, b := range r.Bins {
		if b.N == 0 {
			continue
		}
		if err := t.line("bench match.verif system=%s measure=reliability bin=%.1f-%.1f mean=%.4f observed=%.4f observed_low=%.4f observed_high=%.4f n=%d",
			v.name, b.Low, b.High, b.Mean, b.Observed(), b.Interval.Low, b.Interval.High, b.N); err != nil {
			return err
		}
	}
	return nil
}

// comparison is how the matcher stands against the other rules on claims.
type comparison struct {
	system                 string
	refusals               quality.Rate // at a false acceptance rate of 1e-5, impostors in natural shares
	exact                  quality.Rate // of exact equality
	accepted, ruleAccepted quality.Rate // at a recall equal to the rule's or better
	recall, ruleRecall     float64
}

// ratioRefused is false refusals over those of exact equality.
func (c comparison) ratioRefused() float64 { return c.refusals.Share() / max(c.exact.Share(), 1e-12) }

// ratioAccepted is false matches over those of the rule.
func (c comparison) ratioAccepted() float64 {
	return c.accepted.Share() / max(c.ruleAccepted.Share(), 1e-12)
}

// compared gives the comparison of every variant of the matcher.
func (t *Trial) compared() []comparison {
	var exact, rule *verified
	for i := range t.verif {
		switch t.verif[i].name {
		case "exact":
			exact = &t.verif[i]
		case "ratcliff_obershelp":
			rule = &t.verif[i]
		}
	}
	if exact == nil || rule == nil {
		return nil
	}
	ruled := rule.claims.At(rule.limit)
	var out []comparison
	for i := range t.verif {
		v := &t.verif[i]
		if v.model == nil {
			continue
		}
		// As many genuine claims may be refused as the rule refuses.
		at := v.claims.At(math.Inf(-1))
		if refused := int(ruled.Refused.Hits); refused < len(v.genuine) {
			at = v.claims.At(v.genuine[refused])
		}
		out = append(out, comparison{v.name, v.naturalAt(1e-5).refused, exact.claims.At(exact.limit).Refused,
			at.Accepted, ruled.Accepted, 1 - at.Refused.Share(), 1 - ruled.Refused.Share()})
	}
	return out
}

func (t *Trial) againstOthers() error {
	for _, c := range t.compared() {
		err := t.line("bench match.verif system=%s measure=refusals_against_exact ratio=%.5f ratio_high=%.5f frr=%.5f exact_frr=%.4f at=natural_far_1e-05 n=%d", c.system,
			c.ratioRefused(), c.refusals.Interval.High/max(c.exact.Interval.Low, 1e-12), c.refusals.Share(), c.exact.Share(), c.refusals.N)
		if err != nil {
			return err
		}
		err = t.line("bench match.verif system=%s measure=false_matches_against_rule ratio=%.2g ratio_high=%.2g fp=%d rule_fp=%d recall=%.5f rule_recall=%.5f n=%d", c.system,
			c.ratioAccepted(), c.accepted.Interval.High/max(c.ruleAccepted.Interval.Low, 1e-12), c.accepted.Hits, c.ruleAccepted.Hits, c.recall, c.ruleRecall, c.accepted.N)
		if err != nil {
			return err
		}
	}
	return nil
}

func ratio(n, of int64) float64 { return float64(n) / float64(max(of, 1)) }

// quantile of sorted durations or numbers.
func quantile[T any](sorted []T, q float64) T {
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func sortFloats(x []float64) []float64 { sort.Float64s(x); return x }
