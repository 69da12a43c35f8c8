package fit

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Summary is what people read on a terminal.
func (r *Result) Summary(out io.Writer) error {
	main := r.Parts[0].Regression
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "model\t%s, %d part(s), %d coefficients in the main part\n", r.Options.ID, len(r.Parts), main.K)
	fmt.Fprintf(w, "survey\t%s, %d households\n", r.Survey.File, r.Survey.Households())
	if r.Survey.Synthetic != "" {
		fmt.Fprintf(w, "\tinvented: %s\n", r.Survey.Synthetic)
	}
	fmt.Fprintf(w, "R²\t%.3f in sample, adjusted %.3f, %.3f out of %d folds\n", main.R2, main.AdjR2, r.R2OutOf, r.Options.Folds)
	fmt.Fprintf(w, "residuals\tstandard deviation %.3f\n", main.Sigma)
	fmt.Fprintf(w, "rounding\tat most %.5f of a logarithm\n", r.Rounding)
	for _, note := range r.Notes {
		fmt.Fprintf(w, "note\t%s\n", note)
	}
	fmt.Fprintf(w, "\nerrors out of fold, %% (95 %% of %d draws)\texclusion 10 %%\t20 %%\t30 %%\t40 %%\tinclusion 40 %%\tSpearman\n", r.Options.Draws)
	for _, a := range r.Accuracy {
		fmt.Fprintf(w, "%s", a.Order)
		for _, rate := range a.Groups[0].Rates {
			fmt.Fprintf(w, "\t%s", rate.Exclusion)
		}
		fmt.Fprintf(w, "\t%s\t%.3f\n", a.Groups[0].Rates[len(Shares)-1].Inclusion, a.Spearman)
	}
	fmt.Fprint(w, "random")
	for _, share := range Shares {
		fmt.Fprintf(w, "\t%.1f", 100*(1-share))
	}
	fmt.Fprintf(w, "\t%.1f\t0\n", 100*(1-Shares[len(Shares)-1]))
	fmt.Fprintf(w, "\nby group, pmt\texclusion 10 %%\t20 %%\t30 %%\t40 %%\tinclusion 40 %%\thouseholds\n")
	for _, g := range r.Accuracy[0].Groups[1:] {
		fmt.Fprintf(w, "%s", g.Group.EN)
		for _, rate := range g.Rates {
			fmt.Fprintf(w, "\t%s", rate.Exclusion)
		}
		fmt.Fprintf(w, "\t%s\t%d\n", g.Rates[len(Shares)-1].Inclusion, g.Households)
	}
	fmt.Fprintln(w)
	return w.Flush()
}

// String gives percent with the interval; – where there is no such figure.
func (f Figure) String() string {
	switch {
	case f.Value != f.Value:
		return "–"
	case f.Low != f.Low:
		return fmt.Sprintf("%.1f", 100*f.Value)
	}
	return fmt.Sprintf("%.1f (%.1f–%.1f)", 100*f.Value, 100*f.Low, 100*f.High)
}
