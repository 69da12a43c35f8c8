package rank

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"

	"golang.org/x/crypto/blake2b"
)

// Digest identifies a set of families whatever their order: the sum, modulo 2^256, of a hash of each. Parts computed
// apart can be merged. The zero value is the digest of nothing.
type Digest [4]uint64

// Add takes in what a family is ranked by: its id, score, weight and regency. The hash is BLAKE2b, which takes half as
// long as SHA-256 where the processor has no instructions for that.
func (d *Digest) Add(r *Row) {
	var in [24]byte
	copy(in[:], r.ID[:])
	binary.BigEndian.PutUint32(in[16:], uint32(r.Score))
	binary.BigEndian.PutUint16(in[20:], r.Weight)
	binary.BigEndian.PutUint16(in[22:], r.Regency)
	d.add(blake2b.Sum256(in[:]))
}

func (d *Digest) add(h [32]byte) {
	d.Merge(Digest{
		binary.LittleEndian.Uint64(h[0:]), binary.LittleEndian.Uint64(h[8:]),
		binary.LittleEndian.Uint64(h[16:]), binary.LittleEndian.Uint64(h[24:]),
	})
}

// Merge adds the digest of another, disjoint set.
func (d *Digest) Merge(o Digest) {
	var carry uint64
	for i := range d {
		d[i], carry = bits.Add64(d[i], o[i], carry)
	}
}

// String is the digest in hex, 64 characters.
func (d Digest) String() string {
	var b [32]byte
	for i, w := range d {
		binary.LittleEndian.PutUint64(b[8*i:], w)
	}
	return hex.EncodeToString(b[:])
}
