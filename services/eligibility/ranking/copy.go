package ranking

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// family is a row as it is read. Its slices are only valid until the next.
type family struct {
	id         [16]byte
	scored     bool
	score      int64
	size       int16 // 0 where it was not asked for
	regency    []byte
	otherModel bool // the score is another model's; only then are there the fields below
	facts      []byte
	area       []byte
	recorded   time.Time
}

// copyDecoder takes rows out of PostgreSQL's binary COPY format as it arrives, cut anywhere. The format: a signature,
// then for each row the number of columns, and for each column its length (-1 = null) and its bytes; all big-endian.
type copyDecoder struct {
	row   func(*family) error
	sizes bool // the rows have a size at their end

	rest    []byte // what has come of a row that is not complete
	begun   bool
	ended   bool
	decoded int64
}

var copySignature = []byte("PGCOPY\n\xff\r\n\x00")

const (
	copyHead    = 11 + 4 + 4 // signature, flags, length of an extension, which no version has used
	copyColumns = 4          // without size
)

var errCopy = errors.New("not the rows that were asked for")

// Write takes in the next bytes.
func (d *copyDecoder) Write(p []byte) (int, error) {
	b := p
	if len(d.rest) > 0 {
		d.rest = append(d.rest, p...)
		b = d.rest
	}
	for len(b) > 0 {
		n, err := d.next(b)
		if err != nil {
			return 0, err
		}
		if n == 0 {
			break
		}
		b = b[n:]
	}
	d.rest = append(d.rest[:0], b...)
	return len(p), nil
}

// next decodes what b begins with and returns its length; 0 = more bytes are needed.
func (d *copyDecoder) next(b []byte) (int, error) {
	switch {
	case d.ended:
		return 0, errCopy
	case !d.begun:
		if len(b) < copyHead {
			return 0, nil
		}
		d.begun = true
		if !bytes.HasPrefix(b, copySignature) || !bytes.Equal(b[11:copyHead], make([]byte, 8)) {
			return 0, errCopy
		}
		return copyHead, nil
	case len(b) < 2:
		return 0, nil
	}
	n := int(int16(binary.BigEndian.Uint16(b)))
	if d.ended = n == -1; d.ended {
		return 2, nil
	}
	if n != copyColumns && !d.sizes || n != copyColumns+1 && d.sizes {
		return 0, errCopy
	}
	var columns [copyColumns + 1][]byte // nil = null
	at := 2
	for i := range n {
		column, n, err := value(b[at:])
		if n == 0 || err != nil {
			return 0, err
		}
		columns[i] = column
		at += n
	}
	d.decoded++
	var f family
	if err := f.decode(columns[:n]); err != nil {
		return 0, err
	}
	return at, d.row(&f)
}

// value takes a length and as many bytes off b, and says how many it took; 0 = they are not all there.
func value(b []byte) ([]byte, int, error) {
	if len(b) < 4 {
		return nil, 0, nil
	}
	switch n := int(int32(binary.BigEndian.Uint32(b))); {
	case n == -1:
		return nil, 4, nil
	case n < 0:
		return nil, 0, errCopy
	case len(b) < 4+n:
		return nil, 0, nil
	default:
		return b[4 : 4+n : 4+n], 4 + n, nil
	}
}

func (f *family) decode(columns [][]byte) error {
	id, score, regency, other := columns[0], columns[1], columns[2], columns[3]
	if len(id) != 16 || score != nil && len(score) != 8 {
		return errCopy
	}
	f.id = [16]byte(id)
	f.regency = regency
	if len(columns) > copyColumns {
		size := columns[copyColumns]
		if len(size) != 2 {
			return errCopy
		}
		f.size = int16(binary.BigEndian.Uint16(size))
	}
	if f.scored = score != nil; f.scored {
		f.score = int64(binary.BigEndian.Uint64(score))
	}
	if f.otherModel = other != nil; f.otherModel {
		return f.decodeOther(other)
	}
	return nil
}

// decodeOther reads a record: the number of its columns, and for each its type, length and bytes.
func (f *family) decodeOther(b []byte) error {
	if len(b) < 4 || binary.BigEndian.Uint32(b) != 3 {
		return errCopy
	}
	var columns [3][]byte
	b = b[4:]
	for i := range columns {
		if len(b) < 4 {
			return errCopy
		}
		column, n, err := value(b[4:])
		if err != nil || n == 0 || column == nil {
			return errCopy
		}
		columns[i], b = column, b[4+n:]
	}
	if len(b) != 0 || len(columns[2]) != 8 {
		return errCopy
	}
	f.facts, f.area = columns[0], columns[1]
	f.recorded = pgEpoch.Add(time.Duration(binary.BigEndian.Uint64(columns[2])) * time.Microsecond)
	return nil
}

// end checks that everything has come.
func (d *copyDecoder) end(rows int64) error {
	if !d.ended || len(d.rest) > 0 || d.decoded != rows {
		return fmt.Errorf("%w: %d rows came of %d", errCopy, d.decoded, rows)
	}
	return nil
}
