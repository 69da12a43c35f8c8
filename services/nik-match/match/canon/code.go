package canon

import (
	"strings"
	"unicode"
)

// Digits keeps the digits of s, as NIK, KK and telephone numbers are compared: digits of every script become 0-9, and a
// spreadsheet's leading apostrophe, dots and spaces go.
func Digits(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] >= '0' && s[i] <= '9'
	}
	if plain {
		return s
	}
	b := make([]byte, 0, 24)
	for _, r := range s {
		if d, ok := decimal(fullwidth(r)); ok {
			b = append(b, d)
		}
	}
	return string(b)
}

// fullwidth maps the full-width forms of ASCII to ASCII.
func fullwidth(r rune) rune {
	if r >= '！' && r <= '～' {
		return r - '！' + '!'
	}
	return r
}

// Phone is a telephone number from its area or mobile code on, without country code and leading zero: +62 812-3456,
// 0062812..., 62812... and 0812... are all 812.... Fewer than five digits are no number.
func Phone(s string) string {
	d := Digits(s)
	abroad := strings.HasPrefix(d, "00")
	d = strings.TrimLeft(d, "0")
	// An area code never starts with 62 and a subscriber's number is at least five digits long.
	if strings.HasPrefix(d, "62") && (abroad || len(d) >= 9) {
		d = strings.TrimLeft(d[2:], "0")
	}
	if len(d) < 5 {
		return ""
	}
	return d
}

// Email splits an address into local part and domain in lower case. Dots and what follows a plus sign in the local part
// of Gmail addresses do not count there and go. What has no @ is all local part.
func Email(s string) (local, domain string) {
	s = strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return fullwidth(r)
	}, s))
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return s, ""
	}
	local, domain = s[:at], s[at+1:]
	if domain == "gmail.com" || domain == "googlemail.com" {
		local, _, _ = strings.Cut(local, "+")
		local, domain = strings.ReplaceAll(local, ".", ""), "gmail.com"
	}
	return local, domain
}

// Text is free text for comparison word by word: folded, words of letters and digits, one space between.
func (l Lists) Text(s string) string {
	var room [128]byte
	b := room[:0]
	f := Fold(s)
	for i := 0; i < len(f); i++ {
		if alnum(f[i]) {
			b = append(b, f[i])
		} else {
			b = appendSpace(b)
		}
	}
	return strings.TrimRight(string(b), " ")
}

// ParseSex reads a sex as L (laki-laki) or P (perempuan), empty where s says neither. Understood are L/P, LK/PR,
// laki-laki/perempuan, pria/wanita, cowok/cewek, M/F, male/female and the codes 1/2 of BDT, Regsosek and Dukcapil.
func ParseSex(s string) string {
	var room [24]byte
	b := room[:0]
	for _, c := range []byte(Fold(s)) {
		if alnum(c) && len(b) < cap(b) {
			b = append(b, c)
		}
	}
	switch string(b) {
	case "L", "LK", "LK2", "LKI", "LAKI", "LAKILAKI", "LAKI2", "LELAKI", "PRIA", "COWOK", "JANTAN", "M", "MALE", "MAN", "PUTRA", "1", "01":
		return "L"
	case "P", "PR", "PRP", "PER", "PEREMPUAN", "PEREM", "PRMPUAN", "WANITA", "W", "WNT", "CEWEK", "F", "FEMALE", "WOMAN", "PUTRI", "2", "02":
		return "P"
	}
	return ""
}
