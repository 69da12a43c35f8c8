package population

import "strings"

// written is a name on its way onto paper.
type written struct {
	random
	tokens  []string
	before  string // title in front
	after   string // degree, descent or second name behind
	female  bool
	year    int // of birth, roughly
	father  []string
	whole   string // set once the name is one string
	deathly bool   // of a parent: may be marked as deceased
}

func (n *written) String() string {
	if n.whole != "" {
		return n.whole
	}
	return n.before + strings.Join(n.tokens, " ") + n.after
}

// some is the index of a token of at least so many letters, or -1.
func (n *written) some(letters int) int {
	start := n.IntN(max(1, len(n.tokens)))
	for k := range n.tokens {
		if i := (start + k) % len(n.tokens); len(n.tokens[i]) >= letters {
			return i
		}
	}
	return -1
}

func (n *written) title() {
	if n.after != "" || n.chance(.55) {
		switch {
		case n.year > 2000:
		case n.chance(.12):
			n.before = one(n.random, map[bool][]string{false: {"DRS. ", "IR. ", "DR. ", "PROF. ", "UST. ", "K.H. ", "RD. "}, true: {"DRA. ", "DRA ", "IR. ", "DR. ", "R.A. "}}[n.female])
		case n.female:
			n.before = one(n.random, []string{"HJ. ", "HJ ", "HJ.", "NY. ", "IBU "})
		default:
			n.before = one(n.random, []string{"H. ", "H ", "H.", "HAJI ", "BPK "})
		}
		return
	}
	if n.year < 2003 {
		n.after = one(n.random, []string{", S.PD", ", S.E.", " S.PD", ", SE", ", A.MD", ", S.KOM", ", SH", " S.SOS", ", M.M.", ", S.AG", " S.PD.I", ", AMD.KEB"})
	}
}

func (n *written) descent() {
	if len(n.father) == 0 || n.after != "" {
		return
	}
	word := one(n.random, []string{" BIN ", " B. ", " BIN. "})
	if n.female {
		word = one(n.random, []string{" BINTI ", " BT ", " BT. ", " BINTI "})
	}
	n.after = word + strings.Join(n.father[:n.between(1, min(2, len(n.father)))], " ")
}

func (n *written) alias() {
	if n.after == "" {
		n.after = one(n.random, []string{" ALIAS ", " AL ", " / ", "/", " ALS "}) + callName(n)
	}
}

func (n *written) called() {
	n.tokens = []string{callName(n)}
	switch {
	case n.year > 1985 || !n.chance(.18):
	case n.female:
		n.before = one(n.random, []string{"BU ", "MAK ", "MBAH ", "MBOK ", "IBU "})
	default:
		n.before = one(n.random, []string{"PAK ", "MBAH ", "WAK ", "PAK DE "})
	}
}

func (n *written) deceased() {
	if n.deathly {
		n.before = one(n.random, []string{"ALM. ", "ALMH ", "(ALM) ", "ALM "})
	}
}

func (n *written) oldSpelled() {
	whole := n.chance(.5)
	for i, t := range n.tokens {
		n.tokens[i] = oldSpelling(n.random, t, whole)
	}
}

// shorts are the ways of writing the most frequent names.
var shorts = map[string][]string{
	"MUHAMMAD":   {"MUHAMAD", "MOH.", "MOH", "MUH.", "MUH", "M.", "M", "MOCH.", "MOCH", "MOHAMMAD", "MOHAMAD", "MOCHAMAD", "MHD", "MHD.", "MD.", "MUCHAMAD", "MOKHAMAD", "MUHAMMMAD"},
	"AHMAD":      {"ACHMAD", "AKHMAD", "ACH.", "AKH", "A.", "AHMMAD", "AMAD", "AHMD"},
	"SITI":       {"ST.", "ST", "SITTI", "S.", "STI", "SITY"},
	"NUR":        {"NOER", "NOR", "NUUR", "N.", "NUR'"},
	"ABDUL":      {"ABD.", "ABD", "ABDOEL", "A.", "ABDL", "AB."},
	"SRI":        {"SRY", "SRIE", "SR."},
	"ANDI":       {"A.", "AND", "ANDY"},
	"TEUKU":      {"T.", "TK.", "TEUNGKU"},
	"WAYAN":      {"WYN", "WY.", "WAYAN,"},
	"MADE":       {"MD", "MD.", "MADEK"},
	"NYOMAN":     {"NYM", "NYM.", "MAN"},
	"KETUT":      {"KT", "KT.", "KTT"},
	"PUTU":       {"PT", "PT.", "PUTHU"},
	"GEDE":       {"GD", "GD.", "GDE"},
	"GUSTI":      {"GST", "GST."},
	"AGUS":       {"AGS", "AGOES", "AGUES"},
	"YOHANES":    {"YOHANIS", "JOHANES", "YOH.", "YOHANNES"},
	"MARIA":      {"M.", "MARYA", "MAR."},
	"ANTONIUS":   {"ANTON", "ANT.", "ANTONIOUS"},
	"FRANSISKUS": {"FRANS", "FRANSISCUS", "FR."}, "FRANSISKA": {"FRANSISCA", "SISKA"},
}

