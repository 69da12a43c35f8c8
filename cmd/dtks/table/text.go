package table

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxCellLines is how many line ends a quoted value may hold. More means that a quote was opened and never
// closed, and that the rest of the file would become one value.
const maxCellLines = 50

func readText(name string, r io.Reader, limit Limits) (*Table, error) {
	raw, err := io.ReadAll(io.LimitReader(r, limit.Bytes+1))
	if err != nil {
		return nil, refuse(name, 0, "file_unreadable", "tidak dapat dibaca", "cannot be read").Because(err)
	}
	if int64(len(raw)) > limit.Bytes {
		return nil, tooLarge(name, limit.Bytes)
	}
	b := newBuilder(name, limit)
	text, err := decode(b, raw)
	if err != nil {
		return nil, err
	}
	comma := delimiter(text)
	c := csv.NewReader(strings.NewReader(text))
	c.Comma, c.LazyQuotes, c.FieldsPerRecord, c.ReuseRecord = comma, true, -1, true
	// A value may begin with spaces and then a quote; between tabs, spaces are not to be told from empty values.
	c.TrimLeadingSpace = comma != '\t'
	for {
		cells, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			var at *csv.ParseError
			line := 0
			if errors.As(err, &at) {
				line = at.StartLine
			}
			return nil, refuse(name, line, "file_quotes", "memuat tanda kutip yang tidak berpasangan", "has quotes that do not pair").Because(err)
		}
		line, _ := c.FieldPos(0)
		for _, cell := range cells {
			if strings.Count(cell, "\n") > maxCellLines {
				return nil, refuse(name, line, "file_quotes", "memuat tanda kutip yang tidak ditutup", "has a quote that is never closed")
			}
		}
		if err := b.add(line, cells); err != nil {
			return nil, err
		}
	}
	if b.t.Header == nil {
		return nil, refuse(name, 0, "file_empty", "kosong", "is empty")
	}
	return b.finish(), nil
}

// decode turns a file's bytes into UTF-8 text with \n line ends.
func decode(b *builder, raw []byte) (string, error) {
	var text string
	switch {
	case bytes.HasPrefix(raw, []byte("\xff\xfe")):
		text = utf16Text(raw[2:], binary.LittleEndian)
	case bytes.HasPrefix(raw, []byte("\xfe\xff")):
		text = utf16Text(raw[2:], binary.BigEndian)
	case bytes.IndexByte(raw, 0) >= 0:
		return "", refuse(b.t.Name, 0, "file_binary", "bukan teks", "is not text")
	default:
		raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
		if utf8.Valid(raw) {
			text = string(raw)
		} else {
			text = windows1252(raw)
			b.t.note("", "file_windows_1252", "Berkas bukan UTF-8 dan dibaca sebagai Windows-1252.", "The file is not UTF-8 and was read as Windows-1252.")
		}
	}
	if !strings.Contains(text, "\n") && strings.Contains(text, "\r") {
		text = strings.ReplaceAll(text, "\r", "\n")
	}
	return text, nil
}

func utf16Text(raw []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = order.Uint16(raw[2*i:])
	}
	return string(utf16.Decode(units))
}

// high holds the signs of Windows-1252 from 0x80 to 0x9F; the five it leaves undefined stay the control
// characters of Latin-1. All other bytes are the code point of the same number.
const high = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"

var highRunes = []rune(high)

func windows1252(raw []byte) string {
	var b strings.Builder
	b.Grow(len(raw) + len(raw)/16)
	for _, c := range raw {
		if c >= 0x80 && c < 0xa0 {
			b.WriteRune(highRunes[c-0x80])
		} else {
			b.WriteRune(rune(c))
		}
	}
	return b.String()
}

// sampleRows is how many rows are read to find the delimiter.
const sampleRows = 30

// delimiter is the sign that splits the first rows into the same number of cells as the header, and into the
// most where several do; a comma where none splits anything.
func delimiter(text string) rune {
	best, bestFit, bestCells := ',', 0.0, 1
	for _, comma := range ",;\t|" {
		c := csv.NewReader(strings.NewReader(text))
		c.Comma, c.LazyQuotes, c.FieldsPerRecord, c.TrimLeadingSpace = comma, true, -1, comma != '\t'
		header, same, rows := 0, 0, 0
		for rows < sampleRows {
			cells, err := c.Read()
			if err != nil {
				break
			}
			if header == 0 {
				header = len(cells)
			}
			rows++
			if len(cells) == header {
				same++
			}
		}
		if header < 2 {
			continue
		}
		fit := float64(same) / float64(rows)
		// A sign that also occurs inside values splits rows unevenly; one column more does not make up for that.
		if fit > bestFit+0.2 || (fit > bestFit-0.2 && header > bestCells) {
			best, bestFit, bestCells = comma, fit, header
		}
	}
	return best
}
