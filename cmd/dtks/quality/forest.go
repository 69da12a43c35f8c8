package quality

// forest is union-find with path halving and union by size: which records hang together.
type forest struct {
	parent []int32
	size   []int32
}

func newForest(n int) *forest {
	f := &forest{parent: make([]int32, n), size: make([]int32, n)}
	for i := range f.parent {
		f.parent[i], f.size[i] = int32(i), 1
	}
	return f
}

func (f *forest) find(i int32) int32 {
	for f.parent[i] != i {
		f.parent[i] = f.parent[f.parent[i]]
		i = f.parent[i]
	}
	return i
}

// union joins the trees of a and b and returns the root kept and the root that went under it; the two are
// equal when they were one tree already.
func (f *forest) union(a, b int32) (kept, gone int32) {
	kept, gone = f.find(a), f.find(b)
	if kept == gone {
		return kept, gone
	}
	if f.size[kept] < f.size[gone] {
		kept, gone = gone, kept
	}
	f.parent[gone] = kept
	f.size[kept] += f.size[gone]
	return kept, gone
}
