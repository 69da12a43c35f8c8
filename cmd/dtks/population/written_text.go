package population

import (
	"strings"
	"unicode"
)

// neighbours are the letters beside each letter on the keyboard.
var neighbours = map[byte]string{'A': "QSZ", 'B': "VNG", 'C': "XVD", 'D': "SFE", 'E': "WRD", 'F': "DGR", 'G': "FHT", 'H': "GJY", 'I': "UOK",
	'J': "HKU", 'K': "JLI", 'L': "KOP", 'M': "NJK", 'N': "BMH", 'O': "IPL", 'P': "OL", 'Q': "WA", 'R': "ETF", 'S': "ADW", 'T': "RYG", 'U': "YIJ",
	'V': "CBF", 'W': "QES", 'X': "ZCS", 'Y': "TUH", 'Z': "XA"}

// scans are what reading machines and tired eyes take for one another.
var scans = [][2]string{{"O", "0"}, {"I", "1"}, {"I", "L"}, {"S", "5"}, {"B", "8"}, {"M", "RN"}, {"H", "N"}, {"U", "V"}, {"D", "O"}, {"E", "F"}, {"G", "C"}, {"RI", "N"}}

// mistyped is one slip on a keyboard or of a scanner.
func mistyped(r random, word string) string {
	if len(word) < 3 {
		return word
	}
	at := r.between(1, len(word)-1)
	switch r.weighted([]float64{.42, .24, .18, .16}) {
	case 0:
		if near := neighbours[word[at]]; near != "" {
			return word[:at] + string(near[r.IntN(len(near))]) + word[at+1:]
		}
	case 1:
		return word[:at] + word[at+1:]
	case 2:
		if near := neighbours[word[at]]; near != "" {
			return word[:at] + string(near[r.IntN(len(near))]) + word[at:]
		}
	}
	pair := one(r, scans)
	return strings.Replace(word, pair[0], pair[1], 1)
}

// transposed exchanges two letters that stand side by side.
func transposed(r random, word string) string {
	if len(word) < 3 {
		return word
	}
	at := r.between(0, len(word)-2)
	return word[:at] + string(word[at+1]) + string(word[at]) + word[at+2:]
}

func (n *written) mistyped() {
	for range 1 + n.weighted([]float64{.75, .25}) {
		if i := n.some(4); i >= 0 {
			n.tokens[i] = mistyped(n.random, n.tokens[i])
		}
	}
}

func (n *written) transposed() {
	if i := n.some(4); i >= 0 {
		n.tokens[i] = transposed(n.random, n.tokens[i])
	}
}

// cut is what a column of 20 or 25 characters leaves.
func (n *written) cut() {
	s := n.String()
	if width := one(n.random, []int{20, 25}); len(s) > width {
		n.whole = strings.TrimSpace(s[:width])
	}
}

// spaced is another case and stray blanks or marks.
func (n *written) spaced() {
	s := n.String()
	switch n.weighted([]float64{.35, .25, .18, .10, .07, .05}) {
	case 0:
		s = titleCase(s)
	case 1:
		s = strings.ToLower(s)
	case 2:
		s = strings.Replace(s, " ", "  ", 1)
	case 3:
		s = " " + s + " "
	case 4:
		s += one(n.random, []string{".", ",", " -", "*"})
	case 5:
		s = strings.Replace(s, " ", one(n.random, []string{"-", ".", "_", ","}), 1)
	}
	n.whole = s
}

func titleCase(s string) string {
	out, start := []rune(strings.ToLower(s)), true
	for i, c := range out {
		if start {
			out[i] = unicode.ToUpper(c)
		}
		start = c == ' ' || c == '.'
	}
	return string(out)
}

// alike puts in a character that looks like another, or shows nothing. Copied texts bring them along.
func (n *written) alike() {
	s := n.String()
	if i := strings.IndexAny(s, "AEOCPXH"); i >= 0 && n.chance(.5) {
		other := map[byte]string{'A': "А", 'E': "Е", 'O': "О", 'C': "С", 'P': "Р", 'X': "Х", 'H': "Н"}[s[i]] // Cyrillic
		n.whole = s[:i] + other + s[i+1:]
		return
	}
	if i := strings.IndexByte(s, ' '); i >= 0 && n.chance(.5) {
		n.whole = s[:i] + "\u00a0" + s[i+1:]
		return
	}
	at := len(s) / 2
	n.whole = s[:at] + one(n.random, []string{"\u200b", "\u200d", "\ufeff", "\u0301"}) + s[at:]
}
