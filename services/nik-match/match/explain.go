package match

import (
	"fmt"
	"strconv"
	"strings"
)

// Explanation is a score with everything that it is the sum of: Prior and the Bits of all lines add up to Score.Bits.
type Explanation struct {
	Score
	Prior Bits   `json:"prior"` // before anything was compared
	Lines []Line `json:"lines"` // the fields in the model's order, then what relatives take off
	ID    string `json:"id"`    // one sentence in Indonesian
	EN    string `json:"en"`    // and in English
}

// Line is the evidence of one field. It never holds a value.
type Line struct {
	Field   string `json:"field"`
	Finding string `json:"finding"` // reason code; of names several, joined with "+", with counts above one: "exact*2+nickname"
	Bits    Bits   `json:"bits"`    // above 0 speaks for one person
	ID      string `json:"id"`
	EN      string `json:"en"`
}

// Findings of lines that no field comparison makes.
const (
	findingMissing   = "missing"
	findingRelatives = "relatives_possible"
	serumah          = "household"
)

// Explain gives the same score as Compare and says what it rests on.
func (m *Model) Explain(a, b *Record) Explanation {
	var buf [64]slot
	slots := m.slots(a, b, buf[:0])
	e := Explanation{Prior: m.prior, Lines: make([]Line, 0, len(m.Fields)+1)}
	var person, kin Bits
	from := 0
	for i := range m.Fields {
		to := from
		for to < len(slots) && int(slots[to].field) == i {
			to++
		}
		p, k := m.sum(slots[from:to])
		e.Lines = append(e.Lines, m.line(i, slots[from:to], p))
		person, kin, from = person+p, kin+k, to
	}
	if off := m.relatives(kin); off > 0 {
		e.Lines = append(e.Lines, Line{serumah, findingRelatives, -off,
			"kerabat serumah akan tampak serupa", "relatives of one household would look alike as well"})
	}
	e.Score = m.score(person, kin)
	e.ID, e.EN = e.sentences()
	return e
}

func (m *Model) line(field int, slots []slot, bits Bits) Line {
	f := m.Fields[field].Field
	l := Line{Field: f.Name, Bits: bits}
	if len(slots) == 0 {
		l.Finding, l.ID, l.EN = findingMissing, "tidak terisi pada salah satu data", "missing on one side"
		return l
	}
	var counts [16]int
	for _, s := range slots {
		counts[s.finding]++
	}
	var codes, id, en []string
	for code, n := range counts {
		if n == 0 {
			continue
		}
		name := findings[f.Kind][code]
		words := wording(f.Kind, name)
		if n > 1 {
			times := strconv.Itoa(n)
			name += "*" + times
			words = [2]string{times + "× " + words[0], times + "× " + words[1]}
		}
		codes, id, en = append(codes, name), append(id, words[0]), append(en, words[1])
	}
	l.Finding, l.ID, l.EN = strings.Join(codes, "+"), strings.Join(id, ", "), strings.Join(en, ", ")
	return l
}

var outcomeWords = map[Outcome][2]string{
	Padan:      {"Kedua data ini hampir pasti satu orang", "These two records are almost certainly one person"},
	Tinjau:     {"Kedua data ini mungkin satu orang dan perlu ditinjau petugas", "These two records may be one person; somebody should look"},
	TidakPadan: {"Kedua data ini tampaknya bukan satu orang", "These two records do not look like one person"},
}

// sentences sum the explanation up: the outcome, and the fields that speak most for and most against.
func (e *Explanation) sentences() (id, en string) {
	var pro, con *Line
	for i := range e.Lines {
		l := &e.Lines[i]
		if l.Bits > 0 && (pro == nil || l.Bits > pro.Bits) {
			pro = l
		}
		if l.Bits < 0 && (con == nil || l.Bits < con.Bits) {
			con = l
		}
	}
	said := outcomeWords[e.Outcome]
	id = said[0] + " (kemungkinan " + percent(e.Likelihood, ",") + ")"
	en = said[1] + " (likelihood " + percent(e.Likelihood, ".") + ")"
	if pro != nil {
		names := fieldNames(pro.Field)
		id += "; paling mendukung: " + names[0] + " (" + pro.ID + ")"
		en += "; most in favour: " + names[1] + " (" + pro.EN + ")"
	}
	if con != nil {
		names := fieldNames(con.Field)
		id += "; paling menentang: " + names[0] + " (" + con.ID + ")"
		en += "; most against: " + names[1] + " (" + con.EN + ")"
	}
	return id + ".", en + "."
}

// percent never says 0 % or 100 %: no comparison is ever that sure.
func percent(p float64, point string) string {
	text := strconv.FormatFloat(p*100, 'f', 1, 64)
	switch {
	case p < 0.001:
		text = "< 0.1"
	case p > 0.999:
		text = "> 99.9"
	}
	return strings.Replace(text, ".", point, 1) + " %"
}

// Waterfall draws the explanation as text, one row a line, with the sum after each row. lang is "id" or "en".
func (e Explanation) Waterfall(lang string) string {
	var out strings.Builder
	sum := e.Prior
	at := map[bool]int{true: 0, false: 1}[lang == "id"]
	row := func(name string, bits Bits, words string) {
		bar := strings.Repeat("+", int(min(max(bits, 0)/Bit, 20))) + strings.Repeat("-", int(min(max(-bits, 0)/Bit, 20)))
		fmt.Fprintf(&out, "%-14s %+8.2f %+9.2f  %-20s %s\n", name, bits.Float(), sum.Float(), bar, words)
	}
	row([2]string{"awal", "prior"}[at], e.Prior, [2]string{"sebelum dibandingkan", "before anything is compared"}[at])
	for _, l := range e.Lines {
		sum += l.Bits
		row(fieldNames(l.Field)[at], l.Bits, [2]string{l.ID, l.EN}[at])
	}
	fmt.Fprintf(&out, "%-14s %8s %+9.2f  %s %s\n", [2]string{"jumlah", "total"}[at], "", e.Bits.Float(), percent(e.Likelihood, [2]string{",", "."}[at]), e.Outcome)
	return out.String()
}