// sameName leads from every spelling to the name it is one of: MOCHAMAD is shortened as MUHAMMAD is.
var sameName = spellings()

func spellings() map[string]string {
	same := map[string]string{}
	for name, forms := range legalForms {
		for _, form := range forms.words {
			if shorts[name] != nil {
				same[form] = name
			}
		}
	}
	for name := range shorts {
		same[name] = name
	}
	return same
}

// shortened writes one frequent name another way.
func (n *written) shortened() {
	for i, t := range n.tokens {
		if name := sameName[t]; name != "" {
			if form := one(n.random, shorts[name]); form != t {
				n.tokens[i] = form
				return
			}
		}
	}
}

// respelled exchanges a sound in one word, sometimes in two.
func (n *written) respelled() {
	for range n.between(1, 2) {
		if i := n.some(4); i >= 0 {
			if n.chance(.22) {
				n.tokens[i] = doubled(n.random, n.tokens[i])
			} else {
				n.tokens[i] = respelt(n.random, n.tokens[i])
			}
		}
		if n.chance(.7) {
			return
		}
	}
}

func doubled(r random, word string) string {
	at := r.between(1, len(word)-1)
	return word[:at] + word[at-1:at] + word[at:]
}

// joined writes two words as one, or one as two.
func (n *written) joined() {
	if len(n.tokens) > 1 && n.chance(.55) {
		i := n.IntN(len(n.tokens) - 1)
		n.tokens[i] += n.tokens[i+1]
		n.tokens = append(n.tokens[:i+1], n.tokens[i+2:]...)
		return
	}
	i := n.some(7)
	if i < 0 {
		return
	}
	word := n.tokens[i]
	at := n.between(3, len(word)-4)
	for _, start := range []string{"NUR", "ABDUL", "SITI", "SRI", "MUHAMMAD"} {
		if rest, ok := strings.CutPrefix(word, start); ok && len(rest) > 2 {
			at = len(start)
		}
	}
	for _, end := range []string{"WATI", "YANTI", "NINGSIH", "YANTO", "MAN", "YANI", "LESTARI", "UDIN"} {
		if rest, ok := strings.CutSuffix(word, end); ok && len(rest) > 2 {
			at = len(rest)
		}
	}
	n.tokens = append(n.tokens[:i:i], append([]string{word[:at], word[at:]}, n.tokens[i+1:]...)...)
}

func (n *written) dropped() {
	k := len(n.tokens)
	switch {
	case k < 2:
	case k > 2 && n.chance(.4): // a middle one
		n.tokens = append(n.tokens[:k-2:k-2], n.tokens[k-1])
	case n.chance(.72):
		n.tokens = n.tokens[:k-1]
	default:
		n.tokens = n.tokens[1:]
	}
}

// single leaves one word, mostly the first that is not MUHAMMAD or SITI.
func (n *written) single() {
	i := 0
	if len(n.tokens) > 1 && (sameName[n.tokens[0]] != "" || len(n.tokens[0]) < 3 || n.chance(.2)) {
		i = 1
	}
	n.tokens = n.tokens[i : i+1]
}

func (n *written) initial() {
	i := n.IntN(len(n.tokens))
	if i == 0 && n.chance(.6) {
		i = len(n.tokens) - 1
	}
	if len(n.tokens) > 1 && len(n.tokens[i]) > 2 {
		n.tokens[i] = n.tokens[i][:1]
		if n.chance(.6) {
			n.tokens[i] += "."
		}
	}
}

func (n *written) swapped() {
	if k := len(n.tokens); k > 1 {
		i := n.IntN(k - 1)
		n.tokens[i], n.tokens[i+1] = n.tokens[i+1], n.tokens[i]
	}
}
