package baseline

import "math/bits"

// value is one distinct text, prepared so that most comparisons end at a bound.
type value struct {
	text  string
	runes []rune
	parts []string // of a name with "/" in it: its alternatives; nil otherwise
	// Bit 4*sign+k of mask stands for the k-th occurrence (k < 4) of a letter A-Z, a space or a digit; what
	// finds no bit is counted in rest. Two texts have at most popcount(a.mask & b.mask) + min(a.rest, b.rest)
	// characters in common.
	mask [3]uint64
	rest int
}

func newValue(text string) value {
	v := value{text: text, runes: []rune(text)}
	var seen [37]int
	for _, r := range v.runes {
		sign := -1
		switch {
		case r >= 'A' && r <= 'Z':
			sign = int(r - 'A')
		case r >= '0' && r <= '9':
			sign = 26 + int(r-'0')
		case r == ' ':
			sign = 36
		}
		if sign < 0 || seen[sign] == 4 {
			v.rest++
			continue
		}
		bit := 4*sign + seen[sign]
		v.mask[bit/64] |= 1 << (bit % 64)
		seen[sign]++
	}
	return v
}

// shared is an upper bound of the characters that a and b have in common.
func shared(a, b *value) int {
	return bits.OnesCount64(a.mask[0]&b.mask[0]) + bits.OnesCount64(a.mask[1]&b.mask[1]) +
		bits.OnesCount64(a.mask[2]&b.mask[2]) + min(a.rest, b.rest)
}

// interned are the distinct values of one field: record i of a file has value number of[i], -1 = missing.
type interned struct {
	values []value
	a, b   []int32 // b is nil for one file
}

func intern(d Data, field int) *interned {
	in := &interned{}
	number := map[string]int32{}
	each := func(rows [][]string) []int32 {
		out := make([]int32, len(rows))
		for i, row := range rows {
			text := plain(row[field])
			if text == "" {
				out[i] = -1
				continue
			}
			n, ok := number[text]
			if !ok {
				n = int32(len(in.values))
				number[text] = n
				in.values = append(in.values, newValue(text))
			}
			out[i] = n
		}
		return out
	}
	in.a = each(d.A)
	if d.B != nil {
		in.b = each(d.B)
	}
	return in
}

// records lists for each value the records that have it.
func records(of []int32, values int) [][]int32 {
	out := make([][]int32, values)
	for i, v := range of {
		if v >= 0 {
			out[v] = append(out[v], int32(i))
		}
	}
	return out
}
