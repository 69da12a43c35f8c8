package match

// numberRows finds the numbers that differ from one in at most two places: of four stretches of the digits two are then
// the same.
type numberRows struct {
	c        *Column
	bounds   []int16
	stretch  [6]map[uint64][]int32 // by two of four stretches
	head     map[uint64][]int32
	unpacked []int32 // not a number of the usual length: compared one by one
	usual    uint8
}

func newNumberRows(c *Column) *numberRows {
	n := &numberRows{c: c, bounds: c.bound(), head: map[uint64][]int32{}}
	lengths := map[uint8]int{}
	for _, v := range c.values[1:] {
		if v.digits.len > 0 {
			lengths[v.digits.len]++
		}
	}
	for l, count := range lengths {
		if count > lengths[n.usual] || count == lengths[n.usual] && l > n.usual {
			n.usual = l
		}
	}
	for i := range n.stretch {
		n.stretch[i] = map[uint64][]int32{}
	}
	for i := 1; i < len(c.values); i++ {
		v := c.values[i]
		if v.digits.len != n.usual {
			n.unpacked = append(n.unpacked, int32(i))
			continue
		}
		for k, s := range n.stretches(v.digits) {
			n.stretch[k][s] = append(n.stretch[k][s], int32(i))
		}
		n.head[n.headOf(v.digits)] = append(n.head[n.headOf(v.digits)], int32(i))
	}
	return n
}

// stretches cuts a number into four parts and gives every two of them.
func (n *numberRows) stretches(d number) (out [6]uint64) {
	width := 4 * ((uint(n.usual) + 3) / 4) // of a part, in bits
	mask := uint64(1)<<width - 1
	k := 0
	for i := range uint(4) {
		for j := range i {
			out[k] = d.digits>>(i*width)&mask<<width | d.digits>>(j*width)&mask
			k++
		}
	}
	return out
}

// headOf is what numbers share that are alike but for their tail.
func (n *numberRows) headOf(d number) uint64 {
	if n.c.w.kind == KindNIK {
		return d.digits >> 16
	}
	return d.digits >> 8
}

// touch calls set for every value whose weight may differ from that of two different numbers; a value may come twice.
func (n *numberRows) touch(of int32, set func(id int32, w int16)) {
	v := n.c.values[of]
	weigh := func(i int32) {
		if i != of {
			set(i, n.bounds[numberLevelOrExact(n.c.w.kind, v, n.c.values[i])])
		}
	}
	if v.digits.len != n.usual {
		for i := int32(1); i < int32(len(n.c.values)); i++ {
			weigh(i)
		}
	} else {
		for k, s := range n.stretches(v.digits) {
			for _, i := range n.stretch[k][s] {
				if places, _ := v.digits.differs(n.c.values[i].digits); places <= 2 {
					weigh(i)
				}
			}
		}
		for _, i := range n.head[n.headOf(v.digits)] {
			weigh(i)
		}
		for _, i := range n.unpacked {
			weigh(i)
		}
	}
	set(of, n.c.weight(v, v))
}

func (n *numberRows) weights(of int32, dst []int16, _ *scratch) {
	fill(dst, n.bounds[len(n.bounds)-1])
	n.touch(of, func(id int32, w int16) { dst[id] = w })
}

// numberLevelOrExact is the finding on two numbers of which nothing but the digits is known: values of a column stand for
// many records, with birth dates of their own. Without these a NIK weighs more, never less.
func numberLevelOrExact(k Kind, a, b *value) finding {
	if a.text == b.text {
		return exact
	}
	x, y := value{text: a.text, digits: a.digits}, value{text: b.text, digits: b.digits}
	return numberLevel(k, &x, &y)
}
