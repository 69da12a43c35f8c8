package ranking

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"dtks/services/eligibility/rank"
)

// partSize is the largest number of families in a part: what the fan-out of a release decides in one transaction.
const partSize = 500

// part is some of a regency's families that have changed.
type part struct {
	regency  string
	families []byte // ids, 16 bytes each
}

// partFile keeps parts until they are stored: each its regency and number of families, two bytes each, and the ids.
type partFile struct {
	file *os.File

	mu       sync.Mutex
	out      *bufio.Writer
	parts    int
	families int64
}

func newPartFile(dir string) (*partFile, error) {
	file, err := os.CreateTemp(dir, "dtks-parts-")
	if err != nil {
		return nil, fmt.Errorf("making the file of changes: %w", err)
	}
	if err := os.Remove(file.Name()); err != nil { // it goes with the process whatever happens
		return nil, errors.Join(fmt.Errorf("making the file of changes: %w", err), file.Close())
	}
	return &partFile{file: file, out: bufio.NewWriterSize(file, 256<<10)}, nil
}

func (f *partFile) close() { _ = f.file.Close() } // what was not read is not wanted any more

// partWriter gathers one goroutine's families by regency.
type partWriter struct {
	file *partFile
	open [100 * 100][]byte // ids by regency number
}

func (f *partFile) writer() *partWriter { return &partWriter{file: f} }

func (w *partWriter) add(r *rank.Row) error {
	ids := append(w.open[r.Regency], r.ID[:]...)
	w.open[r.Regency] = ids
	if len(ids) < 16*partSize {
		return nil
	}
	w.open[r.Regency] = ids[:0]
	return w.file.write(r.Regency, ids)
}

// flush writes the parts that are not full.
func (w *partWriter) flush() error {
	for regency, ids := range w.open {
		if len(ids) == 0 {
			continue
		}
		if err := w.file.write(uint16(regency), ids); err != nil {
			return err
		}
	}
	return nil
}

func (f *partFile) write(regency uint16, ids []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var head [4]byte
	binary.LittleEndian.PutUint16(head[:], regency)
	binary.LittleEndian.PutUint16(head[2:], uint16(len(ids)/16))
	f.parts++
	f.families += int64(len(ids) / 16)
	_, err := f.out.Write(head[:])
	if err == nil {
		_, err = f.out.Write(ids)
	}
	if err != nil {
		return fmt.Errorf("keeping changes: %w", err)
	}
	return nil
}

// partReader reads the file from its start.
type partReader struct {
	in   *bufio.Reader
	left int
}

func (f *partFile) reader() *partReader {
	return &partReader{bufio.NewReaderSize(io.NewSectionReader(f.file, 0, 1<<62), 256<<10), f.parts}
}

// next is false when there are no more.
func (r *partReader) next() (part, bool, error) {
	if r.left == 0 {
		return part{}, false, nil
	}
	r.left--
	var head [4]byte
	if _, err := io.ReadFull(r.in, head[:]); err != nil {
		return part{}, false, fmt.Errorf("reading changes again: %w", err)
	}
	ids := make([]byte, 16*int(binary.LittleEndian.Uint16(head[2:])))
	if _, err := io.ReadFull(r.in, ids); err != nil {
		return part{}, false, fmt.Errorf("reading changes again: %w", err)
	}
	return part{rank.RegencyCode(binary.LittleEndian.Uint16(head[:])), ids}, true, nil
}
