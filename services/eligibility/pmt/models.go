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

// Shipped loads the models that come with the program.
func Shipped() (Models, error) {
	models := Models{}
	names, err := fs.Glob(files, "models/*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		file, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
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
