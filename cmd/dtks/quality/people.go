package quality

// People numbers the person of each record, of both files; equal number = same person. b is nil for one file.
func (t *Truth) People() (a, b []int32) { return t.a, t.b }
