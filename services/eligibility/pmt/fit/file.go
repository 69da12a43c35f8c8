package fit

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	"dtks/pkg/fault"
	"dtks/pkg/regsosek"
	"dtks/services/eligibility/pmt"
)

// Scale is how many parts of one ln a score counts.
const Scale = 10_000

// perLinear is the divisor of linear coefficients, so that a small one keeps its digits.
const perLinear = 1000

// step is the ratio of neighbouring points of a logarithm: the straight line between them is at most 0.0012 below it.
const step = 1.1

// write makes the model file, loads it, and sets the cut-offs it starts with from the survey's scores.
func (r *Result) write(all *system) error {
	m := r.describe()
	m.Part = all.main.part()
	for _, area := range sorted(all.regions) {
		m.Regions = append(m.Regions, pmt.Region{Area: area, Part: all.regions[area].part()})
	}
	m.Cutoffs = make([]int64, 9)
	file, err := encode(m)
	if err != nil {
		return err
	}
	loaded, err := pmt.Load(file)
	if err != nil {
		return fmt.Errorf("the estimated model is no model: %w", err)
	}
	scores := scoresBy(loaded, r.Survey)
	for i, score := range scores {
		if score != pmt.NoScore {
			r.Rounding = max(r.Rounding, math.Abs(float64(score)/Scale-all.predict(r.Survey, i)))
		}
	}
	m.Cutoffs = deciles(scores, r.Survey.Weight)
	if r.File, err = encode(m); err != nil {
		return err
	}
	r.Model, err = pmt.Load(r.File)
	return err
}

func (r *Result) describe() *pmt.Model {
	s, o := r.Survey, r.Options
	m := &pmt.Model{
		ID: o.ID, Illustrative: s.Synthetic != "", Instrument: regsosek.Instrument, ValidFrom: o.Date, Scale: Scale,
		Unit:  "natural logarithm of rupiah per person and month",
		Title: fault.Text{ID: "Model dari survei " + s.File, EN: "Model from the survey " + s.File},
		Source: fmt.Sprintf("Estimated from %s (sha256 %s), n = %d households, %s, by weighted least squares.",
			s.File, s.SHA256, s.Households(), o.Date),
		MissingRule: fault.Text{
			ID: "Jawaban yang kosong, atau kode yang jarang dalam survei, dihitung seperti rata-rata rumah tangga survei untuk butir itu, tidak pernah nol; kurang dari separuh butir terisi: belum dapat dinilai.",
			EN: "An answer that is missing, or a code that was rare in the survey, counts as the survey's average household for this item, never as nothing; with fewer than half of the items answered there is no score yet.",
		},
	}
	if s.Synthetic != "" {
		m.Title = fault.Text{ID: "Model dari survei buatan " + s.File, EN: "Model from the invented survey " + s.File}
		m.Source += " Nobody in it exists: " + s.Synthetic + ". Not for real decisions."
	}
	return m
}

// whole rounds to the nearest whole number, halves away from zero.
func whole(x float64) int64 { return int64(math.Round(x)) }

// part turns the equation into whole numbers.
func (e *equation) part() pmt.Part {
	p := pmt.Part{Base: whole(e.Coefficient[0] * Scale), MinAnswered: (len(e.terms) + 1) / 2}
	at := 1
	for _, t := range e.terms {
		p.Variables = append(p.Variables, t.variable(e.Coefficient[at:at+t.width()]))
		at += t.width()
	}
	return p
}

func (t *term) variable(coefficients []float64) pmt.Variable {
	mean := 0.0
	for j, c := range coefficients {
		mean += c * t.means[j]
	}
	missing := whole(mean * Scale)
	v := pmt.Variable{Name: t.name, Missing: &missing}
	switch t.form {
	case linear:
		v.Linear = &pmt.Linear{Coefficient: whole(coefficients[0] * Scale * perLinear), Per: perLinear, Max: &t.high}
	case logged:
		v.Points = t.points(coefficients[0])
	case byCode:
		v.Codes = map[string]int64{strconv.FormatInt(t.reference, 10): 0}
		for j, c := range t.codes {
			v.Codes[strconv.FormatInt(c, 10)] = whole(coefficients[j] * Scale)
		}
	case byBand:
		v.Bands = t.bands(coefficients, missing)
	}
	return v
}

