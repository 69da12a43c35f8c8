package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/pkg/auth"
	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/web"
)

func (s *service) registerProposals(w *web.Server) {
	web.Register(w, huma.Operation{
		OperationID: "propose", Method: http.MethodPost, Path: "/v1/proposals",
		Summary: "Propose a family, a correction, a deactivation or a move",
		Description: "201 when it is stored, 200 when it says nothing new. Warnings tell what was stored although it needs repair. " +
			"If-Match names the version of the open proposal that this one is to replace.",
	}, s.propose)
	web.Register(w, huma.Operation{
		OperationID: "propose-batch", Method: http.MethodPost, Path: "/v1/proposals/batch",
		Summary: "Propose up to 500 families at once, answered item by item",
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {
			Schema: w.API.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[proposalBatch](), true, "ProposalBatch")}}},
		Responses: map[string]*huma.Response{"200": {Description: "One result per item, in order",
			Content: map[string]*huma.MediaType{"application/json": {
				Schema: w.API.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[web.BatchResults](), true, "BatchResults")}}}},
	}, s.proposeBatch)
	web.Register(w, huma.Operation{
		OperationID: "get-proposal", Method: http.MethodGet, Path: "/v1/proposals/{id}",
		Summary: "One proposal with its values", Description: "Its ETag is the version that If-Match takes.",
	}, s.getProposal)
}

// proposalBatch is the body of a batch, for the documentation: it is decoded item by item.
type proposalBatch struct {
	Items []ProposalInput `json:"items" minItems:"1" maxItems:"500"`
}

type proposeInput struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255"`
	IfMatch        string `header:"If-Match" doc:"version of the open proposal to replace"`
	Body           ProposalInput
	RawBody        []byte
}

type proposeOutput struct {
	Status int
	ETag   string `header:"ETag"`
	Body   ProposalAnswer
}

var errIfMatchUnreadable = fault.New(fault.Invalid, "if_match_unreadable",
	"If-Match harus berupa versi usulan dalam tanda kutip.", "If-Match must be a proposal's version in quotes.")

func (s *service) propose(ctx context.Context, in *proposeInput) (*proposeOutput, error) {
	ifMatch := int64(0)
	if in.IfMatch != "" && in.IfMatch != "*" {
		v, err := strconv.ParseInt(strings.Trim(in.IfMatch, `"`), 10, 64)
		if err != nil || v < 1 {
			return nil, errIfMatchUnreadable
		}
		ifMatch = v
	}
	by, key, err := s.author(ctx, "POST /v1/proposals", in.IdempotencyKey, append(in.RawBody, in.IfMatch...))
	if err != nil {
		return nil, err
	}
	by.ifMatch = ifMatch
	entries, refused := prepare([]ProposalInput{in.Body}, auth.Rights(ctx))
	if refused[0].err != nil {
		return nil, refused[0].err
	}
	status, body, err := s.once(ctx, key, func(tx pgx.Tx) (int, []byte, error) {
		outcomes := make([]outcome, 1)
		if err := s.enter(ctx, tx, entries, outcomes, by); err != nil {
			return 0, nil, err
		}
		if outcomes[0].err != nil {
			return 0, nil, outcomes[0].err
		}
		body, err := event.Marshal(outcomes[0].answer)
		return outcomes[0].status, body, err
	})
	if err != nil {
		return nil, err
	}
	out := &proposeOutput{Status: status}
	if err := event.Unmarshal(body, &out.Body); err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	out.ETag = web.ETag(out.Body.Version)
	return out, nil
}

// rawOutput is a body that has been encoded already.
type rawOutput struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (s *service) proposeBatch(ctx context.Context, in *web.BatchInput) (*rawOutput, error) {
	by, key, err := s.author(ctx, "POST /v1/proposals/batch", in.IdempotencyKey, in.RawBody)
	if err != nil {
		return nil, err
	}
	items, err := web.DecodeItems[ProposalInput](in.RawBody)
	if err != nil {
		return nil, err
	}
	inputs := make([]ProposalInput, len(items))
	for i := range items {
		inputs[i] = items[i].Value
	}
	entries, refused := prepare(inputs, auth.Rights(ctx))
	for i := range items {
		if items[i].Err != nil {
			entries[i], refused[i] = nil, outcome{err: items[i].Err}
		}
	}
	_, body, err := s.once(ctx, key, func(tx pgx.Tx) (int, []byte, error) {
		outcomes := append([]outcome(nil), refused...)
		if err := s.enter(ctx, tx, entries, outcomes, by); err != nil {
			return 0, nil, err
		}
		body, err := event.Marshal(results(outcomes))
		return http.StatusOK, body, err
	})
	if err != nil {
		return nil, err
	}
	return &rawOutput{ContentType: "application/json", Body: body}, nil
}

func results(outcomes []outcome) web.BatchResults {
	out := web.BatchResults{Items: make([]web.ItemResult, len(outcomes))}
	for i := range outcomes {
		o := &outcomes[i]
		if o.err != nil {
			out.Items[i] = web.Refused(i, o.err)
			continue
		}
		out.Items[i] = web.ItemResult{Index: i, Status: o.status, ID: o.answer.ProposalID, Version: o.answer.Version, Answer: &o.answer}
	}
	return out
}

var errNoPerson = fault.New(fault.Forbidden, "person_unknown",
	"Token tidak menyebut orang; usulan memerlukan pengusul.", "The token names no person; a proposal needs a proposer.")

// author is the caller as a proposer, and the key under which the answer is kept.
func (s *service) author(ctx context.Context, route, idempotencyKey string, body []byte) (author, web.OnceKey, error) {
	who, _ := auth.From(ctx)
	rights := auth.Rights(ctx)
	if err := rights.Require(auth.Propose, rights.Area()); err != nil {
		return author{}, web.OnceKey{}, err
	}
	if who.Person == "" {
		return author{}, web.OnceKey{}, errNoPerson
	}
	key := web.OnceKey{Principal: who.Account, Route: route, Key: idempotencyKey}
	if idempotencyKey != "" {
		key.BodyHash = web.HashBody(body)
	}
	return author{person: who.Person, at: s.now().UTC().Truncate(time.Microsecond), newID: newID}, key, nil
}

// newID gives ids that grow with time: neighbours in time are neighbours in every index.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// once runs do in a transaction and wakes the relay; a race between two entries of one family is run again.
func (s *service) once(ctx context.Context, key web.OnceKey, do func(tx pgx.Tx) (int, []byte, error)) (int, []byte, error) {
	for try := 1; ; try++ {
		status, body, _, err := web.Once(ctx, s.store.db, key, do)
		if errors.Is(err, errRaced) && try < 5 {
			continue
		}
		if err == nil {
			s.outbox.Wake()
		}
		return status, body, err
	}
}

type idInput struct {
	ID string `path:"id" format:"uuid"`
}

type proposalOutput struct {
	ETag string `header:"ETag"`
	Body ProposalView
}

var errNoSuchProposal = fault.New(fault.NotFound, "proposal_not_found",
	"Usulan ini tidak ada atau di luar wilayah Anda.", "There is no such proposal, or it lies outside your area.")

func (s *service) getProposal(ctx context.Context, in *idInput) (*proposalOutput, error) {
	found, err := s.store.proposals(ctx, []string{in.ID})
	if err != nil {
		return nil, err
	}
	p := found[in.ID]
	if p == nil || !auth.Rights(ctx).Allows(auth.Read, p.Content.Area) {
		return nil, errNoSuchProposal
	}
	return &proposalOutput{ETag: web.ETag(p.Version), Body: p.view(shownTo(ctx, p.Content.Area))}, nil
}
