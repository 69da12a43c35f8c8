package main

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"dtks/pkg/auth"
	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/outbox"
	"dtks/pkg/web"

	"github.com/danielgtaylor/huma/v2"
	"github.com/jackc/pgx/v5"
)

// decideInput is one decision on the case in the path.
type decideInput struct {
	ID             string `path:"id" format:"uuid"`
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"128"`
	Body           struct {
		Decision        verb   `json:"decision" enum:"verify,approve,return,reject"`
		ProposalVersion int64  `json:"proposal_version" minimum:"1" doc:"version of the proposal that the officer looked at"`
		ReasonCode      string `json:"reason_code,omitempty" maxLength:"64" doc:"required for return and reject; a code, never a sentence"`
	}
}

// decidedBody answers a decision.
type decidedBody struct {
	CaseID  string           `json:"case_id"`
	Status  event.CaseStatus `json:"status"`
	Version int64            `json:"version"`
}

// stored is an answer whose body was encoded inside the transaction, because it is stored with it.
type stored struct {
	Status      int
	ContentType string `header:"Content-Type"`
	Replayed    string `header:"Idempotent-Replayed"`
	Body        []byte
}

// batchBody is the body of a batch of decisions, for the documentation only: web.DecodeItems reads it.
type batchBody struct {
	Items []decision `json:"items" minItems:"1" maxItems:"500"`
}

func (s *service) registerDecisions(w *web.Server) {
	schemas := w.API.OpenAPI().Components.Schemas
	body := func(t reflect.Type) map[string]*huma.MediaType {
		return map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(t, true, "")}}
	}
	web.Register(w, huma.Operation{
		OperationID: "decide-case", Method: http.MethodPost, Path: "/v1/cases/{id}/decisions",
		Summary: "Verify, approve, return or reject a case",
		Responses: map[string]*huma.Response{"200": {
			Description: "The case after the decision", Content: body(reflect.TypeFor[decidedBody]())}},
	}, s.decideOne)
	web.Register(w, huma.Operation{
		OperationID: "decide-cases", Method: http.MethodPost, Path: "/v1/decisions/batch",
		Summary:          "Decide up to 500 cases; each is answered for itself",
		SkipValidateBody: true, // each item is checked, and answered, for itself
		Responses: map[string]*huma.Response{"200": {
			Description: "One answer for each decision, in order", Content: body(reflect.TypeFor[web.BatchResults]())}},
	}, s.decideBatch)
	// Registering has described the body as what it is read as: bytes.
	w.API.OpenAPI().Paths["/v1/decisions/batch"].Post.RequestBody.Content = body(reflect.TypeFor[batchBody]())
}

// officerOf is the caller as the pure rule wants to know them.
func officerOf(ctx context.Context) (officer, auth.Principal, error) {
	p, ok := auth.From(ctx)
	if !ok || !idPattern.MatchString(p.Person) {
		return officer{}, p, fault.New(fault.Forbidden, "person_unknown",
			"token tidak menyebut orangnya", "the token names no person")
	}
	return officer{Person: p.Person, May: auth.Rights(ctx).Require}, p, nil
}

func (s *service) decideOne(ctx context.Context, in *decideInput) (*stored, error) {
	by, p, err := officerOf(ctx)
	if err != nil {
		return nil, err
	}
	d := decision{strings.ToLower(in.ID), in.Body.Decision, in.Body.ProposalVersion, in.Body.ReasonCode}
	hashed, err := event.Marshal(d)
	if err != nil {
		return nil, err
	}
	key := web.OnceKey{Principal: p.Account, Route: "decide-case", Key: in.IdempotencyKey, BodyHash: web.HashBody(hashed)}
	return s.once(ctx, key, func(tx pgx.Tx) (any, error) {
		results := []result{{decision: d}}
		if err := s.decide(ctx, tx, by, results); err != nil {
			return nil, err
		}
		return decidedBody{d.CaseID, results[0].after.Status, results[0].after.Version}, results[0].err
	})
}

func (s *service) decideBatch(ctx context.Context, in *web.BatchInput) (*stored, error) {
	by, p, err := officerOf(ctx)
	if err != nil {
		return nil, err
	}
	items, err := web.DecodeItems[decision](in.RawBody)
	if err != nil {
		return nil, err
	}
	key := web.OnceKey{Principal: p.Account, Route: "decide-cases", Key: in.IdempotencyKey, BodyHash: web.HashBody(in.RawBody)}
	return s.once(ctx, key, func(tx pgx.Tx) (any, error) {
		results := make([]result, len(items))
		for i, item := range items {
			results[i] = result{decision: item.Value, err: item.Err}
		}
		if err := s.decide(ctx, tx, by, results); err != nil {
			return nil, err
		}
		return web.BatchResults{Items: answersOf(results)}, nil
	})
}

// once runs do under the caller's Idempotency-Key and wakes the relay after the commit.
func (s *service) once(ctx context.Context, key web.OnceKey, do func(tx pgx.Tx) (any, error)) (*stored, error) {
	status, body, replayed, err := web.Once(ctx, s.store.db, key, func(tx pgx.Tx) (int, []byte, error) {
		out, err := do(tx)
		if err != nil {
			return 0, nil, err
		}
		body, err := event.Marshal(out)
		return http.StatusOK, body, err
	})
	if err != nil {
		return nil, err
	}
	s.outbox.Wake()
	out := &stored{Status: status, ContentType: "application/json", Body: body}
	if replayed {
		out.Replayed = "true"
	}
	return out, nil
}

func answersOf(results []result) []web.ItemResult {
	items := make([]web.ItemResult, len(results))
	for i, r := range results {
		if r.err != nil {
			items[i] = web.Refused(i, r.err)
			continue
		}
		items[i] = web.ItemResult{Index: i, Status: http.StatusOK, ID: r.after.ID, Version: r.after.Version,
			Answer: decidedBody{r.after.ID, r.after.Status, r.after.Version}}
	}
	return items
}

// result is a decision and what came of it: the case after it, or a fault.
type result struct {
	decision
	after caseFile
	err   error
}

// decide takes many decisions of one officer at once: one statement locks and reads the cases, the pure rule decides,
// one statement writes, one call records the events. A refused decision leaves its case as it was. Results that come
// with a fault are left alone.
func (s *service) decide(ctx context.Context, tx pgx.Tx, by officer, results []result) error {
	ids := make([]string, 0, len(results))
	for i := range results {
		r := &results[i]
		if r.err != nil {
			continue
		}
		if f := r.check(); f != nil {
			r.err = f
			continue
		}
		ids = append(ids, r.CaseID)
	}
	if len(ids) == 0 {
		return nil
	}
	if err := s.store.byKey(ctx, tx); err != nil {
		return err
	}
	locked, err := s.store.lockCases(ctx, tx, ids)
	if err != nil {
		return fmt.Errorf("locking cases: %w", err)
	}
	cases := make(map[string]*caseFile, len(locked))
	for i := range locked {
		cases[locked[i].ID] = &locked[i]
	}
	changed, drafts := decideAll(results, cases, by, s.now().UTC().Truncate(time.Microsecond))
	if len(changed) == 0 {
		return nil
	}
	if err := s.store.save(ctx, tx, changed); err != nil {
		return fmt.Errorf("saving cases: %w", err)
	}
	return s.publish(ctx, tx, drafts)
}

// decideAll applies the pure rule to each result in order, and keeps cases up to date: one officer can act on a case only
// once, so a second decision on it in the same batch meets the new state and is refused.
func decideAll(results []result, cases map[string]*caseFile, by officer, at time.Time) ([]caseFile, []outbox.Draft) {
	changed := make([]caseFile, 0, len(cases))
	drafts := make([]outbox.Draft, 0, len(cases))
	for i := range results {
		r := &results[i]
		if r.err != nil {
			continue
		}
		c, ok := cases[r.CaseID]
		if !ok {
			r.err = errNoCase
			continue
		}
		after, refusal := decide(*c, by, r.decision, at)
		if refusal != nil {
			r.err = refusal
			continue
		}
		r.after, *c = after, after
		changed = append(changed, after)
		drafts = append(drafts, draft(after, event.Cause{}))
	}
	return changed, drafts
}
