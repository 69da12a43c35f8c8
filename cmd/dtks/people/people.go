// Package people holds the invented persons who sign in on a developer's machine: for every role at least three in each
// sample area and three for all of Indonesia, so that proposer, verifier and approver can always be different persons.
//
// Their ids are fixed and obviously synthetic (c0470000-…), so that data, tests and screenshots stay comparable. They are
// never part of a deployment: there, people come from the OpenID provider.
package people

import (
	"fmt"
	"strings"
)

// Person is somebody who can sign in at the development issuer.
type Person struct {
	Account string   `json:"account"` // what one signs in with, e.g. verifier1.3204
	ID      string   `json:"person"`  // person id, which four eyes compare
	Name    string   `json:"name"`
	Roles   []string `json:"roles"`
	Area    string   `json:"area"`  // "00" all of Indonesia, "32.04" a regency, or a village
	Place   string   `json:"place"` // the area's name
}

// National is the area of those who act for all of Indonesia.
const National = "00"

// Area is a place of the sample.
type Area struct {
	Code    string // regency
	Name    string
	Village string // the village of its village operators
}

// areas of the sample. 91.03 has NIKs above 2^53; the others spread over the archipelago's name cultures.
var areas = []Area{
	{"32.04", "Kabupaten Bandung", "32.04.10.2001"},
	{"33.74", "Kota Semarang", "33.74.10.1001"},
	{"91.03", "Kabupaten Jayapura", "91.03.01.2004"},
	{"12.71", "Kota Medan", "12.71.01.1001"},
	{"51.71", "Kota Denpasar", "51.71.01.1001"},
	{"53.71", "Kota Kupang", "53.71.01.1001"},
	{"73.71", "Kota Makassar", "73.71.01.1001"},
}

// roles in the order in which they meet a family. Their number is part of the person id: never reorder.
var roles = []struct{ name, title string }{
	{"operator", "Operator"},
	{"lksa", "Petugas LKSA"},
	{"verifier", "Verifikator"},
	{"approver", "Kepala Dinas"},
	{"programme", "Petugas Program"},
	{"ops", "Operasi"},
	{"admin", "Admin Pusdatin"},
	{"auditor", "Auditor"},
}

// perRole is how many persons hold a role in an area.
const perRole = 3

// all is built once; nobody changes it.
var all = build()

func build() []Person {
	var list []Person
	for _, area := range append([]Area{{Code: National, Name: "Indonesia"}}, areas...) {
		for r, role := range roles {
			for n := 1; n <= perRole; n++ {
				list = append(list, person(area, r, n, role.name, role.title))
			}
		}
		if area.Village != "" {
			village := person(area, 0, perRole+1, "operator", "Operator Desa")
			village.Account = "desa1." + digits(area.Code)
			village.Area = area.Village
			list = append(list, village)
		}
	}
	return list
}

func person(area Area, role, n int, name, title string) Person {
	return Person{
		Account: fmt.Sprintf("%s%d.%s", name, n, digits(area.Code)),
		ID:      fmt.Sprintf("c0470000-0000-8000-8000-%04s%02d%06d", digits(area.Code), role+1, n),
		Name:    fmt.Sprintf("%s Contoh %d %s", title, n, area.Name),
		Roles:   []string{name},
		Area:    area.Code,
		Place:   area.Name,
	}
}

// digits is an area code without its points: accounts and ids hold no points of their own.
func digits(code string) string { return strings.ReplaceAll(code, ".", "") }

// All lists every sample person, national ones first.
func All() []Person { return append([]Person(nil), all...) }

// Areas lists the regencies of the sample.
func Areas() []Area { return append([]Area(nil), areas...) }

// Find gives the person of an account.
func Find(account string) (Person, bool) {
	for _, p := range all {
		if p.Account == account {
			return p, true
		}
	}
	return Person{}, false
}

// With lists who holds role for exactly area: "00", or a regency such as 32.04.
func With(role, area string) []Person {
	var found []Person
	for _, p := range all {
		if p.Area == area && p.Roles[0] == role {
			found = append(found, p)
		}
	}
	return found
}

// For lists who may act in role for a village or regency: those of its regency, else the national ones.
func For(role, area string) []Person {
	regency := area
	if len(regency) > 5 {
		regency = regency[:5]
	}
	if found := With(role, regency); len(found) > 0 {
		return found
	}
	return With(role, National)
}
