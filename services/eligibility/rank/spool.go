package rank

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

const (
	rowSize   = 28
	batchRows = 4096
)

// spool is a file of rows: written once, then read as often as needed, always from start to end.
type spool struct {
	file *os.File
	out  *bufio.Writer
	rows int64
}

// newSpool makes the file and takes its name away, so that it goes with the process whatever happens.
func newSpool(dir string) (*spool, error) {
	file, err := os.CreateTemp(dir, "dtks-rank-")
	if err != nil {
		return nil, fmt.Errorf("making the file of rows: %w", err)
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("making the file of rows: %w", err), file.Close())
	}
	return &spool{file: file, out: bufio.NewWriterSize(file, 256<<10)}, nil
}

func (s *spool) close() { _ = s.file.Close() } // its rows are not wanted any more

func (s *spool) add(r *Row) error {
	b := s.out.AvailableBuffer()
	if cap(b) < rowSize {
		if err := s.out.Flush(); err != nil {
			return fmt.Errorf("keeping rows: %w", err)
		}
		b = s.out.AvailableBuffer()
	}
	b = append(b, r.ID[:]...)
	b = binary.LittleEndian.AppendUint32(b, uint32(r.Score))
	b = binary.LittleEndian.AppendUint32(b, uint32(r.Before))
	b = binary.LittleEndian.AppendUint16(b, r.Weight)
	b = binary.LittleEndian.AppendUint16(b, r.Regency)
	s.rows++
	if _, err := s.out.Write(b); err != nil {
		return fmt.Errorf("keeping rows: %w", err)
	}
	return nil
}

// each reads the rows in batches. A batch is only valid until do returns.
func (s *spool) each(ctx context.Context, do func([]Row) error) error {
	if err := s.out.Flush(); err != nil {
		return fmt.Errorf("keeping rows: %w", err)
	}
	raw, rows := make([]byte, batchRows*rowSize), make([]Row, batchRows)
	for at := int64(0); at < s.rows; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := int(min(batchRows, s.rows-at))
		if _, err := s.file.ReadAt(raw[:n*rowSize], at*rowSize); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading rows again: %w", err)
		}
		for i := range rows[:n] {
			rows[i].read((*[rowSize]byte)(raw[i*rowSize:]))
		}
		if err := do(rows[:n]); err != nil {
			return err
		}
		at += int64(n)
	}
	return nil
}

func (r *Row) read(b *[rowSize]byte) {
	r.ID = [16]byte(b[:16])
	r.Score = int32(binary.LittleEndian.Uint32(b[16:]))
	r.Before = int32(binary.LittleEndian.Uint32(b[20:]))
	r.Weight = binary.LittleEndian.Uint16(b[24:])
	r.Regency = binary.LittleEndian.Uint16(b[26:])
}