// bands gives every band a value; a rare one counts as missing.
func (t *term) bands(coefficients []float64, missing int64) []pmt.Band {
	out := make([]pmt.Band, len(t.upTo)+1)
	for at := range out {
		out[at].Value = missing
		if at < len(t.upTo) {
			out[at].UpTo = &t.upTo[at]
		}
		if int64(at) == t.reference {
			out[at].Value = 0
		} else if j := slices.Index(t.codes, int64(at)); j >= 0 {
			out[at].Value = whole(coefficients[j] * Scale)
		}
	}
	return out
}

// points of a logarithm: every number while they are few, then a step apart.
func (t *term) points(coefficient float64) []pmt.Point {
	var out []pmt.Point
	for x := t.low; ; x = max(x+1, int64(float64(x)*step)) {
		x = min(x, t.high)
		out = append(out, pmt.Point{At: x, Value: whole(coefficient * math.Log(float64(x)) * Scale)})
		if x == t.high {
			return out
		}
	}
}

// deciles are the weighted upper bounds of groups 1 to 9: each ends with the first household that reaches it.
func deciles(scores []int32, weight []float64) []int64 {
	at := make([]int, 0, len(scores))
	total := 0.0
	for i, score := range scores {
		if score != pmt.NoScore {
			at = append(at, i)
			total += weight[i]
		}
	}
	slices.SortFunc(at, func(a, b int) int { return cmp.Or(cmp.Compare(scores[a], scores[b]), cmp.Compare(a, b)) })
	out := make([]int64, 0, 9)
	sum := 0.0
	for _, i := range at {
		for sum += weight[i]; len(out) < 9 && sum >= float64(len(out)+1)/10*total*(1-1e-12); {
			out = append(out, int64(scores[i]))
		}
	}
	for len(out) < 9 {
		out = append(out, 0)
	}
	return out
}

// encode writes a model file with one variable a line, so that two versions can be compared by eye.
func encode(m *pmt.Model) ([]byte, error) {
	var b bytes.Buffer
	var failed error
	value := func(v any) []byte {
		var one bytes.Buffer
		enc := json.NewEncoder(&one)
		enc.SetEscapeHTML(false)
		failed = cmp.Or(failed, enc.Encode(v))
		return bytes.TrimSpace(one.Bytes())
	}
	part := func(p pmt.Part, indent string) {
		fmt.Fprintf(&b, "%s\"base\": %d,\n%s\"min_answered\": %d,\n%s\"variables\": [\n", indent, p.Base, indent, p.MinAnswered, indent)
		for i, v := range p.Variables {
			fmt.Fprintf(&b, "%s  %s%s\n", indent, value(v), comma(i, len(p.Variables)))
		}
		fmt.Fprintf(&b, "%s]", indent)
	}
	fmt.Fprintf(&b, "{\n  \"id\": %s,\n  \"illustrative\": %v,\n  \"title\": %s,\n  \"source\": %s,\n  \"instrument\": %s,\n", value(m.ID), m.Illustrative, value(m.Title), value(m.Source), value(m.Instrument))
	fmt.Fprintf(&b, "  \"valid_from\": %s,\n  \"unit\": %s,\n  \"scale\": %d,\n  \"missing_rule\": %s,\n", value(m.ValidFrom), value(m.Unit), m.Scale, value(m.MissingRule))
	part(m.Part, "  ")
	if len(m.Regions) > 0 {
		b.WriteString(",\n  \"regions\": [\n")
		for i, r := range m.Regions {
			fmt.Fprintf(&b, "    {\n      \"area\": %s,\n", value(r.Area))
			part(r.Part, "      ")
			fmt.Fprintf(&b, "\n    }%s\n", comma(i, len(m.Regions)))
		}
		b.WriteString("  ]")
	}
	fmt.Fprintf(&b, ",\n  \"initial_cutoffs\": %s\n}\n", value(m.Cutoffs))
	return b.Bytes(), failed
}

func comma(i, n int) string {
	if i < n-1 {
		return ","
	}
	return ""
}
