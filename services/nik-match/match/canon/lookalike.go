package canon

// lookAlike maps letters that compatibility decomposition leaves alone: Latin letters of their own (Ø, ß), and Cyrillic
// and Greek capitals, by the Latin letter they are mistaken for and, where there is none, by common transliteration.
// Compiled by this project from the code charts.
var lookAlike = map[rune]string{
	'Ø': "O", 'Ł': "L", 'Đ': "D", 'Ð': "D", 'Þ': "TH", 'ß': "SS", 'ẞ': "SS", 'Æ': "AE", 'Œ': "OE", 'ı': "I", 'Ħ': "H",
	'Ŋ': "NG", 'Ə': "E", 'Ɔ': "O", 'Ɛ': "E", 'Ɨ': "I", 'Ŧ': "T", 'Ƶ': "Z", 'Ɓ': "B", 'Ɗ': "D", 'Ɠ': "G", 'ĸ': "K", 'ɑ': "A",
	'ɡ': "G",

	'А': "A", 'В': "B", 'Е': "E", 'Ѕ': "S", 'І': "I", 'Ј': "J", 'К': "K", 'М': "M", 'Н': "H", 'О': "O", 'Р': "P", 'С': "C",
	'Т': "T", 'У': "Y", 'Х': "X", 'Ү': "Y", 'Һ': "H", 'Ԁ': "D", 'Ԛ': "Q", 'Ԝ': "W", 'Ӏ': "I", 'З': "Z", 'Б': "B", 'Г': "G",
	'Д': "D", 'Ж': "ZH", 'И': "I", 'Л': "L", 'П': "P", 'Ф': "F", 'Ц': "TS", 'Ч': "CH", 'Ш': "SH", 'Щ': "SHCH", 'Ы': "Y",
	'Э': "E", 'Ю': "YU", 'Я': "YA", 'Ь': "", 'Ъ': "", 'Є': "E", 'Ґ': "G", 'Ё': "E",

	'Α': "A", 'Β': "B", 'Ε': "E", 'Ζ': "Z", 'Η': "H", 'Ι': "I", 'Κ': "K", 'Μ': "M", 'Ν': "N", 'Ο': "O", 'Ρ': "P", 'Τ': "T",
	'Υ': "Y", 'Χ': "X", 'Γ': "G", 'Δ': "D", 'Θ': "TH", 'Λ': "L", 'Ξ': "X", 'Π': "P", 'Σ': "S", 'Φ': "F", 'Ψ': "PS", 'Ω': "O",

	'‘': "", '’': "", '‛': "", '′': "", '“': "\"", '”': "\"", '„': "\"", '″': "\"", '«': "\"", '»': "\"",
	'⁄': "/", '∕': "/", '−': "-", '˗': "-", '、': ",", '،': ",", '。': ".", '·': ".",
}
