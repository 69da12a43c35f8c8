package match

import (
	_ "embed"
	"maps"
	"slices"
	"sync"
)

// starting are the probabilities a field starts with before anything was learned: what record linkage usually finds in
// lists of people. Learning on a file moves them; where the file says nothing they stay.
type starting struct{ m, u []float64 }

// others are the shares of one person's records that have a wholly different value in a field of tokens.
var others = map[string]float64{Name: 0.004, Mother: 0.02, Address: 0.15}

// othersOfKind are those of fields that are no registrant's.
var othersOfKind = map[Kind]float64{KindName: 0.004, KindAddress: 0.1}

var startingTokens = starting{
	//           exact  variant near   far    short  nick   initial joined omit.c  omit  different
	m: []float64{0.780, 0.040, 0.060, 0.020, 0.010, 0.006, 0.010, 0.008, 0.020, 0.030, 0.016},
	u: []float64{0.010, 0.002, 0.002, 0.004, 0.001, 0.001, 0.010, 1e-4, 0.050, 0.250, 0.670},
}

var startings = map[Kind]starting{
	KindName:    startingTokens,
	KindAddress: {m: []float64{0.65, 0.02, 0.05, 0.02, 0.01, 0.001, 0.005, 0.02, 0.02, 0.10, 0.10}, u: startingTokens.u},
	KindText:    {m: []float64{0.80, 0.01, 0.06, 0.03, 0.01, 0.001, 0.002, 0.01, 0.01, 0.03, 0.04}, u: startingTokens.u},
	//                         exact  swap   digit  year   sameday month  days   year   season near   different
	KindDate:   {m: []float64{0.860, 0.010, 0.040, 0.020, 0.015, 0.010, 0.010, 0.008, 0.008, 0.007, 0.012}, u: []float64{1e-4, 1e-4, 0.002, 0.002, 0.003, 0.0015, 0.001, 0.015, 0.030, 0.045, 0.900}},
	KindNIK:    {m: []float64{0.930, 0.020, 0.006, 0.005, 0.007, 0.002, 0.030}, u: []float64{1e-7, 1e-7, 1e-7, 1e-6, 1, 1, 1}},
	KindNumber: {m: []float64{0.850, 0.025, 0.008, 0.010, 0.007, 0.100}, u: []float64{1e-5, 1e-5, 1e-5, 1e-4, 1e-3, 0.998}},
	KindPhone:  {m: []float64{0.800, 0.020, 0.008, 0.010, 0.012, 0.150}, u: []float64{1e-5, 1e-5, 1e-5, 1e-4, 1e-3, 0.998}},
	KindSex:    {m: []float64{0.985, 0.015}, u: []float64{0.5, 0.5}},
	KindPlace:  {m: []float64{0.800, 0.110, 0.040, 0.020, 0.030}, u: []float64{0.01, 0.01, 0.005, 0.05, 0.925}},
	KindArea:   {m: []float64{0.850, 0.060, 0.040, 0.020, 0.030}, u: []float64{0.001, 0.01, 0.03, 0.06, 0.899}},
	KindEmail:  {m: []float64{0.800, 0.030, 0.080, 0.090}, u: []float64{1e-5, 1e-4, 1e-4, 0.999}},
	KindCode:   {m: []float64{0.880, 0.040, 0.080}, u: []float64{0.02, 0.02, 0.96}},
}

// Relatives of one household share what a household shares: the KK, the mother, the address, and parts of the name.
var startingRelatives = map[string][]float64{
	//         exact  variant near   far    short  nick   initial joined omit.c  omit  different
	Name:    {0.330, 0.020, 0.015, 0.015, 0.003, 0.003, 0.012, 1e-4, 0.030, 0.150, 0.422},
	Mother:  {0.600, 0.030, 0.040, 0.015, 0.008, 0.005, 0.008, 0.006, 0.020, 0.060, 0.208},
	KK:      {0.850, 0.025, 0.008, 0.010, 0.007, 0.100},
	Address: {0.630, 0.020, 0.050, 0.020, 0.010, 0.001, 0.005, 0.020, 0.020, 0.120, 0.104},
	Area:    {0.850, 0.060, 0.040, 0.020, 0.030},
	//          exact  swap   digit  year   sameday month  days   year   season near   different
	BirthDate:  {0.015, 2e-4, 0.003, 0.003, 0.003, 0.002, 0.001, 0.015, 0.080, 0.150, 0.728},
	BirthPlace: {0.620, 0.110, 0.030, 0.080, 0.160},
	Sex:        {0.500, 0.500},
	NIK:        {0.002, 0.002, 0.0005, 0.005, 0.250, 0.050, 0.690}, // twins: next serials of one day
}

