package main

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"dtks/pkg/web"
	"dtks/services/eligibility/decision"
)

func (a *api) registerExplanation(s *web.Server) {
	web.Register(s, huma.Operation{OperationID: "explain-decisions", Method: http.MethodGet, Path: "/v1/families/{id}/explanation",
		Summary: "Why a family is entitled to what, or is not, and the single change that would turn it"}, a.explanation)
}

type explanationOutput struct {
	Body struct {
		decision.Explanation
		Text string `json:"text" doc:"For the family to read; it names no answer that would turn an outcome"`
	}
}

func (a *api) explanation(ctx context.Context, in *struct {
	ID        uuid.UUID `path:"id"`
	Programme string    `query:"programme" maxLength:"32" doc:"Nothing: all"`
	On        string    `query:"on" maxLength:"10" doc:"A day, 2006-01-02: what would be decided for it by the release of that day with today's facts. Nothing: the stored decisions"`
	Lang      string    `query:"lang" enum:"id,en" default:"id" doc:"Of the text"`
	Flip      bool      `query:"flip" default:"true" doc:"Look for the nearest single change that turns each outcome"`
}) (*explanationOutput, error) {
	kept, err := a.readable(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	q, err := newQuestion(in.Programme, in.On, in.Flip)
	if err != nil {
		return nil, err
	}
	x, err := a.explain(ctx, kept, q)
	if err != nil {
		return nil, err
	}
	out := new(explanationOutput)
	out.Body.Explanation, out.Body.Text = *x, x.Text(in.Lang)
	return out, nil
}
