package matching

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"dtks/pkg/fault"
	"dtks/services/nik-match/match"
)

// Choice is the model that is used and why.
type Choice struct {
	Model *match.Model
	Learn bool       // estimated on the lists themselves, starting from Model
	Why   fault.Text // for people
}

// Learn as the model's name has it learned on the lists, whatever they are.
const Learn = "learn"

// enough is how many records a list needs before it says more about itself than the model that comes with the program.
const enough = 500

// Choose picks the model: the one in a file, or one learned on the lists, or, for few registrants, the one that comes with
// the program. lists says whether Indonesian names and places are known.
func Choose(fields []match.Field, records int, name string, lists bool) (Choice, error) {
	if name != "" && name != Learn {
		m, err := readModel(name, fields)
		return Choice{Model: m, Why: fault.Text{ID: "model dari berkas " + name, EN: "model of the file " + name}}, err
	}
	m := Start(fields, lists)
	switch {
	case name == Learn:
		return Choice{m, true, fault.Text{ID: "dipelajari dari berkas ini, sesuai permintaan", EN: "learned on this file, as asked for"}}, nil
	case !registrants(fields):
		return Choice{m, true, fault.Text{ID: "dipelajari dari berkas ini, karena bidangnya bukan bidang pendaftar", EN: "learned on this file, whose fields are not a registrant's"}}, nil
	case records >= enough:
		return Choice{m, true, fault.Text{ID: fmt.Sprintf("dipelajari dari berkas ini, yang memuat %d data", records), EN: fmt.Sprintf("learned on this file, which has %d records", records)}}, nil
	}
	return Choice{m, false, fault.Text{ID: fmt.Sprintf("model baku, karena %d data terlalu sedikit untuk dipelajari", records), EN: fmt.Sprintf("the standard model, for %d records are too few to learn from", records)}}, nil
}

// Start is the model before anything is learned on a list.
func Start(fields []match.Field, lists bool) *match.Model {
	switch {
	case !lists:
		return match.Blank("none").For(fields)
	case registrants(fields):
		return standard().For(fields)
	}
	return match.Blank("indonesia").For(fields)
}

func standard() *match.Model { return match.Standard() }

// registrants reports whether the fields are those of the registry: a name and at least two others that it holds.
func registrants(fields []match.Field) bool {
	n, named := 0, false
	for _, f := range fields {
		if slices.Contains(match.Registrant(), f) {
			n++
			named = named || f.Name == match.Name
		}
	}
	return named && n >= 3
}

// readModel reads a model file and takes from it the fields that the lists have.
func readModel(path string, fields []match.Field) (*match.Model, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m, err := match.Parse(text)
	if err != nil {
		return nil, fault.New(fault.Invalid, "model_unusable", path+" bukan model yang sah.", path+" is not a sound model file.").Because(err)
	}
	if slices.Equal(m.Schema(), fields) {
		return m, nil
	}
	for _, f := range fields {
		if !slices.Contains(m.Schema(), f) {
			return nil, fault.New(fault.Invalid, "model_other_fields",
				fmt.Sprintf("Model %s tidak mengenal bidang %s (%s); ia mengenal %v.", path, f.Name, f.Kind, m.Schema()),
				fmt.Sprintf("The model %s does not know the field %s (%s); it knows %v.", path, f.Name, f.Kind, m.Schema()))
		}
	}
	return Only(m, fields)
}

// Only keeps some fields of a model, in the order given, and everything else of it.
func Only(m *match.Model, fields []match.Field) (*match.Model, error) {
	c := *m
	c.Fields = nil
	for _, f := range fields {
		i := slices.IndexFunc(m.Fields, func(have match.FieldModel) bool { return have.Field == f })
		c.Fields = append(c.Fields, m.Fields[i])
	}
	return reparse(&c)
}

// reparse checks a model that was put together and prepares it for use.
func reparse(m *match.Model) (*match.Model, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	return match.Parse(text)
}

// SaveModel writes a model so that --model can read it. It holds how frequent each value is and therefore values that
// stand in the list, such as parts of names: it is as confidential as the list.
func SaveModel(path string, m *match.Model) error {
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	return writeWhole(path, 0o600, func(w writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
}
