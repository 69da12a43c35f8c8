package trial

import (
	"context"
	"fmt"

	"dtks/cmd/dtks/population"
	"dtks/services/nik-match/match"
	"dtks/services/nik-match/match/link"
)

// standardPersons is how many people the standard model is learned on.
const standardPersons = 20_000

// Standard learns the model of registrants that comes with the program, on the training seed, and returns its file.
func Standard(ctx context.Context) ([]byte, error) {
	start := match.Blank("indonesia").For(match.Registrant())
	reader := start.Reader()
	people := population.File(population.TrainSeed, standardPersons)
	records := make([]match.Record, len(people))
	for i, p := range people {
		records[i] = reader.Read(p.ID, valuesOf(p))
	}
	m, err := link.Train(ctx, records, start, func(a, b int32) bool { return people[a].Entity == people[b].Entity })
	if err != nil {
		return nil, err
	}
	m.Version = "indonesia-1"
	m.Source = match.Source{
		Data:    fmt.Sprintf("synthetic population, seed %d, %d persons (cmd/dtks/population)", population.TrainSeed, standardPersons),
		Records: len(records),
		Method:  "weights by unsupervised expectation and maximisation over all pairs; calibration by logistic regression on the labels",
		Note:    "prior, shares of areas and of birthplaces, and the bounds of relatives are stated: models/README.md",
	}
	return m.JSON(), nil
}
