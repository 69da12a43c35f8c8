package main

import "strings"

// normal is how text is compared: upper case, single spaces.
func normal(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'a' && c <= 'z' || c >= 0x80 || c < ' ' || c == ' ' && (i == 0 || i == len(s)-1 || s[i+1] == ' ') {
			return strings.Join(strings.Fields(strings.ToUpper(s)), " ")
		}
	}
	return s
}

// similarity is 0..100 by Ratcliff and Obershelp: twice the letters in common runs over all letters. What the real
// service uses is not published; this one behaves alike on the published examples.
func similarity(a, b string) int {
	if a == b {
		return 100
	}
	letters := len(a) + len(b)
	return (200*common(a, b) + letters/2) / letters // rounded
}

// common counts the bytes of the longest common run and, again, of what is left and right of it.
func common(a, b string) int {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	var row [256]int // run lengths ending at b[j-1]; text here is far shorter
	if len(b) >= len(row) {
		b = b[:len(row)-1]
	}
	best, endA, endB := 0, 0, 0
	for i := range len(a) {
		diagonal := 0
		for j := range len(b) {
			above := row[j+1]
			row[j+1] = 0
			if a[i] == b[j] {
				row[j+1] = diagonal + 1
				if row[j+1] > best {
					best, endA, endB = row[j+1], i+1, j+1
				}
			}
			diagonal = above
		}
	}
	if best == 0 {
		return 0
	}
	return best + common(a[:endA-best], b[:endB-best]) + common(a[endA:], b[endB:])
}
