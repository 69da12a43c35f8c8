package match

import "math/bits"

// near reports whether two words are one typing slip apart, or two when they are long.
func near(a, b string) bool {
	shorter := min(len(a), len(b))
	switch {
	case shorter < 3:
		return false
	case shorter < 7:
		return edits(a, b, 1) == 1
	}
	return edits(a, b, 2) <= 2
}

// edits counts the letters to insert, remove or replace, or the neighbours to exchange, that turn a into b (optimal
// string alignment). It gives up and returns most+1 where there are more than most.
func edits(a, b string, most int) int {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	switch {
	case len(b)-len(a) > most:
		return most + 1
	case len(a) == 0:
		return len(b)
	case len(b) == 1 || len(b) == 2 && len(a) == 2 && a[0] == b[1] && a[1] == b[0]:
		return 1
	case most == 1:
		return 2 // both ends differ, and it is no exchange
	}
	return matrix(a, b, most)
}

// matrix is the general case, for what differs in the middle of two words.
func matrix(a, b string, most int) int {
	const longest = 48
	if len(b) > longest {
		return most + 1
	}
	var rows [3][longest + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			row[j] = d
			least = min(least, d)
		}
		if least > most {
			return most + 1
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], most+1)
}

// apart is a lower bound of edits from the letters that occur: each edit changes at most two of them.
func apart(a, b uint32) int { return (bits.OnesCount32(a^b) + 1) / 2 }
