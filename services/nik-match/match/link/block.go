package link

import (
	"context"
	"errors"

	"dtks/services/nik-match/match"
)

// Lost estimates which matches the keys miss, from records taken evenly and compared with all.
type Lost struct {
	Sampled        int     // records compared with all
	Expected, Seen float64 // matches of theirs, in all and among those with a common key
}

func (j *job) blocked(context.Context, *match.Model, match.Bits) ([]found, error) {
	return nil, errors.New("too many records")
}
