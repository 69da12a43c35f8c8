package web

import "dtks/pkg/fault"

// rule is one of huma's checks: how its message begins, our reason code and words, and whether what follows is a limit
// of the schema that may be shown.
type rule struct {
	prefix string
	code   string
	text   fault.Text
	limit  bool
}

// rules in order: a longer prefix stands before a shorter one.
var rules = []rule{
	{"unexpected property", "unexpected_property",
		fault.Text{ID: "Isian ini tidak dikenal.", EN: "This property is not known."}, false},
	{"expected required property ", "required", fault.Text{ID: "Wajib diisi.", EN: "This is required."}, false},
	{"required ", "required", fault.Text{ID: "Wajib diisi.", EN: "This is required."}, false},
	{"expected array length >= ", "too_few", fault.Text{ID: "Jumlah butir paling sedikit ", EN: "Number of items at least "}, true},
	{"expected array length <= ", "too_many", fault.Text{ID: "Jumlah butir paling banyak ", EN: "Number of items at most "}, true},
	{"expected array items to be unique", "not_unique",
		fault.Text{ID: "Butir tidak boleh berulang.", EN: "Items must not repeat."}, false},
	{"expected length >= ", "too_short", fault.Text{ID: "Panjang paling sedikit ", EN: "Length at least "}, true},
	{"expected length <= ", "too_long", fault.Text{ID: "Panjang paling banyak ", EN: "Length at most "}, true},
	{"expected number >= ", "too_small", fault.Text{ID: "Nilai paling kecil ", EN: "Value at least "}, true},
	{"expected number <= ", "too_large", fault.Text{ID: "Nilai paling besar ", EN: "Value at most "}, true},
	{"expected value to be one of ", "not_in_list", fault.Text{ID: "Pilihan yang berlaku: ", EN: "Allowed values: "}, true},
	{"expected string to be RFC 3339 date-time", "format_time",
		fault.Text{ID: "Waktu ditulis seperti 2026-01-31T08:00:00Z.", EN: "A time is written like 2026-01-31T08:00:00Z."}, false},
	{"expected string to be RFC 3339 date", "format_date",
		fault.Text{ID: "Tanggal ditulis seperti 2026-01-31.", EN: "A date is written like 2026-01-31."}, false},
	{"expected string to be RFC 4122 uuid", "format_uuid",
		fault.Text{ID: "Harus berupa UUID.", EN: "This must be a UUID."}, false},
	{"expected string to match pattern", "format",
		fault.Text{ID: "Bentuk isian tidak sesuai.", EN: "The form is not valid."}, false},
	{"expected string to be ", "format",
		fault.Text{ID: "Bentuk isian tidak sesuai.", EN: "The form is not valid."}, false},
	{"expected string", "type_string", fault.Text{ID: "Harus berupa teks.", EN: "This must be a string."}, false},
	{"expected number", "type_number", fault.Text{ID: "Harus berupa angka.", EN: "This must be a number."}, false},
	{"expected integer", "type_integer", fault.Text{ID: "Harus berupa bilangan bulat.", EN: "This must be an integer."}, false},
	{"invalid integer", "type_integer", fault.Text{ID: "Harus berupa bilangan bulat.", EN: "This must be an integer."}, false},
	{"expected boolean", "type_boolean", fault.Text{ID: "Harus true atau false.", EN: "This must be true or false."}, false},
	{"invalid boolean", "type_boolean", fault.Text{ID: "Harus true atau false.", EN: "This must be true or false."}, false},
	{"expected array", "type_array", fault.Text{ID: "Harus berupa daftar.", EN: "This must be an array."}, false},
	{"expected object", "type_object", fault.Text{ID: "Harus berupa objek.", EN: "This must be an object."}, false},
}
