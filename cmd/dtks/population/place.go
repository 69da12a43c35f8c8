package population

import (
	"strconv"
	"strings"
	"sync"

	"dtks/pkg/wilayah"
)

// regency is a part of the country people live in.
type regency struct {
	code     string
	name     string   // as birthplaces give it: without Kabupaten or Kota
	share    float64  // of the population
	peoples  []string // keys of cultures
	mix      []float64
	short    string // how clerks abbreviate its name; empty if they do not
	formerly string // an older name or spelling; empty if none
	oldCode  string // regency code before a province was split; empty if unchanged
	villages []wilayah.Area
}

// plainName is an area's name in capitals without the word for its kind.
func plainName(code string) string {
	n := strings.ToUpper(wilayah.Name(code))
	for _, kind := range []string{"KABUPATEN ", "KOTA ADMINISTRASI ", "KOTA "} {
		n = strings.TrimPrefix(n, kind)
	}
	return n
}

// regencies spread over the archipelago's name cultures. The shares lean to Java, where most people live, but less than
// reality: the rarer kinds of names must be met often enough to be measured.
var regencies = sync.OnceValue(func() []*regency {
	list := []*regency{
		{code: "11.08", share: 2.5, peoples: []string{"aceh"}, mix: []float64{1}},
		{code: "12.71", share: 5, peoples: []string{"batak", "malay", "java", "chinese", "minang"}, mix: []float64{4, 2, 3, 1.2, 1}, short: "MDN"},
		{code: "12.12", share: 2.5, peoples: []string{"batak"}, mix: []float64{1}, formerly: "TOBA SAMOSIR"},
		{code: "13.06", share: 3, peoples: []string{"minang"}, mix: []float64{1}},
		{code: "14.71", share: 2.5, peoples: []string{"malay", "minang", "java", "batak"}, mix: []float64{3, 3, 2, 1}, short: "PKU", formerly: "PAKANBARU"},
		{code: "16.71", share: 2.5, peoples: []string{"malay", "java", "chinese"}, mix: []float64{6, 2, .5}, short: "PLG"},
		{code: "18.71", share: 2, peoples: []string{"java", "malay", "sunda"}, mix: []float64{5, 3, 1}, short: "BDL", formerly: "TANJUNG KARANG"},
		{code: "31.75", share: 5, peoples: []string{"betawi", "java", "sunda", "batak", "minang"}, mix: []float64{4, 4, 2, 1, .6}, short: "JKT", formerly: "DJAKARTA"},
		{code: "36.71", share: 4, peoples: []string{"betawi", "sunda", "java", "chinese"}, mix: []float64{4, 3, 3, 1}, short: "TNG", formerly: "TANGGERANG"},
		{code: "32.04", share: 8, peoples: []string{"sunda", "java"}, mix: []float64{9, 1}, short: "BDG", formerly: "BANDOENG"},
		{code: "32.05", share: 7, peoples: []string{"sunda"}, mix: []float64{1}, short: "GRT", formerly: "GAROET"},
		{code: "32.09", share: 4, peoples: []string{"sunda", "java"}, mix: []float64{5, 5}, short: "CRB", formerly: "TJIREBON"},
		{code: "33.74", share: 6, peoples: []string{"java", "chinese"}, mix: []float64{12, 1}, short: "SMG"},
		{code: "33.02", share: 7, peoples: []string{"java"}, mix: []float64{1}, short: "BMS", formerly: "BANJUMAS"},
		{code: "34.02", share: 4, peoples: []string{"java"}, mix: []float64{1}, short: "BTL", formerly: "BANTOEL"},
		{code: "35.78", share: 6, peoples: []string{"java", "madura", "chinese"}, mix: []float64{8, 2, 1}, short: "SBY", formerly: "SOERABAJA"},
		{code: "35.09", share: 6, peoples: []string{"java", "madura"}, mix: []float64{5, 5}, short: "JBR", formerly: "DJEMBER"},
		{code: "35.28", share: 4, peoples: []string{"madura"}, mix: []float64{1}, short: "PMK"},
		{code: "51.08", share: 3, peoples: []string{"bali"}, mix: []float64{1}, short: "BLL", formerly: "SINGARAJA"},
		{code: "51.71", share: 2.5, peoples: []string{"bali", "java"}, mix: []float64{8, 2}, short: "DPS"},
		{code: "52.03", share: 3, peoples: []string{"sasak"}, mix: []float64{1}, short: "LOTIM"},
		{code: "53.01", share: 2, peoples: []string{"timor"}, mix: []float64{1}, short: "KPG"},
		{code: "53.07", share: 1.5, peoples: []string{"flores"}, mix: []float64{1}, formerly: "MAUMERE"},
		{code: "61.71", share: 2, peoples: []string{"malay", "chinese", "dayak", "java"}, mix: []float64{4, 3, 1.5, 1}, short: "PTK"},
		{code: "63.03", share: 2.5, peoples: []string{"banjar"}, mix: []float64{1}, formerly: "MARTAPURA"},
		{code: "71.71", share: 2, peoples: []string{"minahasa", "malay"}, mix: []float64{7, 3}, short: "MND", formerly: "MENADO"},
		{code: "73.71", share: 3.5, peoples: []string{"bugis", "java", "chinese"}, mix: []float64{9, .7, .5}, short: "MKS", formerly: "UJUNG PANDANG"},
		{code: "73.08", share: 3, peoples: []string{"bugis"}, mix: []float64{1}, formerly: "WATAMPONE"},
		{code: "81.71", share: 1.5, peoples: []string{"moluccas"}, mix: []float64{1}, short: "AMQ", formerly: "AMBOINA"},
		{code: "91.03", share: 2, peoples: []string{"papua", "java", "bugis"}, mix: []float64{7, 1.5, 1.5}, short: "JPR", formerly: "HOLLANDIA"},
		{code: "95.01", share: 1.5, peoples: []string{"papua"}, mix: []float64{1}, formerly: "WAMENA", oldCode: "91.02"},
	}
	for _, g := range list {
		g.name = plainName(g.code)
		g.villages = wilayah.Under(g.code, wilayah.Village)
	}
	return list
})

