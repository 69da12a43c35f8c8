package web

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"dtks/pkg/fault"
	"dtks/pkg/pg"
	"dtks/pkg/web/problem"
)

// bearer names the security scheme.
const bearer = "bearer"

// Register adds an operation to s. It needs a bearer token unless op.Security is set to an empty, non-nil list. Its
// body may be 1 MiB, or 16 MiB where the path ends in /batch, unless op.MaxBodyBytes says otherwise. Errors of h become
// problems by their kind. A body that the input takes as RawBody alone is not validated: that is the handler's then.
func Register[I, O any](s *Server, op huma.Operation, h func(ctx context.Context, in *I) (*O, error)) {
	if op.Security == nil {
		op.Security = []map[string][]string{{bearer: {}}}
	}
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes = maxBody
		if strings.HasSuffix(op.Path, "/batch") {
			op.MaxBodyBytes = maxBatchBody - 1 // so that this limit is met before the outer one, which has no words
		}
	}
	if onlyRaw(reflect.TypeFor[I]()) {
		op.SkipValidateBody = true // huma would want a JSON string
	}
	if op.BodyReadTimeout == 0 {
		op.BodyReadTimeout = bodyTimeout
	}
	huma.Register(s.API, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, refuse(ctx, err)
		}
		return out, nil
	})
}

// onlyRaw reports whether an operation reads its body for itself, as BatchInput does.
func onlyRaw(input reflect.Type) bool {
	raw, ok := input.FieldByName("RawBody")
	_, decoded := input.FieldByName("Body")
	return ok && !decoded && raw.Type == reflect.TypeFor[[]byte]()
}

var errDatabase = fault.New(fault.Unavailable, "database_unavailable",
	"Basis data sedang tidak dapat dihubungi. Coba lagi.", "The database cannot be reached. Try again.")

// refuse turns an operation's error into its answer and logs the server's own failures.
func refuse(ctx context.Context, err error) *problem.Problem {
	p := *ProblemOf(err)
	p.RequestID = RequestID(ctx)
	p.Log(ctx)
	return &p
}

// ProblemOf turns an error into what may leave the service: the answer to a request, or to one item of a batch.
func ProblemOf(err error) *problem.Problem {
	var f *fault.Error
	if !errors.As(err, &f) && pg.Down(err) {
		f = errDatabase.Because(err)
		f.RetryAfter = time.Second
		err = f
	}
	return problem.Of(err)
}
