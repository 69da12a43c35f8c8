package main

import (
	"time"

	"github.com/a-h/templ"
)

// chart is what the browser draws: seconds since 1970 and events a second per line, in the order of lines.
type chart struct {
	T     []int64     `json:"t"`
	Lines []chartLine `json:"lines"`
}

type chartLine struct {
	Noun string    `json:"noun"`
	Y    []float64 `json:"y"`
}

// chartOf takes the rates of a snapshot.
func chartOf(s *snapshot) chart {
	c := chart{T: make([]int64, slots)}
	for i := range c.T {
		c.T[i] = s.Volume.From.Add(time.Duration(i) * step).Unix()
	}
	for _, l := range lines {
		y := make([]float64, slots)
		for i, n := range s.Volume.Series[l.Noun] {
			y[i] = float64(n) / step.Seconds()
		}
		c.Lines = append(c.Lines, chartLine{l.Noun, y})
	}
	return c
}

// minuteRow is one row of the table that says what the chart shows.
type minuteRow struct {
	At time.Time
	N  map[string]int64
}

// minutes sums the slots of each minute, newest first.
func (v volume) minutes() []minuteRow {
	var rows []minuteRow
	for i := slots - 1; i >= 0; i-- {
		at := v.From.Add(time.Duration(i) * step).Truncate(time.Minute)
		if n := len(rows); n == 0 || !rows[n-1].At.Equal(at) {
			rows = append(rows, minuteRow{At: at, N: map[string]int64{}})
		}
		for noun, series := range v.Series {
			rows[len(rows)-1].N[noun] += series[i]
		}
	}
	return rows
}

// minute writes hours and minutes.
func (l lang) minute(t time.Time) string { return t.In(wib).Format(l.text("15.04", "15:04")) }

// part renders one live part of the first page.
func part(v view, id string) templ.Component {
	for _, f := range fragments {
		if f.ID == id {
			return f.Part(v)
		}
	}
	panic("no such part: " + id) // spelt in the templates only
}
