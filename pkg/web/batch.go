package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	fast "github.com/goccy/go-json"

	"dtks/pkg/fault"
	"dtks/pkg/web/problem"
)

// MaxItems is how many items one batch may hold.
const MaxItems = 500

// BatchInput is the input of a batch operation. The body is read raw: decoding 500 items twice, as validation by
// schema does, costs more than the work itself.
type BatchInput struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255"`
	RawBody        []byte `contentType:"application/json"`
}

// BatchOutput is the answer of a batch operation: one result per item, in order, always 200.
type BatchOutput struct {
	Body BatchResults
}

// BatchResults holds the results of a batch.
type BatchResults struct {
	Items []ItemResult `json:"items"`
}

// ItemResult is what became of one item.
type ItemResult struct {
	Index   int              `json:"index"`
	Status  int              `json:"status" doc:"As it would be for this item alone"`
	ID      string           `json:"id,omitempty"`
	Version int64            `json:"version,omitempty"`
	Answer  any              `json:"answer,omitempty" doc:"The body that the single operation would give"`
	Problem *problem.Problem `json:"problem,omitempty"`
}

// Refused is the result of an item that was not accepted.
func Refused(index int, err error) ItemResult {
	p := ProblemOf(err)
	return ItemResult{Index: index, Status: p.Status, Problem: p}
}

// Item is one decoded item of a batch, or why it cannot be read.
type Item[T any] struct {
	Value T
	Err   error // a fault; Value is not to be used then
}

var (
	errUnreadable = fault.New(fault.Invalid, "unreadable",
		"Isi permintaan tidak dapat dibaca.", "The request body cannot be read.")
	errItem = fault.New(fault.Invalid, "unreadable",
		"Butir ini tidak dapat dibaca.", "This item cannot be read.")
	errTooMany = fault.New(fault.Invalid, "too_many_items",
		"Satu permintaan memuat paling banyak "+strconv.Itoa(MaxItems)+" butir.",
		"One request holds at most "+strconv.Itoa(MaxItems)+" items.")
	errNoItems = fault.New(fault.Invalid, "no_items", "Permintaan tidak memuat butir.", "The request holds no items.")
)

// DecodeItems reads {"items":[…]}. Unknown fields make an item unreadable: a misspelt field would be lost silently. One
// bad item does not spoil the others. The error is for the body as a whole and quotes nothing of it.
func DecodeItems[T any](body []byte) ([]Item[T], error) {
	var all struct {
		Items []T `json:"items"`
	}
	decoder := fast.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&all) == nil && !decoder.More() {
		if err := checkCount(len(all.Items)); err != nil {
			return nil, err
		}
		items := make([]Item[T], len(all.Items))
		for i := range all.Items {
			items[i].Value = all.Items[i]
		}
		return items, nil
	}
	return decodeEach[T](body)
}

// decodeEach is the slow way, taken when something in the batch cannot be read: item by item, by the standard library,
// whose errors name the field.
func decodeEach[T any](body []byte) ([]Item[T], error) {
	var all struct {
		Items []json.RawMessage `json:"items"`
	}
	strict := json.NewDecoder(bytes.NewReader(body))
	strict.DisallowUnknownFields()
	if strict.Decode(&all) != nil || strict.More() {
		return nil, errUnreadable
	}
	if err := checkCount(len(all.Items)); err != nil {
		return nil, err
	}
	items := make([]Item[T], len(all.Items))
	for i, raw := range all.Items {
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&items[i].Value); err != nil {
			items[i].Err = itemFault(err)
		}
	}
	return items, nil
}

func checkCount(n int) error {
	switch {
	case n == 0:
		return errNoItems
	case n > MaxItems:
		return errTooMany
	}
	return nil
}

// itemFault says which field of an item has the wrong type, where the decoder knows.
func itemFault(err error) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return errItem
	}
	return errItem.With(fault.Detail{
		Field: safePath(wrong.Field), Code: "type",
		Text: fault.Text{ID: "Jenis nilai tidak sesuai.", EN: fmt.Sprintf("This must be of type %s.", wrong.Type.Kind())},
	})
}
