package pmt

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed models/*.json
var files embed.FS

// Models holds the loaded models by id.
type Models map[string]*Model

// Files are the model files that come with the program, by name.
func Files() map[string][]byte {
	names, _ := fs.Glob(files, "models/*.json") // the pattern is right
	out := make(map[string][]byte, len(names))
	for _, name := range names {
		out[name], _ = files.ReadFile(name) // embedded: it is there
	}
	return out
}

// Shipped loads the models that come with the program.
func Shipped() (Models, error) {
	models := Models{}
	for name, file := range Files() {
		if _, err := models.Add(file); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return models, nil
}

// Add loads one more model file. A model is never changed under its id: a second one with the same id is refused.
func (ms Models) Add(file []byte) (*Model, error) {
	m, err := Load(file)
	if err != nil {
		return nil, err
	}
	if _, taken := ms[m.ID]; taken {
		return nil, fmt.Errorf("a model with id %s is loaded already", m.ID)
	}
	ms[m.ID] = m
	return m, nil
}
