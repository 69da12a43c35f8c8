package matching

import (
	"context"
	"fmt"
	"io"

	"dtks/pkg/fault"
	"dtks/services/nik-match/match"
)

// Explain says why two records are, or are not, one person: with the model that Match would use, learned on the lists
// again where that is learned, so that the numbers are those that Match writes for the pair. b is a record of the second
// list where there are two.
func Explain(ctx context.Context, in *Input, choice Choice, a, b int, o Options) (match.Explanation, error) {
	m := choice.Model
	var ra, rb []match.Record
	if choice.Learn {
		r, err := Match(ctx, in, choice, o)
		if err != nil {
			return match.Explanation{}, err
		}
		m, ra, rb = r.Model, r.A, r.B
	} else {
		ra, rb = in.Records(m)
	}
	if !in.Two() {
		rb = ra
	}
	return m.Explain(&ra[a], &rb[b]), nil
}

// WriteExplanation prints one pair: who is compared, the waterfall, the sentence and the exact numbers.
func WriteExplanation(w io.Writer, in *Input, a, b int, e match.Explanation, lang In) error {
	sentence := lang.Say(fault.Text{ID: e.ID, EN: e.EN})
	_, err := fmt.Fprintf(w, "%s  ~  %s\n\n%s\n%s\nlikelihood %s  bits %s  %s\n", in.ID(int32(a), false), in.ID(int32(b), in.Two()),
		e.Waterfall(string(lang)), sentence, likelihood(e.Likelihood), bits(e.Bits), e.Outcome)
	return err
}
