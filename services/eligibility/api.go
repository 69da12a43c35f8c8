package main

import (
	"context"
	"encoding/hex"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dtks/pkg/auth"
	"dtks/pkg/event"
	"dtks/pkg/fault"
	"dtks/pkg/web"
	"dtks/services/eligibility/decision"
	"dtks/services/eligibility/rank"
	"dtks/services/eligibility/ranking"
	"dtks/services/eligibility/rules"
)

// api serves decisions and releases over HTTP.
type api struct {
	*decider
	ranker *ranker
	model  string // of releases that name none
}

func (a *api) register(s *web.Server) {
	web.Register(s, huma.Operation{OperationID: "list-decisions", Method: http.MethodGet, Path: "/v1/families/{id}/decisions",
		Summary: "Decisions in force for a family, with reasons"}, a.decisions)
	a.registerExplanation(s)
	web.Register(s, huma.Operation{OperationID: "count-deciles", Method: http.MethodGet, Path: "/v1/deciles",
		Summary: "How many active families of an area are in each decile"}, a.deciles)
	web.Register(s, huma.Operation{OperationID: "create-release", Method: http.MethodPost, Path: "/v1/releases",
		Summary: "Ask for a ranking of the whole population", Description: "It is made in the background; ask for the release to see how far it is. Families keep their places until it takes force.",
		DefaultStatus: http.StatusAccepted}, a.createRelease)
	web.Register(s, huma.Operation{OperationID: "get-boundary", Method: http.MethodGet, Path: "/v1/releases/{id}/boundary",
		Summary: "The families next to a decile's upper bound when an area was ranked"}, a.boundary)
	web.Register(s, huma.Operation{OperationID: "list-releases", Method: http.MethodGet, Path: "/v1/releases",
		Summary: "The newest hundred releases"}, a.listReleases)
	web.Register(s, huma.Operation{OperationID: "get-release", Method: http.MethodGet, Path: "/v1/releases/{id}",
		Summary: "One release and how far its changes have been passed on"}, a.getRelease)
}

var (
	errNoFamily = fault.New(fault.NotFound, "family_not_found",
		"Keluarga ini tidak ada.", "There is no such family.")
	errNoBoundary = fault.New(fault.NotFound, "area_not_ranked",
		"Wilayah ini tidak diperingkat dalam rilis ini.", "This release has not ranked this area.")
	errNoRelease = fault.New(fault.NotFound, "release_not_found",
		"Rilis ini tidak ada.", "There is no such release.")
)

// decisionsView is a family's decisions as people read them.
type decisionsView struct {
	FamilyID       string         `json:"family_id"`
	Area           string         `json:"area"`
	FamilyVersion  int64          `json:"family_version"`
	Release        string         `json:"release"`
	Model          string         `json:"model"`
	Score          *int64         `json:"score,omitempty" doc:"Poorer is lower; none with too few answers"`
	Decile         int            `json:"decile" doc:"National, 1 poorest to 10; 0 = none"`
	DecileProvince int            `json:"decile_province"`
	DecileRegency  int            `json:"decile_regency"`
	Percentile     int            `json:"percentile" doc:"National, 1 poorest to 100; 0 = none"`
	DecidedOn      string         `json:"decided_on" doc:"The day the rules were evaluated for"`
	RecheckOn      string         `json:"recheck_on,omitempty" doc:"First day on which an answer may change"`
	DecidedAt      time.Time      `json:"decided_at"`
	Inputs         string         `json:"inputs" doc:"Digest of facts, verdicts, state and area"`
	Decisions      []decisionView `json:"decisions" doc:"In the order in which they were evaluated"`
}

// decisionView is the decision for one programme, or a finding on which others rest.
type decisionView struct {
	Programme    string        `json:"programme"`
	Kind         string        `json:"kind" doc:"programme or criteria"`
	Outcome      event.Outcome `json:"outcome"`
	Reasons      []reasonView  `json:"reasons"`
	Amount       int64         `json:"amount" doc:"Rupiah a year"`
	Components   []string      `json:"components"`
	Persons      []personView  `json:"persons,omitempty" doc:"Of a programme that entitles persons"`
	Distance     *int64        `json:"distance,omitempty" doc:"From the score to the programme's cut-off; below 0 is too well off"`
	RuleSet      string        `json:"rule_set"`
	Illustrative bool          `json:"illustrative" doc:"The model or an amount is not from a published source"`
	RecheckOn    string        `json:"recheck_on,omitempty"`
	Published    bool          `json:"published" doc:"The programme has been told of this family"`
}