// relativesOfKind are what relatives share in fields that are no registrant's.
var relativesOfKind = map[Kind][]float64{
	KindPhone:   {0.600, 0.010, 0.005, 0.010, 0.005, 0.370},
	KindAddress: {0.630, 0.020, 0.050, 0.020, 0.010, 0.001, 0.005, 0.020, 0.020, 0.120, 0.104},
}

// For returns a model for records of any fields, to be learned on a file. Relatives are told apart where the fields are
// a registrant's, so that a household can be recognised.
func (m *Model) For(fields []Field) *Model {
	out := &Model{Version: m.Version, Source: Source{Data: "starting values", Method: "stated"}, Lists: m.Lists,
		Prior: Prior{Match: 1e-4}, Calibration: m.Calibration, Costs: m.Costs}
	for _, f := range fields {
		for _, known := range m.Fields {
			if known.Field == f {
				f := known
				f.M, f.U, f.Relative = maps.Clone(f.M), maps.Clone(f.U), maps.Clone(f.Relative)
				out.Fields = append(out.Fields, f)
			}
		}
		if len(out.Fields) == 0 || out.Fields[len(out.Fields)-1].Field != f {
			out.Fields = append(out.Fields, startingField(f))
		}
	}
	if household(fields) {
		out.Prior.Relative = 1e-3
	} else {
		for i := range out.Fields {
			out.Fields[i].Relative, out.Fields[i].Namesake = nil, 0
		}
	}
	if err := out.prepare(); err != nil {
		panic(err) // the starting values are covered by a test, and a model that was parsed holds
	}
	return out
}

// household reports whether relatives of one household can be told from strangers by these fields.
func household(fields []Field) bool {
	named, shared := false, false
	for _, f := range fields {
		named = named || f.Name == Name || f.Name == BirthDate
		shared = shared || f.Name == KK || f.Name == Mother || f.Kind == KindAddress || f.Kind == KindPhone
	}
	return named && shared
}

func startingField(f Field) FieldModel {
	s := startings[f.Kind]
	out := FieldModel{Field: f, M: map[string]float64{}, U: map[string]float64{}, Frequencies: Frequencies{Unseen: 1e-4}}
	for i, name := range findings[f.Kind] {
		out.M[name], out.U[name] = s.m[i], s.u[i]
	}
	rel, ok := startingRelatives[f.Name]
	if !ok {
		rel, ok = relativesOfKind[f.Kind]
	}
	if ok && len(rel) == len(s.m) {
		out.Relative = map[string]float64{}
		for i, name := range findings[f.Kind] {
			out.Relative[name] = rel[i]
		}
	}
	if out.Other = others[f.Name]; out.Other == 0 {
		out.Other = othersOfKind[f.Kind]
	}
	if f.Name == Name {
		out.Namesake = 0.002
	}
	return out
}

// StandardCosts: taking two people for one hides a poor person behind another and is found late; refusing one person
// delays help and is found at the next visit; a look takes an officer some minutes. Stated, to be changed by whoever
// answers for them.
var StandardCosts = Costs{FalseMatch: 100, FalseRefusal: 10, Review: 1}

// Blank returns the model that knows no field yet, reading with or without the Indonesian lists.
func Blank(lists string) *Model {
	return &Model{Version: "0", Lists: lists, Calibration: Calibration{Slope: 1}, Costs: StandardCosts}
}

//go:embed models/indonesia-1.json
var standardText []byte

var standard = sync.OnceValue(func() *Model {
	m, err := Parse(standardText)
	if err != nil {
		panic(err) // embedded, and covered by a test
	}
	return m
})

// Standard returns the model of registrants that comes with the program, learned on the synthetic population
// (models/indonesia-1.json says on which). It must not be changed.
func Standard() *Model { return standard() }

// Claims returns the model for the question whether the one who shows a NIK is the one it was issued to. The NIK itself
// then says nothing: it was used to find the other record. Whoever has somebody else's NIK is seldom a stranger from
// across the country: families keep their papers together, and a slip in the serial hits somebody born in the same
// district on the same day. How often strangers agree is therefore bounded from below (claimFloors), and relatives are far
// more frequent than among all people. Both are stated, not measured.
func (m *Model) Claims() *Model {
	out := m.clone()
	out.Fields = slices.DeleteFunc(out.Fields, func(f FieldModel) bool { return f.Kind == KindNIK })
	out.Prior = Prior{Match: 0.90, Relative: 0.005}
	for i := range out.Fields {
		out.Fields[i].Floor = claimFloors[out.Fields[i].Name]
	}
	if err := out.prepare(); err != nil {
		panic(err) // the fields were those of a model that holds
	}
	return out
}

// claimFloors are the least shares of people with another's NIK who agree with its owner on a field.
var claimFloors = map[string]float64{Name: 0.001, BirthDate: 0.25, Sex: 0.5, BirthPlace: 0.5, Area: 0.5, Mother: 0.004, KK: 0.001, Address: 0.004}
