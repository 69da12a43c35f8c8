package canon

import "iter"

// CallNames yields every two tokens, by index, of which Nickname says that one is a call name of the other. It finds
// them through the beginnings and ends of names instead of asking about every two; a pair may come twice.
func (l Lists) CallNames(tokens []Token) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		if l.data == nil {
			return
		}
		callers := make([]Caller, len(tokens))
		parts := map[string][]int{} // tokens that may be made of a longer name, by the part of it that they repeat
		var listed []int
		for i, t := range tokens {
			callers[i] = l.Caller(t)
			if !callers[i].call {
				continue
			}
			sound := callers[i].sound
			if l.data.short[sound] != nil {
				listed = append(listed, i)
			}
			parts[sound] = append(parts[sound], i)
			if doubled([]byte(sound)) {
				parts[sound[2:]] = append(parts[sound[2:]], i)
			}
		}
		for _, i := range listed {
			for j := range callers {
				if i != j && l.Call(&callers[i], &callers[j]) && !yield(i, j) {
					return
				}
			}
		}
		for j := range callers {
			for _, part := range ends(callers[j].sound, callers[j].canon) {
				for _, i := range parts[part] {
					if i != j && l.Call(&callers[i], &callers[j]) && !yield(i, j) {
						return
					}
				}
			}
		}
	}
}

// ends are the beginnings and ends of a sound, and of another one where they differ.
func ends(sound, canon string) []string {
	parts := make([]string, 0, 64)
	for n := 1; n < len(sound); n++ {
		parts = append(parts, sound[:n], sound[n:])
	}
	if canon != sound {
		parts = append(parts, ends(canon, canon)...)
		parts = append(parts, canon)
	}
	return parts
}
