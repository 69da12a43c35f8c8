package population

import (
	"fmt"
	"strings"

	"dtks/pkg/wilayah"
)

// newCard is a KK after marriage, a move or the death of the head: issued in the same district, at another date.
func (w *writer) newCard() { w.out.KK = w.card(w.out.Area) }

func (w *writer) card(area string) string {
	if area == "" {
		area = w.p.family.village
	}
	d := date{w.between(2006, 2024), w.between(1, 12), w.between(1, 28)}
	return fmt.Sprintf("%s%s%s%02d%02d%02d%04d", area[:2], area[3:5], area[6:8], d.day, d.month, d.year%100, w.between(9400, 9899))
}

// move is to another village of the district, of the regency, or anywhere; with a new address, often a new card.
func (w *writer) move() {
	from := w.out.Area
	if from == "" {
		return
	}
	switch w.weighted([]float64{.5, .25, .25}) {
	case 0:
		near := wilayah.Children(from[:8])
		w.out.Area = near[w.IntN(len(near))].Code
	case 1:
		w.out.Area = w.land.village(w.random, w.p.family.regency).Code
	default:
		_, village := w.land.home(w.random)
		w.out.Area = village.Code
	}
	w.home = newAddress(w.random, w.out.Area)
	w.out.Address = w.home.String()
	if w.chance(.7) {
		w.out.KK = w.card(w.out.Area)
	}
}

// marry moves to another family: a new card, nearly always a new address.
func (w *writer) marry() {
	w.newCard()
	if w.chance(.8) {
		w.move()
	}
}

// reword writes the address another way: other abbreviations, parts left out.
func (w *writer) reword() {
	if w.out.Address == "" {
		return
	}
	a := w.home
	kinds := map[string][]string{"JL": {"JL.", "JALAN", "JLN", "JLN.", ""}, "GG": {"GANG", "GG.", "JL. GANG"}, "KP": {"KAMPUNG", "KP.", "KAMP.", ""},
		"DUSUN": {"DSN", "DSN.", "DUSUN", "DS", ""}}
	text := strings.TrimSpace(one(w.random, kinds[a.kind]) + " " + a.name)
	if a.number > 0 && w.chance(.6) {
		text += fmt.Sprintf(one(w.random, []string{" NO. %d", " NO.%d", " NO %d", " %d", " NOMOR %d"}), a.number)
	}
	if w.chance(.8) {
		text += fmt.Sprintf(one(w.random, []string{" RT.%02d/%02d", " RT %d RW %d", " RT %02d/RW %02d", " RT%03d/RW%03d", " %02d/%02d", " RT. %03d RW. %03d"}), a.rt, a.rw)
	}
	if w.out.Area != "" && w.chance(.15) {
		text += " " + one(w.random, []string{"DS. ", "DESA ", "KEL. "}) + plainName(w.out.Area)
	}
	w.out.Address = text
}

func (w *writer) addressMistyped() { w.out.Address = mistyped(w.random, w.out.Address) }

// digit changes one digit of a number.
func (w *writer) digit(n string, from int) string {
	if len(n) != 16 {
		return n
	}
	at := w.between(from, 15)
	other := byte('0' + (int(n[at]-'0')+w.between(1, 9))%10)
	return n[:at] + string(other) + n[at+1:]
}

func (w *writer) kkDigit()  { w.out.KK = w.digit(w.out.KK, 2) }
func (w *writer) nikDigit() { w.out.NIK = w.digit(w.out.NIK, 2) }
func (w *writer) nikTwo()   { w.out.NIK = w.digit(w.digit(w.out.NIK, 2), 2) }

func (w *writer) nikTransposed() {
	n := w.out.NIK
	if len(n) != 16 {
		return
	}
	for at := w.between(2, 14); at >= 0; at-- {
		if n[at] != n[at+1] {
			w.out.NIK = n[:at] + string(n[at+1]) + string(n[at]) + n[at+2:]
			return
		}
	}
}

// nikRelative is the NIK of somebody else on the card.
func (w *writer) nikRelative() {
	if list := w.p.family.members; len(list) > 1 {
		w.out.NIK = one(w.random, list).nik
	}
}

// nikTail keeps place and date and has another serial, as people do who build a NIK because the form wants one.
func (w *writer) nikTail() {
	if n := w.out.NIK; len(n) == 16 {
		w.out.NIK = n[:12] + fmt.Sprintf("%04d", w.between(9000, 9999))
	}
}

func (w *writer) noNIK() {
	w.out.NIK = ""
	if w.chance(.06) {
		w.out.NIK = one(w.random, []string{"-", "0", "0000000000000000", "9999999999999999"})
	}
}

// nikForm is what typing habits and spreadsheets make of a number.
func (w *writer) nikForm() {
	n := w.out.NIK
	if len(n) != 16 {
		return
	}
	switch w.weighted([]float64{.35, .2, .25, .2}) {
	case 0:
		w.out.NIK = n[:4] + " " + n[4:8] + " " + n[8:12] + " " + n[12:]
	case 1:
		w.out.NIK = "'" + n
	case 2:
		w.out.NIK = n[:15] + "0" // the spreadsheet's 15 digits
	case 3:
		w.out.NIK = n[:1] + "." + n[1:5] + "E+15"
	}
}
