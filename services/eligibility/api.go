package main

import (
	"context"
	"net/http"
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

// api serves decisions and releases over HTTP.
type api struct {
	*decider
	fanout *fanout
	model  string // of releases that name none
	now    func() time.Time
}

func (a *api) register(s *web.Server) {
	web.Register(s, huma.Operation{OperationID: "list-decisions", Method: http.MethodGet, Path: "/v1/families/{id}/decisions",
		Summary: "Decisions in force for a family, with reasons"}, a.decisions)
	web.Register(s, huma.Operation{OperationID: "count-deciles", Method: http.MethodGet, Path: "/v1/deciles",
		Summary: "How many active families of an area are in each decile"}, a.deciles)
	web.Register(s, huma.Operation{OperationID: "create-release", Method: http.MethodPost, Path: "/v1/releases",
		Summary: "Rank the whole population and put the cut-offs into force", DefaultStatus: http.StatusCreated}, a.createRelease)
	web.Register(s, huma.Operation{OperationID: "list-releases", Method: http.MethodGet, Path: "/v1/releases",
		Summary: "The newest hundred releases"}, a.listReleases)
	web.Register(s, huma.Operation{OperationID: "get-release", Method: http.MethodGet, Path: "/v1/releases/{id}",
		Summary: "One release and how far its changes have been passed on"}, a.getRelease)
}

var (
	errNoFamily = fault.New(fault.NotFound, "family_not_found",
		"Keluarga ini tidak ada.", "There is no such family.")
	errNoRelease = fault.New(fault.NotFound, "release_not_found",
		"Rilis ini tidak ada.", "There is no such release.")
)

// decisionView is a decision as people read it.
type decisionView struct {
	Programme       string        `json:"programme"`
	Outcome         event.Outcome `json:"outcome"`
	Reasons         []reasonView  `json:"reasons"`
	Amount          int64         `json:"amount" doc:"Rupiah a year"`
	Components      []string      `json:"components"`
	Decile          int           `json:"decile" doc:"1 poorest to 10; 0 = none"`
	Score           *int64        `json:"score,omitempty"`
	Cutoff          *int64        `json:"cutoff,omitempty" doc:"Upper bound of the decile"`
	Release         string        `json:"release"`
	Model           string        `json:"model"`
	RuleSet         string        `json:"rule_set"`
	Illustrative    bool          `json:"illustrative" doc:"The model or an amount is not from a published source"`
	FamilyVersion   int64         `json:"family_version"`
	IdentityVersion int64         `json:"identity_version" doc:"Of the head, in force"`
	VerdictVersion  int64         `json:"verdict_version" doc:"Of the match event it rests on; 0 = none"`
	DecidedOn       string        `json:"decided_on"`
	DecidedAt       time.Time     `json:"decided_at"`
	Digest          string        `json:"digest"`
}

type reasonView struct {
	Code    string     `json:"code"`
	Message fault.Text `json:"message"`
}

type decisionsOutput struct {
	Body struct {
		FamilyID  string         `json:"family_id"`
		Area      string         `json:"area"`
		Decisions []decisionView `json:"decisions"`
	}
}

func (a *api) decisions(ctx context.Context, in *struct {
	ID uuid.UUID `path:"id"`
}) (*decisionsOutput, error) {
	area, stored, err := a.store.decisions(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	rights := auth.Rights(ctx)
	// Whoever may read nothing at all is told so; of a family elsewhere nobody learns even that it is there.
	if err := rights.Require(auth.Read, rights.Area()); err != nil {
		return nil, err
	}
	if !rights.Allows(auth.Read, area) { // "", of no family, lies in no area
		return nil, errNoFamily
	}
	out := new(decisionsOutput)
	out.Body.FamilyID, out.Body.Area = in.ID.String(), area
	out.Body.Decisions = make([]decisionView, len(stored))
	for i := range stored {
		out.Body.Decisions[i] = a.view(&stored[i])
	}
	return out, nil
}

func (a *api) view(d *storedDecision) decisionView {
	set := a.engine.sets.ByID(d.RuleSet)
	v := decisionView{Programme: d.Programme, Outcome: d.Outcome, Amount: d.Amount, Components: split(d.Components),
		Decile: int(d.Decile), Score: d.Score, Cutoff: d.Cutoff, Release: d.Release, Model: d.Model, RuleSet: d.RuleSet,
		FamilyVersion: d.FamilyVersion, IdentityVersion: d.VerdictIdentity, VerdictVersion: d.VerdictVersion,
		DecidedOn: d.DecidedOn.Format(time.DateOnly), DecidedAt: d.DecidedAt, Digest: d.Digest}
	v.Illustrative = set == nil || set.Illustrative
	if m, ok := a.engine.models[d.Model]; !ok || m.Illustrative {
		v.Illustrative = true
	}
	for _, code := range split(d.Reasons) {
		r := reasonView{Code: code}
		if set != nil {
			r.Message, _ = set.Text(code)
		}
		v.Reasons = append(v.Reasons, r)
	}
	return v
}

type decilesOutput struct {
	Body struct {
		Area     string  `json:"area"`
		Release  string  `json:"release"`
		Families []int64 `json:"families" doc:"Of deciles 1 (poorest) to 10"`
		Unscored int64   `json:"unscored" doc:"Active families with too few answers"`
	}
}

func (a *api) deciles(ctx context.Context, in *struct {
	Area string `query:"area" maxLength:"13" doc:"Province, regency, district or village; 00 = all; nothing: the caller's own"`
}) (*decilesOutput, error) {
	rights := auth.Rights(ctx)
	if in.Area == "" {
		in.Area = rights.Area()
	}
	if err := rights.Require(auth.Read, in.Area); err != nil {
		return nil, err
	}
	out := new(decilesOutput)
	var err error
	out.Body.Area = in.Area
	out.Body.Release, out.Body.Families, out.Body.Unscored, err = a.store.countDeciles(ctx, in.Area)
	return out, err
}

func split(codes string) []string { return strings.Fields(codes) }

// releaseView is a release as people read it.
type releaseView struct {
	ID          string     `json:"id"`
	Model       string     `json:"model"`
	Cutoffs     []int64    `json:"cutoffs"`
	InputDigest string     `json:"input_digest"`
	Families    int64      `json:"families"`
	ReleasedAt  time.Time  `json:"released_at"`
	ReleasedBy  string     `json:"released_by,omitempty"`
	InForce     bool       `json:"in_force"`
	Decided     int64      `json:"decided" doc:"Families decided anew so far"`
	Changed     int64      `json:"changed" doc:"Decisions published because of it so far"`
	CompletedAt *time.Time `json:"completed_at,omitempty"`
}

type releaseOutput struct{ Body releaseView }

type releasesOutput struct {
	Body struct {
		Items []releaseView `json:"items"`
	}
}

// releaseInput is optional: without it the service's own model ranks.
type releaseInput struct {
	Model string `json:"model,omitempty" maxLength:"64" doc:"Model to rank by"`
}

func (a *api) createRelease(ctx context.Context, in *struct {
	Key  string `header:"Idempotency-Key"`
	Body *releaseInput
}) (*releaseOutput, error) {
	if err := auth.Rights(ctx).Require(auth.Release, auth.National); err != nil {
		return nil, err
	}
	model := a.model
	if in.Body != nil && in.Body.Model != "" {
		model = in.Body.Model
	}
	r, err := a.rankAll(ctx, model)
	if err != nil {
		return nil, err
	}
	who, _ := auth.From(ctx)
	key := web.OnceKey{Principal: who.Account, Route: "POST /v1/releases", Key: in.Key, BodyHash: web.HashBody([]byte(model))}
	_, id, _, err := web.Once(ctx, a.store.db, key, func(tx pgx.Tx) (int, []byte, error) {
		id, err := a.release(ctx, tx, r, who.Person, a.now())
		return http.StatusCreated, []byte(id), err
	})
	if err != nil {
		return nil, err
	}
	a.outbox.Wake()
	a.fanout.Wake()
	return a.getRelease(ctx, &struct {
		ID string `path:"id" maxLength:"80"`
	}{string(id)})
}

func (a *api) listReleases(ctx context.Context, _ *struct{}) (*releasesOutput, error) {
	rights := auth.Rights(ctx)
	if err := rights.Require(auth.Read, rights.Area()); err != nil { // a release names no family: any area will do
		return nil, err
	}
	rows, err := a.store.releases(ctx, "")
	if err != nil {
		return nil, err
	}
	out := new(releasesOutput)
	out.Body.Items = make([]releaseView, len(rows))
	for i, r := range rows {
		out.Body.Items[i] = releaseView(r)
	}
	return out, nil
}

func (a *api) getRelease(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"80"`
}) (*releaseOutput, error) {
	rights := auth.Rights(ctx)
	if err := rights.Require(auth.Read, rights.Area()); err != nil {
		return nil, err
	}
	rows, err := a.store.releases(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || in.ID == "" {
		return nil, errNoRelease
	}
	return &releaseOutput{releaseView(rows[0])}, nil
}