// provinceShort are the abbreviations of provinces that stand in place of a birthplace.
var provinceShort = map[string]string{"11": "NAD", "12": "SUMUT", "13": "SUMBAR", "16": "SUMSEL", "31": "DKI", "32": "JABAR", "33": "JATENG",
	"34": "DIY", "35": "JATIM", "52": "NTB", "53": "NTT", "61": "KALBAR", "63": "KALSEL", "71": "SULUT", "73": "SULSEL"}

// land is the part of the country that one run draws people from: a few villages of every regency, of skewed sizes.
type land struct {
	regencies []*regency
	shares    []float64
	villages  [][]wilayah.Area // per regency, the largest first
}

// newLand takes about one village per 250 persons, no fewer than two in a regency.
func newLand(r random, persons int) *land {
	l := &land{regencies: regencies()}
	total := 0.0
	for _, g := range l.regencies {
		total += g.share
	}
	for _, g := range l.regencies {
		l.shares = append(l.shares, g.share)
		count := max(2, min(len(g.villages), int(float64(persons)*g.share/total/250)))
		chosen := make([]wilayah.Area, 0, count)
		for _, i := range r.Perm(len(g.villages))[:count] {
			chosen = append(chosen, g.villages[i])
		}
		l.villages = append(l.villages, chosen)
	}
	return l
}

// home is a regency's index and a village of it.
func (l *land) home(r random) (int, wilayah.Area) {
	g := r.weighted(l.shares)
	return g, l.village(r, g)
}

// village of a regency; the first of n is drawn about 1+log2(n) times as often as the average one.
func (l *land) village(r random, g int) wilayah.Area {
	list := l.villages[g]
	return list[min(r.IntN(len(list)), r.IntN(len(list)))]
}

// address of a family: a street in towns, a hamlet in the country.
type address struct {
	kind, name     string
	number, rt, rw int
}

var (
	streets = zipf(`MELATI MAWAR KENANGA MERDEKA ANGGREK DIPONEGORO PAHLAWAN PEMUDA VETERAN FLAMBOYAN CEMPAKA DAHLIA TERATAI KARTINI
		SUDIRMAN CENDANA BOUGENVILLE GARUDA RAJAWALI KUTILANG MANGGA RAMBUTAN NANGKA JAMBU PELITA KEMUNING NUSA SAWO BERINGIN WARINGIN
		KALIMANTAN SUMATERA SERAYU BRANTAS MERAPI SEMERU PERINTIS MASJID PASAR STASIUN SEKOLAH PUSKESMAS LAPANGAN KELINCI`)
	hamlets = zipf(`KRAJAN SUKAMAJU KARANGANYAR MEKARSARI SIDOMULYO CIBODAS BABAKAN PASIRHUNI CIKUPA SUMBERSARI TEGALREJO NGEMPLAK KAUMAN
		SUKASARI CIJAMBE BANJARSARI GUNUNGSARI TANJUNGSARI PONDOKJATI WONOREJO KEBONAGUNG SAWAHLEGA RANCABUNGUR PAKUNCEN KARANGTENGAH
		SRIMULYO LEMBURSAWAH PASARBARU BUKITINDAH BATUPUTIH TANAHMERAH AIRTERJUN RAWASARI KAMPUNGBARU LUBUKALUNG TELUKDALAM`)
)

// newAddress of a village: wards and towns have streets, desa hamlets.
func newAddress(r random, village string) address {
	a := address{number: r.between(1, 140), rt: r.between(1, 9), rw: r.between(1, 7)}
	if strings.HasPrefix(village[len(village)-4:], "1") {
		a.kind, a.name = one(r, []string{"JL", "JL", "JL", "GG"}), streets.pick(r)
		return a
	}
	a.kind, a.name = one(r, []string{"DUSUN", "KP", "DUSUN", "JL"}), hamlets.pick(r)
	if r.chance(.6) && a.kind != "JL" {
		a.number = 0 // houses in hamlets have no numbers
	}
	return a
}

// String is the form of the registry: JL MELATI NO 12 RT 003 RW 005.
func (a address) String() string {
	b := append(make([]byte, 0, 48), a.kind...)
	b = append(append(b, ' '), a.name...)
	if a.number > 0 {
		b = strconv.AppendInt(append(b, " NO "...), int64(a.number), 10)
	}
	b = digits(append(b, " RT "...), a.rt, 3)
	return string(digits(append(b, " RW "...), a.rw, 3))
}
