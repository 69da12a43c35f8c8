package match

// fieldNames gives a field's name in Indonesian and English; a field of a user's own file keeps its name.
func fieldNames(field string) [2]string {
	if n, ok := fieldWords[field]; ok {
		return n
	}
	return [2]string{field, field}
}

var fieldWords = map[string][2]string{
	NIK: {"NIK", "NIK"}, KK: {"nomor KK", "KK number"}, Name: {"nama", "name"}, BirthDate: {"tanggal lahir", "birth date"},
	Sex: {"jenis kelamin", "sex"}, BirthPlace: {"tempat lahir", "birthplace"}, Mother: {"nama ibu", "mother"},
	Address: {"alamat", "address"}, Area: {"wilayah", "area"}, serumah: {"serumah", "household"},
}

// wording says a finding in Indonesian and English.
func wording(k Kind, finding string) [2]string {
	if w, ok := kindWords[k][finding]; ok {
		return w
	}
	if w, ok := words[finding]; ok {
		return w
	}
	return [2]string{finding, finding}
}

var words = map[string][2]string{
	"exact":     {"sama", "the same"},
	"near":      {"hampir sama", "nearly the same"},
	"different": {"berbeda", "different"},

	"spelling_variant": {"ejaan lain dari nama yang sama", "another spelling of the same name"},
	"far":              {"dua huruf berbeda", "two letters differ"},
	"cut_off":          {"terpotong", "cut off"},
	"nickname":         {"nama panggilan", "call name"},
	"initial":          {"inisial", "initial"},
	"joined":           {"ditulis serangkai", "written as one word"},
	"omitted_common":   {"bagian nama umum tidak ditulis", "a common part left out"},
	"omitted":          {"satu kata tidak ditulis", "one word left out"},

	"day_month_swapped":   {"tanggal dan bulan tertukar", "day and month exchanged"},
	"one_digit":           {"satu angka berbeda", "one digit differs"},
	"year_only":           {"tahun sama, tanggal tidak diketahui", "same year, day not known"},
	"same_day_other_year": {"tanggal dan bulan sama, tahun lain", "same day and month, another year"},
	"same_month":          {"bulan dan tahun sama", "same month and year"},
	"same_year":           {"tahun sama", "same year"},
	"near_days":           {"selisih paling banyak 31 hari", "at most 31 days apart"},
	"near_season":         {"tahun lain, tanggal berdekatan", "another year, days close to each other"},
	"near_year":           {"tahun berdekatan", "years close to each other"},

	"transposed":     {"dua angka tertukar", "two digits exchanged"},
	"two_digits":     {"dua angka berbeda", "two digits differ"},
	"other_date":     {"NIK berbeda pada tanggal lahir, seperti orangnya", "the NIKs differ in the birth date, as the people do"},
	"other_serial":   {"kecamatan dan tanggal dalam NIK sama, nomor urut lain", "same district and date in the NIK, another serial"},
	"different_tail": {"hanya akhirnya yang berbeda", "only the end differs"},

	"same_regency":    {"kabupaten/kota sama", "same regency"},
	"same_province":   {"provinsi sama", "same province"},
	"same_district":   {"kecamatan sama", "same district"},
	"same_local_part": {"bagian sebelum @ sama", "same part before the @"},
}

// kindWords are findings that are said otherwise for one kind.
var kindWords = map[Kind]map[string][2]string{
	KindName:    {"near": {"satu huruf berbeda", "one letter differs"}, "exact": {"kata sama", "word agrees"}, "different": {"kata berbeda", "word differs"}},
	KindArea:    {"exact": {"desa/kelurahan sama", "same village"}},
	KindAddress: {"near": {"satu huruf berbeda", "one letter differs"}, "exact": {"kata sama", "word agrees"}, "different": {"kata berbeda", "word differs"}},
	KindText:    {"near": {"satu huruf berbeda", "one letter differs"}, "exact": {"kata sama", "word agrees"}, "different": {"kata berbeda", "word differs"}},
}
