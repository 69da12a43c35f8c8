package match

import "encoding/json"

// Frozen turns a model that was learned on a file into one for records that come one by one, for years: values of that
// file alone (numbers, villages, rare words) are dropped, shares are those of the country, and the prior is stated.
func (m *Model) Frozen(c Calibration) *Model {
	out := m.clone()
	out.Calibration = c
	out.Prior = Prior{Match: 5e-8, Relative: 5e-6} // see models/README.md
	for i := range out.Fields {
		f := &out.Fields[i]
		switch f.Kind {
		case KindNIK, KindNumber, KindPhone, KindEmail:
			f.Share, f.Unseen = nil, min(f.Unseen, 1e-8)
		case KindArea:
			f.Share, f.Unseen = nil, 2.0/villages
		case KindPlace:
			f.Share, f.Unseen = nil, 0.02 // most compared pairs live, and were born, near each other
		default:
			kept := map[string]float64{}
			for key, share := range f.Share {
				if share >= 2e-4 {
					kept[key] = round(share)
				}
			}
			f.Share = kept
		}
		for _, p := range []map[string]float64{f.M, f.U, f.Relative} {
			for key := range p {
				p[key] = round(p[key])
			}
		}
		f.Unseen = round(f.Unseen)
	}
	if err := out.prepare(); err != nil {
		panic(err) // it held before, and shares stayed in range
	}
	return out
}

// villages, districts, regencies and provinces of 2025 (Kepmendagri 300.2.2-2430/2025).
const (
	villages  = 83762.0
	districts = 7285.0
	regencies = 514.0
	provinces = 38.0
)

// round keeps three digits: more would be false precision in a file people read.
func round(p float64) float64 {
	scale := 1.0
	for p*scale < 100 {
		scale *= 10
	}
	return float64(int64(p*scale+0.5)) / scale
}

// JSON writes the model as a file that Parse reads.
func (m *Model) JSON() []byte {
	text, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		panic(err) // numbers and strings only
	}
	return append(text, '\n')
}

// Sized returns the model with the prior of a file of so many records: of a file that somebody wants compared, one record
// in ten is taken to have another one of the same person, and two relatives.
func (m *Model) Sized(records int) *Model {
	out := m.clone()
	n := float64(max(records, 10))
	out.Prior.Match = 0.1 / n
	if out.Prior.Relative > 0 {
		out.Prior.Relative = 2 / n
	}
	if err := out.prepare(); err != nil {
		panic(err) // both are shares
	}
	return out
}
