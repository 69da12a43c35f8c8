package match

import (
	"sort"

	"dtks/services/nik-match/match/canon"
)

// dateRows finds the dates that have anything in common with one. Values stand in the order of their dates, so that
// those of a year are neighbours.
type dateRows struct {
	c      *Column
	bounds []int16
	years  map[int16][2]int32 // first value of a year, and the one after its last
	days   map[int16][]int32  // values of a month and day
	parts  map[int16][]int32  // values of a year that lack the day or the month
	blank  []int16            // the row of a date that has nothing in common with any
}

func newDateRows(c *Column) *dateRows {
	d := &dateRows{c: c, bounds: c.bound(), years: map[int16][2]int32{}, days: map[int16][]int32{}, parts: map[int16][]int32{}}
	d.blank = make([]int16, len(c.values))
	fill(d.blank, d.bounds[dateDifferent])
	for i := 1; i < len(c.values); i++ {
		date := c.values[i].date
		if span, ok := d.years[date.Year]; ok {
			d.years[date.Year] = [2]int32{span[0], int32(i) + 1}
		} else {
			d.years[date.Year] = [2]int32{int32(i), int32(i) + 1}
		}
		d.days[monthDay(date)] = append(d.days[monthDay(date)], int32(i))
		if date.Month == 0 || date.Day == 0 {
			d.parts[date.Year] = append(d.parts[date.Year], int32(i))
		}
	}
	return d
}

func monthDay(d canon.Date) int16 { return int16(d.Month)*32 + int16(d.Day) }

func (d *dateRows) weights(of int32, dst []int16, _ *scratch) {
	v := d.c.values[of]
	if v.date.Year == 0 {
		for i := 1; i < len(dst); i++ {
			dst[i] = d.c.weight(v, d.c.values[i])
		}
		return
	}
	copy(dst, d.blank)
	for y := v.date.Year - 10; y <= v.date.Year+10; y++ {
		span := d.years[y]
		if y >= v.date.Year-2 && y <= v.date.Year+2 {
			fill(dst[span[0]:span[1]], d.bounds[dateNearYear])
		}
		d.season(v, span, dst)
	}
	for _, span := range [][2]int32{d.years[v.date.Year], d.years[0]} {
		for i := span[0]; i < span[1]; i++ {
			dst[i] = d.bounds[dateLevel(v, d.c.values[i])]
		}
	}
	for _, i := range d.days[monthDay(v.date)] {
		dst[i] = d.bounds[dateLevel(v, d.c.values[i])]
	}
	dst[of] = d.c.weight(v, v)
}

// season weighs the dates of one year that fall into the same weeks as a date, or lie just across the turn of the year.
func (d *dateRows) season(v *value, span [2]int32, dst []int16) {
	values, of := d.c.values[span[0]:span[1]], dayOfYear(v.date)
	if v.date.Month == 0 || v.date.Day == 0 || len(values) == 0 {
		for i, o := range values {
			dst[int(span[0])+i] = d.bounds[dateLevel(v, o)]
		}
		return
	}
	at := func(day int) int {
		return sort.Search(len(values), func(i int) bool { return dayOfYear(values[i].date) >= day })
	}
	from := at(of - 31)
	fill(dst[int(span[0])+from:int(span[0])+at(of+32)], d.bounds[dateNearSeason])
	evaluate := func(from, to int) {
		for i := from; i < to; i++ {
			dst[int(span[0])+i] = d.bounds[dateLevel(v, values[i])]
		}
	}
	for _, i := range d.parts[values[0].date.Year] {
		dst[i] = d.bounds[dateLevel(v, d.c.values[i])]
	}
	switch values[0].date.Year - v.date.Year {
	case 1:
		evaluate(0, at(of-372+32))
	case -1:
		evaluate(at(of+372-31), len(values))
	}
}
