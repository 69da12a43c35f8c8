package match

import "dtks/services/nik-match/match/canon"

// dateRows finds the dates that have anything in common with one through the years, the days and the single slips.
type dateRows struct {
	c      *Column
	bounds []int16
	year   map[int16][]int32
	day    map[int16][]int32 // month and day
	blank  []int32           // dates without a year
}

func newDateRows(c *Column) *dateRows {
	d := &dateRows{c: c, bounds: c.bound(), year: map[int16][]int32{}, day: map[int16][]int32{}}
	for i, v := range c.values {
		if i == 0 {
			continue
		}
		if v.date.Year == 0 {
			d.blank = append(d.blank, int32(i))
		}
		d.year[v.date.Year] = append(d.year[v.date.Year], int32(i))
		d.day[monthDay(v.date)] = append(d.day[monthDay(v.date)], int32(i))
	}
	return d
}

func monthDay(d canon.Date) int16 { return int16(d.Month)*32 + int16(d.Day) }

func (d *dateRows) weights(of int32, dst []int16, _ *scratch) {
	fill(dst, d.bounds[dateDifferent])
	v := d.c.values[of]
	set := func(ids []int32) {
		for _, i := range ids {
			if i != of {
				dst[i] = d.bounds[dateLevel(v.date, d.c.values[i].date)]
			}
		}
	}
	// One digit of the year changes it by 1 to 9, 10 to 90, 100 to 900 or 1000; two neighbours exchanged by a multiple of 9.
	for y := v.date.Year - 2; y <= v.date.Year+2; y++ {
		set(d.year[y])
	}
	set(d.day[monthDay(v.date)])
	set(d.blank)
	if v.date.Year == 0 {
		for _, ids := range d.year {
			set(ids)
		}
	}
	dst[of] = d.c.weight(v, v)
}