// personView is what was decided for one member.
type personView struct {
	PersonID string        `json:"person_id"`
	Outcome  event.Outcome `json:"outcome"`
	Amount   int64         `json:"amount" doc:"Rupiah a year"`
	Reasons  []reasonView  `json:"reasons"`
}

type reasonView struct {
	Code    string     `json:"code"`
	Message fault.Text `json:"message"`
}

type decisionsOutput struct{ Body decisionsView }

func (a *api) decisions(ctx context.Context, in *struct {
	ID uuid.UUID `path:"id"`
}) (*decisionsOutput, error) {
	kept, err := a.readable(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := new(decisionsOutput)
	out.Body.FamilyID, out.Body.Area = kept.family.ID.String(), kept.family.Area
	out.Body.Decisions = []decisionView{}
	if kept.sheet == nil {
		return out, nil
	}
	sheet, err := a.engine.Decode(kept.sheet)
	if err != nil {
		return nil, err
	}
	rel, err := a.store.release(ctx, a.store.db, sheet.Release)
	if err != nil {
		return nil, err
	}
	a.view(&out.Body, sheet, rel, kept)
	return out, nil
}

// readable reads a family that the caller may read. Of a family elsewhere nobody learns even that it is there.
func (a *api) readable(ctx context.Context, id uuid.UUID) (*stored, error) {
	rights := auth.Rights(ctx)
	if err := rights.Require(auth.Read, rights.Area()); err != nil { // whoever may read nothing at all is told so
		return nil, err
	}
	kept, err := a.store.stored(ctx, id)
	if err != nil {
		return nil, err
	}
	if kept == nil || !rights.Allows(auth.Read, kept.family.Area) {
		return nil, errNoFamily
	}
	return kept, nil
}

func (a *api) view(v *decisionsView, s *decision.Sheet, rel *decision.Release, kept *stored) {
	v.FamilyVersion, v.Release, v.Model, v.Score = s.Version, rel.ID, s.Model, s.Score
	v.Decile, v.DecileProvince, v.DecileRegency = int(s.Places.Decile[rank.National]), int(s.Places.Decile[rank.Province]), int(s.Places.Decile[rank.Regency])
	v.Percentile = int(s.Places.Percentile[rank.National])
	v.DecidedOn, v.RecheckOn, v.DecidedAt, v.Inputs = dateText(s.Day), dateText(s.RecheckOn), kept.decidedAt, hex.EncodeToString(s.Inputs[:])
	told := decision.DecodeNumbers(kept.told)
	model := a.engine.Models[s.Model]
	for i := range s.Programmes {
		p := &s.Programmes[i]
		d := decisionView{Programme: p.Code, Kind: "programme", Outcome: p.Outcome, Reasons: reasonViews(p.Set, p.Reasons()), Amount: p.Amount,
			Components: p.Components(), Distance: p.Distance, RuleSet: p.SetID(), RecheckOn: dateText(p.RecheckOn),
			Published: slices.Contains(told, a.engine.Number(p.Code)), Illustrative: p.Set == nil || p.Set.Illustrative || model.Illustrative}
		if !p.IsEntitlement() {
			d.Kind = "criteria"
		}
		for j := range p.Persons {
			if q := &p.Persons[j]; q.Counted && j < len(kept.family.Facts.Members) {
				d.Persons = append(d.Persons, personView{PersonID: kept.family.Facts.Members[j].Person.String(), Outcome: q.Outcome,
					Amount: q.Amount, Reasons: reasonViews(p.Set, p.PersonReasons(j))})
			}
		}
		v.Decisions = append(v.Decisions, d)
	}
}

var noRules = fault.Text{ID: "Tidak ada aturan program yang berlaku pada hari itu.", EN: "No rules of this programme were in force that day."}

func reasonViews(set *rules.Set, codes []string) []reasonView {
	out := make([]reasonView, len(codes))
	for i, code := range codes {
		out[i] = reasonView{code, noRules}
		if set != nil {
			out[i].Message, _ = set.Text(code)
		}
	}
	return out
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

// releaseView is a release as people read it, from the moment that it was asked for.
type releaseView struct {
	ID          string     `json:"id"`
	Model       string     `json:"model"`
	Weights     string     `json:"weights" doc:"family or person: what the tenths are tenths of"`
	Phase       string     `json:"phase" doc:"waiting, ranking, in_force or refused"`
	Refused     string     `json:"refused,omitempty" doc:"Why, as a reason code"`
	Cutoffs     []int64    `json:"cutoffs" doc:"National, as scores"`
	InputDigest string     `json:"input_digest"`
	Read        int64      `json:"read" doc:"Families that the ranking has read so far"`
	Families    int64      `json:"families" doc:"Ranked"`
	ReleasedAt  *time.Time `json:"released_at,omitempty"`
	ReleasedBy  string     `json:"released_by,omitempty"`
	InForce     bool       `json:"in_force"`
	Listed      int64      `json:"listed" doc:"Families whose place it changes, and others to be decided anew"`
	Decided     int64      `json:"decided" doc:"Of these, done so far"`
	Changed     int64      `json:"changed" doc:"Decisions published because of it so far"`
	CompletedAt *time.Time `json:"completed_at,omitempty"`
}

type releaseOutput struct{ Body releaseView }

type releasesOutput struct {
	Body struct {
		Items []releaseView `json:"items"`
	}
}

// releaseInput is optional: without it the service's own model ranks families by family.
type releaseInput struct {
	Model   string `json:"model,omitempty" maxLength:"64" doc:"Model to rank by"`
	Weights string `json:"weights,omitempty" enum:"family,person" doc:"Tenths of the families, or of the people in them"`
}

func (a *api) createRelease(ctx context.Context, in *struct {
	Key  string `header:"Idempotency-Key"`
	Body *releaseInput
}) (*releaseOutput, error) {
	if err := auth.Rights(ctx).Require(auth.Release, auth.National); err != nil {
		return nil, err
	}
	model, by := a.model, byFamily
	if in.Body != nil && in.Body.Model != "" {
		model = in.Body.Model
	}
	if in.Body != nil && in.Body.Weights != "" {
		by = weights(in.Body.Weights)
	}
	who, _ := auth.From(ctx)
	key := web.OnceKey{Principal: who.Account, Route: "POST /v1/releases", Key: in.Key, BodyHash: web.HashBody([]byte(model + " " + string(by)))}
	_, id, _, err := web.Once(ctx, a.store.db, key, func(tx pgx.Tx) (int, []byte, error) {
		id, err := a.request(ctx, tx, model, by, who.Person)
		return http.StatusAccepted, []byte(id), err
	})
	if err != nil {
		return nil, err
	}
	a.ranker.Wake()
	return a.getRelease(ctx, &struct {
		ID string `path:"id" maxLength:"80"`
	}{string(id)})
}

func (a *api) listReleases(ctx context.Context, _ *struct{}) (*releasesOutput, error) {
	rights := auth.Rights(ctx)
	if err := rights.Require(auth.Read, rights.Area()); err != nil { // a release names no family: any area will do
		return nil, err
	}
	rows, err := a.store.releaseRows(ctx, "")
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
	rows, err := a.store.releaseRows(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || in.ID == "" {
		return nil, errNoRelease
	}
	return &releaseOutput{releaseView(rows[0])}, nil
}

type boundaryOutput struct {
	Body struct {
		Release string         `json:"release"`
		Area    string         `json:"area"`
		Decile  int            `json:"decile" doc:"Whose upper bound it is, 1 to 9"`
		Below   []boundaryView `json:"below" doc:"The last families inside, in rising order"`
		Above   []boundaryView `json:"above" doc:"The first families outside"`
	}
}

type boundaryView struct {
	FamilyID string `json:"family_id"`
	Score    int64  `json:"score"`
}

// boundary names families that stood next to a bound.
func (a *api) boundary(ctx context.Context, in *struct {
	ID     string `path:"id" maxLength:"80"`
	Area   string `query:"area" maxLength:"5" doc:"Province or regency; 00 or nothing: the nation"`
	Decile int    `query:"decile" minimum:"1" maximum:"9" default:"4"`
}) (*boundaryOutput, error) {
	if in.Area == "" {
		in.Area = rank.Nation
	}
	if err := auth.Rights(ctx).Require(auth.Read, in.Area); err != nil {
		return nil, err
	}
	row, err := a.getRelease(ctx, &struct {
		ID string `path:"id" maxLength:"80"`
	}{in.ID})
	if err != nil {
		return nil, err
	}
	table, err := ranking.Load(ctx, a.store.db, row.Body.ID)
	if err != nil {
		return nil, err
	}
	ranked := table.Area(in.Area)
	if ranked == nil {
		return nil, errNoBoundary
	}
	out := new(boundaryOutput)
	out.Body.Release, out.Body.Area, out.Body.Decile = in.ID, in.Area, in.Decile
	at := ranked.Boundaries[in.Decile-1]
	out.Body.Below, out.Body.Above = boundaryViews(at.Below), boundaryViews(at.Above)
	return out, nil
}

func boundaryViews(points []rank.Point) []boundaryView {
	out := make([]boundaryView, len(points))
	for i, p := range points {
		out[i] = boundaryView{uuid.UUID(p.ID).String(), p.Score}
	}
	return out
}
