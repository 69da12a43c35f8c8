package trial

import (
	"fmt"
	"strings"

	"dtks/cmd/dtks/matching"
)

// markdown prints the table of the README: the same numbers as the lines.
func (t *Trial) markdown() error {
	var b strings.Builder
	t.qualityTable(&b)
	t.claimTable(&b)
	if s := t.speed; s != nil {
		fmt.Fprintf(&b, "\n| speed, %d records, %d pairs | pairs a CPU-second | CPU-s | wall s | peak memory |\n|---|---|---|---|---|\n", s.records, s.pairs)
		fmt.Fprintf(&b, "| whole job, learned on the file | %.1f million | %.1f | %.1f | %d MiB |\n", s.whole.perSecond(s.pairs)/1e6, s.whole.cpu.Seconds(), s.whole.wall.Seconds(), s.peak>>20)
		fmt.Fprintf(&b, "| with a given model | %.1f million | %.1f | %.1f | |\n", s.scan.perSecond(s.pairs)/1e6, s.scan.cpu.Seconds(), s.scan.wall.Seconds())
		fmt.Fprintf(&b, "\nOne explanation takes %.1f µs (median) and %.1f µs (95 %% take less).\n", s.p50, s.p95)
	}
	return t.line("\n%s\nSeeds: judged %d, learned 20260101.", b.String(), t.o.Seed)
}

// qualityTable has a row for each set and system: F1 at the default limit and at the best one.
func (t *Trial) qualityTable(b *strings.Builder) {
	if len(t.rows) == 0 {
		return
	}
	b.WriteString("| set | system | records | F1 at 0.5 (95 %) | precision | recall | best F1 | clusters F1 |\n|---|---|---|---|---|---|---|---|\n")
	for _, r := range t.rows {
		if r.Measure != "pairs" || r.At != "default" {
			continue
		}
		fmt.Fprintf(b, "| %s | %s | %d | %.4f (%.4f-%.4f) | %.4f | %.4f | %s | %s |\n", r.Set, r.System, r.N, r.Point.F1(), r.F1.Low, r.F1.High,
			r.Point.Precision(), r.Point.Recall(), t.f1(r, "pairs", "best"), t.f1(r, "clusters", "default"))
	}
}

// f1 finds another measurement of the same set and system.
func (t *Trial) f1(of matching.Row, measure, at string) string {
	for _, r := range t.rows {
		if r.Set == of.Set && r.System == of.System && r.Measure == measure && r.At == at {
			return fmt.Sprintf("%.4f", r.Point.F1())
		}
	}
	return ""
}

// claimTable has a row for each system.
func (t *Trial) claimTable(b *strings.Builder) {
	if len(t.verif) == 0 {
		return
	}
	fmt.Fprintf(b, "\n| claims: %d genuine, %d impostors | FRR at FAR 1e-3, natural | 1e-4 | 1e-5 (95 %%) | FRR at FAR 1e-3, hard cases as generated | 1e-4 | 1e-5 | FRR at its own limit | FAR at its own limit |\n|---|---|---|---|---|---|---|---|---|\n",
		len(t.verif[0].genuine), len(t.verif[0].impostor))
	for i := range t.verif {
		v := &t.verif[i]
		fmt.Fprintf(b, "| %s", v.name)
		for _, far := range fars {
			r := v.naturalAt(far).refused
			fmt.Fprintf(b, " | %.5f", r.Share())
			if far == 1e-5 {
				fmt.Fprintf(b, " (%.5f-%.5f)", r.Interval.Low, r.Interval.High)
			}
		}
		for _, far := range fars {
			fmt.Fprintf(b, " | %.5f", v.claims.FalseRefusalAt(far).Refused.Share())
		}
		own := v.claims.At(v.limit)
		fmt.Fprintf(b, " | %.5f | %.2g |\n", own.Refused.Share(), own.Accepted.Share())
	}
	for _, c := range t.compared() {
		fmt.Fprintf(b, "\n%s: false refusals at FAR 1e-5, impostors in natural shares, are 1/%.0f of exact equality's; false matches are %.2g of the 0.60 rule's at recall %.4f (the rule: %.4f).\n",
			c.system, 1/max(c.ratioRefused(), 1e-12), c.ratioAccepted(), c.recall, c.ruleRecall)
	}
}
