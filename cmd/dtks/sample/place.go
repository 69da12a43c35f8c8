package sample

import (
	"fmt"
	"strings"

	"dtks/pkg/wilayah"
)

// district is a district with its villages, those asked for.
type district struct {
	code     string // 32.04.10
	villages []string
}

// districtsOf lists the districts of areas in the order given, each once.
func districtsOf(areas []string) ([]district, error) {
	var all []district
	at := map[string]int{}
	add := func(village string) {
		code := wilayah.At(village, wilayah.District)
		i, ok := at[code]
		if !ok {
			i = len(all)
			at[code] = i
			all = append(all, district{code: code})
		}
		for _, v := range all[i].villages {
			if v == village {
				return
			}
		}
		all[i].villages = append(all[i].villages, village)
	}
	for _, area := range areas {
		switch wilayah.LevelOf(area) {
		case wilayah.None:
			return nil, fmt.Errorf("area %q is not in the list of areas; a code looks like 32.04 or 32.04.10.2001", area)
		case wilayah.Village:
			add(area)
		default:
			for _, v := range wilayah.Under(area, wilayah.Village) {
				add(v.Code)
			}
		}
	}
	return all, nil
}

// effect is how much better off than the average a place is.
func (d *district) effect(village string) float64 {
	e := -0.15
	if village[9] == '1' { // kelurahan: a town
		e = 0.35
	}
	switch {
	case strings.HasPrefix(d.code, "9"):
		e -= 0.55
	case strings.HasPrefix(d.code, "53"):
		e -= 0.35
	case strings.HasPrefix(d.code, "51"), strings.HasPrefix(d.code, "31"):
		e += 0.25
	}
	return e
}

// prefix is the district's code as numbers begin with it.
func (d *district) prefix() string { return d.code[:2] + d.code[3:5] + d.code[6:8] }
