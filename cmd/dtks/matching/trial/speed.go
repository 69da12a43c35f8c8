package trial

import (
	"context"
	"os"
	"runtime/debug"
	"time"

	"dtks/cmd/dtks/matching"
	"dtks/cmd/dtks/population"
	"dtks/services/nik-match/match/link"
)

// speed is what the matcher costs.
type speed struct {
	records    int
	pairs      int64
	whole      cost // reading, frequencies, learning, tables, scan and scoring
	scan       cost // tables, scan and scoring with the model as it was learned
	peak       int64
	p50, p95   float64 // of one explanation, in microseconds
	candidates int
}

// cost of a job.
type cost struct {
	wall time.Duration
	cpu  time.Duration // user and system, all cores
}

// perSecond is pairs for each second of one core.
func (c cost) perSecond(pairs int64) float64 { return float64(pairs) / max(c.cpu.Seconds(), 1e-9) }

// explained is how many explanations are timed.
const explained = 10_000

// measureSpeed takes all pairs of one synthetic file.
func (t *Trial) measureSpeed(ctx context.Context) error {
	t.o.Say("speed: making %d synthetic records", t.o.Records)
	in, err := inputOf(population.File(t.o.Seed, t.o.Records)[:t.o.Records], nil)
	if err != nil {
		return err
	}
	forgetPeak()
	choice, err := matching.Choose(in.Fields(), len(in.A.Rows), matching.Learn, true)
	if err != nil {
		return err
	}
	t.o.Say("speed: all pairs, learned on the file")
	r, err := matching.Match(ctx, in, choice, matching.Options{AllPairsUpTo: t.o.Records})
	if err != nil {
		return err
	}
	s := &speed{records: len(in.A.Rows), pairs: r.Compared, whole: cost{r.Wall, r.CPU}, peak: matching.PeakMemory(), candidates: len(r.Pairs)}
	t.o.Say("speed: all pairs, model as learned")
	began, cpu := time.Now(), matching.CPU()
	if _, err := link.Dedupe(ctx, r.A, r.Model, link.Options{AllPairsUpTo: t.o.Records}); err != nil {
		return err
	}
	s.scan = cost{time.Since(began), matching.CPU() - cpu}
	s.explain(r)
	t.speed = s
	err = t.line("bench match.speed candidate=%.0f/s n=%d pairs=%d part=whole cpu_s=%.1f wall_s=%.1f peak_mib=%d seed=%d", s.whole.perSecond(s.pairs), s.records, s.pairs,
		s.whole.cpu.Seconds(), s.whole.wall.Seconds(), s.peak>>20, t.o.Seed)
	if err != nil {
		return err
	}
	err = t.line("bench match.speed.scan candidate=%.0f/s n=%d pairs=%d part=scan cpu_s=%.1f wall_s=%.1f", s.scan.perSecond(s.pairs), s.records, s.pairs,
		s.scan.cpu.Seconds(), s.scan.wall.Seconds())
	if err != nil {
		return err
	}
	return t.line("bench match.speed.explain p50_us=%.1f p95_us=%.1f n=%d", s.p50, s.p95, explained)
}

// explain times explanations of pairs that were found, each by itself.
func (s *speed) explain(r *matching.Run) {
	if len(r.Pairs) == 0 {
		return
	}
	times := make([]float64, explained)
	for i := range times {
		p := r.Pairs[i%len(r.Pairs)]
		began := time.Now()
		e := r.Model.Explain(&r.A[p.A], &r.A[p.B])
		times[i] = float64(time.Since(began).Nanoseconds()) / 1000
		if e.Bits != p.Bits {
			panic("an explanation gives another number than the comparison") // the promise that explanations rest on
		}
	}
	sortFloats(times)
	s.p50, s.p95 = quantile(times, 0.5), quantile(times, 0.95)
}

// forgetPeak gives free memory back and sets the peak to what is held now, where the system allows it; elsewhere the peak
// is that of the whole process.
func forgetPeak() {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // only Linux has it
}
