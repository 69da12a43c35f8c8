package population

// Source is who wrote a record down. Errors come together because some lists are worse than others.
type Source int

// Sources.
const (
	Office  Source = iota // a register kept from documents
	Rushed                // an operator against the deadline, partly by ear
	OldList               // a programme's list from before, typed from paper
)

// Rate is how often one kind of error befalls a record, by source. Shares are before chance finds the error impossible:
// a single name loses no word.
type Rate struct {
	Field string // as in Person
	Error string
	Share [3]float64 // by Source
	From  string     // where the kind of error is described, and the share if it is not [own]
	apply func(w *writer)
}

// Kinds of places where errors are described.
const (
	variants = "domain.md 5, variants; share [own]"
	titles   = "domain.md 5, titles and bin/binti; share [own]"
	nickname = "domain.md 3.2, nickname instead of legal name; share [own]"
	letter   = "domain.md 3.2, strict match fails on 1-2 letters; share [own]"
	numbers  = "domain.md 3.2, invalid NIK and KK, 17 % unmatched; split [own]"
	moving   = "domain.md 3.1, KK changes when; share [own]"
	dates    = "performance.md 3c and domain.md 3.2; share [own]"
	assumed  = "[own]"
)

// rates is the one table of errors. Order matters: words first, then the string they make.
var rates = []Rate{
	{"Name", "call_name", [3]float64{.002, .035, .05}, nickname, onName((*written).called)},
	{"Name", "title", [3]float64{.012, .03, .05}, titles, onName((*written).title)},
	{"Name", "descent", [3]float64{.002, .012, .02}, titles, onName((*written).descent)},
	{"Name", "alias", [3]float64{.001, .006, .012}, titles, onName((*written).alias)},
	{"Name", "old_spelling", [3]float64{.004, .008, .03}, variants, onName((*written).oldSpelled)},
	{"Name", "shortened", [3]float64{.04, .16, .20}, variants, onName((*written).shortened)},
	{"Name", "respelled", [3]float64{.03, .10, .12}, variants, onName((*written).respelled)},
	{"Name", "joined", [3]float64{.01, .03, .04}, variants, onName((*written).joined)},
	{"Name", "dropped", [3]float64{.008, .04, .06}, assumed, onName((*written).dropped)},
	{"Name", "single", [3]float64{.002, .02, .035}, assumed, onName((*written).single)},
	{"Name", "initial", [3]float64{.006, .02, .03}, variants, onName((*written).initial)},
	{"Name", "swapped", [3]float64{.002, .006, .008}, assumed, onName((*written).swapped)},
	{"Name", "mistyped", [3]float64{.012, .05, .05}, letter, onName((*written).mistyped)},
	{"Name", "transposed", [3]float64{.003, .012, .01}, letter, onName((*written).transposed)},
	{"Name", "cut", [3]float64{.01, .02, .10}, assumed, onName((*written).cut)},
	{"Name", "spaced", [3]float64{.02, .06, .05}, assumed, onName((*written).spaced)},
	{"Name", "alike", [3]float64{.0005, .001, .001}, assumed, onName((*written).alike)},

	{"Mother", "missing", [3]float64{.02, .12, .30}, assumed, func(w *writer) { w.mother = nil }},
	{"Mother", "call_name", [3]float64{.01, .06, .06}, nickname, onMother((*written).called)},
	{"Mother", "deceased", [3]float64{.004, .012, .012}, assumed, onMother((*written).deceased)},
	{"Mother", "title", [3]float64{.006, .02, .02}, titles, onMother((*written).title)},
	{"Mother", "old_spelling", [3]float64{.006, .01, .03}, variants, onMother((*written).oldSpelled)},
	{"Mother", "shortened", [3]float64{.04, .12, .14}, variants, onMother((*written).shortened)},
	{"Mother", "respelled", [3]float64{.04, .11, .11}, variants, onMother((*written).respelled)},
	{"Mother", "joined", [3]float64{.01, .03, .03}, variants, onMother((*written).joined)},
	{"Mother", "dropped", [3]float64{.015, .05, .05}, assumed, onMother((*written).dropped)},
	{"Mother", "single", [3]float64{.01, .05, .06}, assumed, onMother((*written).single)},
	{"Mother", "mistyped", [3]float64{.015, .05, .05}, letter, onMother((*written).mistyped)},
	{"Mother", "other", [3]float64{.003, .012, .012}, assumed, (*writer).otherMother},
	{"Mother", "cut", [3]float64{.01, .02, .10}, assumed, onMother((*written).cut)},
	{"Mother", "spaced", [3]float64{.01, .04, .04}, assumed, onMother((*written).spaced)},

	{"BirthDate", "day_month_swapped", [3]float64{.005, .015, .015}, dates, (*writer).swapDayMonth},
	{"BirthDate", "digit", [3]float64{.012, .04, .03}, dates, (*writer).dateDigit},
	{"BirthDate", "year_off", [3]float64{.006, .03, .04}, dates, (*writer).yearOff},
	{"BirthDate", "first_january", [3]float64{.002, .012, .05}, dates, (*writer).firstJanuary},
	{"BirthDate", "other_day", [3]float64{.002, .012, .015}, assumed, (*writer).otherDay},
	{"BirthDate", "relative", [3]float64{.001, .006, .006}, assumed, (*writer).dateRelative},
	{"BirthDate", "year_only", [3]float64{0, .006, .03}, dates, (*writer).yearOnly},
	{"BirthDate", "missing", [3]float64{.002, .015, .04}, assumed, func(w *writer) { w.out.BirthDate = "" }},
	{"BirthDate", "placeholder", [3]float64{0, .001, .006}, assumed, (*writer).datePlaceholder},
	{"BirthDate", "form", [3]float64{.002, .02, .06}, assumed, (*writer).dateForm},

	{"Sex", "flipped", [3]float64{.001, .008, .008}, assumed, (*writer).flipSex},
	{"Sex", "missing", [3]float64{.001, .01, .03}, assumed, func(w *writer) { w.out.Sex = "" }},

	{"BirthPlace", "other_level", [3]float64{.05, .14, .14}, assumed, (*writer).placeLevel},
	{"BirthPlace", "abbreviated", [3]float64{.01, .07, .10}, assumed, (*writer).placeShort},
	{"BirthPlace", "former", [3]float64{.005, .012, .04}, assumed, (*writer).placeFormer},
	{"BirthPlace", "mistyped", [3]float64{.006, .03, .03}, letter, (*writer).placeMistyped},
	{"BirthPlace", "home", [3]float64{.005, .03, .03}, assumed, (*writer).placeHome},
	{"BirthPlace", "missing", [3]float64{.01, .05, .10}, assumed, func(w *writer) { w.out.BirthPlace = "" }},

	{"KK", "new_card", [3]float64{.05, .08, .22}, moving, (*writer).newCard},
	{"KK", "digit", [3]float64{.004, .02, .02}, numbers, (*writer).kkDigit},
	{"KK", "missing", [3]float64{.01, .06, .22}, numbers, func(w *writer) { w.out.KK = "" }},

	{"Area", "moved", [3]float64{.03, .05, .10}, moving, (*writer).move},
	{"Area", "missing", [3]float64{0, .01, .02}, assumed, func(w *writer) { w.out.Area = "" }},
	{"Address", "reworded", [3]float64{.30, .55, .65}, assumed, (*writer).reword},
	{"Address", "mistyped", [3]float64{.01, .05, .05}, letter, (*writer).addressMistyped},
	{"Address", "missing", [3]float64{.01, .05, .08}, assumed, func(w *writer) { w.out.Address = "" }},

	{"NIK", "missing", [3]float64{.005, .06, .22}, numbers, (*writer).noNIK},
	{"NIK", "digit", [3]float64{.006, .025, .025}, letter, (*writer).nikDigit},
	{"NIK", "transposed", [3]float64{.002, .01, .01}, letter, (*writer).nikTransposed},
	{"NIK", "two_digits", [3]float64{.001, .006, .008}, assumed, (*writer).nikTwo},
	{"NIK", "relative", [3]float64{.002, .01, .015}, assumed, (*writer).nikRelative},
	{"NIK", "tail", [3]float64{.001, .01, .02}, assumed, (*writer).nikTail},
	{"NIK", "form", [3]float64{.002, .01, .015}, assumed, (*writer).nikForm},
}

// Rates is the table of errors, for reports.
func Rates() []Rate { return append([]Rate(nil), rates...) }

func onName(f func(*written)) func(*writer)   { return func(w *writer) { f(w.name) } }
func onMother(f func(*written)) func(*writer) { return func(w *writer) { w.motherWritten(f) } }
