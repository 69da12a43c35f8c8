package fact

import (
	"encoding/binary"
	"errors"
)

// format is the first byte of an encoded family.
const format = 2

// maxMembers refuses what no family can be, so that a damaged row cannot ask for memory.
const maxMembers = 500

var errDamaged = errors.New("encoded family is damaged")

// Encode writes the facts compactly: equal facts give equal bytes, on every machine.
func (f *Family) Encode() []byte {
	b := make([]byte, 0, 2+Items*2+len(f.Members)*32)
	b = append(b, format, byte(Items))
	for _, a := range f.Answers {
		b = binary.AppendUvarint(b, uint64(a-Absent)) // 0 = absent
	}
	b = binary.AppendUvarint(b, uint64(len(f.Members)))
	for i := range f.Members {
		m := &f.Members[i]
		var flags byte
		if m.Pregnant {
			flags |= 1
		}
		if m.Disabled {
			flags |= 2
		}
		b = append(b, m.Person[:]...)
		b = binary.AppendUvarint(b, uint64(m.Identity))
		b = append(b, m.Relation, m.Sex)
		b = binary.AppendUvarint(b, uint64(m.Born))
		b = append(b, m.Marital, m.School, m.Level, m.Work, flags, m.Presence, m.Orphan, m.Cover)
	}
	return b
}

// Decode reads what Encode wrote. Items added since then are absent.
func Decode(b []byte) (Family, error) {
	f := New()
	if len(b) < 2 || b[0] != format {
		return f, errDamaged
	}
	items := int(b[1])
	b = b[2:]
	if items > Items {
		return f, errors.New("encoded family has items of a newer release")
	}
	for i := range items {
		v, n := binary.Uvarint(b)
		if n <= 0 || v > 1<<15-1 {
			return f, errDamaged
		}
		f.Answers[i] = int16(v) + Absent
		b = b[n:]
	}
	count, n := binary.Uvarint(b)
	if n <= 0 || count > maxMembers {
		return f, errDamaged
	}
	b = b[n:]
	if count > 0 {
		f.Members = make([]Member, count)
	}
	for i := range f.Members {
		rest, ok := f.Members[i].decode(b)
		if !ok {
			return f, errDamaged
		}
		b = rest
	}
	if len(b) != 0 {
		return f, errDamaged
	}
	return f, nil
}

func (m *Member) decode(b []byte) ([]byte, bool) {
	if len(b) < len(m.Person) {
		return nil, false
	}
	b = b[copy(m.Person[:], b):]
	identity, n := binary.Uvarint(b)
	if n <= 0 || identity > 1<<62 {
		return nil, false
	}
	m.Identity, b = int64(identity), b[n:]
	if len(b) < 3 {
		return nil, false
	}
	m.Relation, m.Sex = b[0], b[1]
	born, n := binary.Uvarint(b[2:])
	if n <= 0 || born > 99991231 || len(b) < 2+n+8 {
		return nil, false
	}
	m.Born = int32(born)
	b = b[2+n:]
	m.Marital, m.School, m.Level, m.Work = b[0], b[1], b[2], b[3]
	if b[4] > 3 {
		return nil, false
	}
	m.Pregnant, m.Disabled = b[4]&1 != 0, b[4]&2 != 0
	m.Presence, m.Orphan, m.Cover = b[5], b[6], b[7]
	return b[8:], true
}
