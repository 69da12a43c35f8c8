package population

import "strings"

// calls are everyday names whose form does not follow from the sound of the legal name alone. That people are listed
// under them is a known cause of records without a match (domain.md 3.2: Hermawan -> "Wawan").
var calls = map[string][]string{
	"MUHAMMAD": {"MAMAT", "AMAT", "MAD"}, "AHMAD": {"AMAD", "MAMAD", "MAMAT"}, "ABDUL": {"DUL", "DULAH", "ADUL"},
	"YOHANES": {"YOHAN", "JOHAN", "HANS", "ANIS"}, "YOSEF": {"OSE", "YOS"}, "PETRUS": {"PEU", "PIET"}, "FRANSISKUS": {"FRANS", "SIKUS"},
	"FRANSISKA": {"SISKA", "IKA"}, "ANTONIUS": {"ANTON", "TONI"}, "MARIA": {"MERI", "IA"}, "YULIANA": {"YULI", "ANA"},
	"ELISABETH": {"ELI", "BETI"}, "MARGARETHA": {"RETA", "GRETA"}, "KRISTINA": {"TINA", "KRIS"}, "MARTHA": {"ATA"}, "YOSEFINA": {"FINA"},
	"BAMBANG": {"BENG", "BAM"}, "SLAMET": {"MET", "MAMET"}, "ENDANG": {"ENDAH", "NDANG"}, "JOKO": {"JOK"}, "TEGUH": {"GUH"},
	"KADEK": {"DEK"}, "KOMANG": {"MANG"}, "NYOMAN": {"MAN"}, "KETUT": {"TUT"}, "WAYAN": {"YAN"}, "PUTU": {"TU"},
	"RICHARD": {"RICKY"}, "MICHAEL": {"MIKE"}, "JESSICA": {"CHIKA"}, "STEPHANIE": {"FANI"}, "RIZKI": {"KIKI", "IKI"}, "FATIMAH": {"IMAH", "TIMAH"},
	"KHADIJAH": {"DIJAH", "IJAH"}, "AISYAH": {"ICAH", "ISAH"}, "AMINAH": {"MINAH", "INAH"}, "MAEMUNAH": {"MUNAH"}, "IBRAHIM": {"BRAM", "IM"},
	"ISMAIL": {"MAIL"}, "SULAIMAN": {"LEMAN", "EMAN"}, "YUSUF": {"UCUP", "USUP"}, "HIDAYAT": {"DAYAT", "YAYAT"}, "RAHMAT": {"MAMAT"},
}

// endings are what is left of longer names in speech, the first that fits.
var endings = []struct{ end, call string }{
	{"RMAWAN", "WAWAN"}, {"NAWAN", "WAWAN"}, {"AWAN", "WAWAN"}, {"UDDIN", "UDIN"}, {"UDIN", "UDIN"}, {"ODIN", "DIDIN"}, {"NINGSIH", "NING"},
	{"NINGRUM", "NINGRUM"}, {"YANTO", "YANTO"}, {"YANTI", "YANTI"}, {"YONO", "YONO"}, {"WATI", "WATI"}, {"YATI", "YATI"}, {"YANI", "YANI"},
	{"TINI", "TINI"}, {"HAYATI", "YATI"}, {"ISTIOWATI", "LIS"}, {"STUTI", "TUTI"}, {"ASTUTI", "TUTI"}, {"ARTI", "TATI"}, {"IYEM", "YEM"},
	{"IJAN", "IJAN"}, {"ITRI", "FITRI"}, {"ERIANA", "ANA"}, {"IANA", "ANA"}, {"LIANI", "YANI"}, {"ARDI", "DIDI"}, {"ADI", "ADI"}, {"MAN", "MAMAN"},
}

// callName is what the neighbours call somebody.
func callName(n *written) string {
	word := n.tokens[0]
	if len(n.tokens) > 1 && (sameName[word] != "" || len(word) < 3 || n.chance(.25)) {
		word = n.tokens[1]
	}
	if len(word) < 3 {
		word = n.tokens[len(n.tokens)-1]
	}
	if list := calls[word]; list != nil && n.chance(.7) {
		return one(n.random, list)
	}
	if len(word) <= 4 {
		return word
	}
	if n.chance(.55) {
		for _, e := range endings {
			if strings.HasSuffix(word, e.end) && e.call != word {
				return e.call
			}
		}
	}
	if n.chance(.5) && len(word) > 5 {
		return beginning(word)
	}
	if twice := repeated(word); twice != "" && n.chance(.4) {
		return twice
	}
	for at := len(word) - min(4, len(word)-2); at > 0; at-- { // the last two syllables: SUPARDI, PARDI
		if !vowel(word[at]) && vowel(word[at+1]) {
			return word[at:]
		}
	}
	return word
}

// beginning is a long name up to a closed syllable, else up to the second vowel: SULIS of SULISTYOWATI, HEN of HENDRA.
func beginning(word string) string {
	for at := 3; at < 6; at++ {
		if !vowel(word[at-1]) && !vowel(word[at]) {
			return word[:at]
		}
	}
	return word[:4]
}
