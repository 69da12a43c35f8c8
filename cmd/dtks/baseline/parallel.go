package baseline

import (
	"context"
	"runtime"
	"slices"
	"sync"
)

func cores() int { return runtime.GOMAXPROCS(0) }

// spread runs work for 0..n-1 on all cores, interleaved so that the cores are done at about the same time. It
// tells work on which core, from 0, it runs.
func spread(n int, work func(core, i int)) {
	var wg sync.WaitGroup
	for c := range cores() {
		wg.Go(func() {
			for i := c; i < n; i += cores() {
				work(c, i)
			}
		})
	}
	wg.Wait()
}

// parallel is spread for work that adds to a list; it gathers the lists.
func parallel[T any](ctx context.Context, n int, work func(i int, out []T) []T) []T {
	outs := make([][]T, cores())
	spread(n, func(c, i int) {
		if ctx.Err() == nil {
			outs[c] = work(i, outs[c])
		}
	})
	return slices.Concat(outs...)
}
