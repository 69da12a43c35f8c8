package importer

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"dtks/pkg/fault"
)

// maxLine is how long a line may be; a longer one means a file that is no CSV or has lost its line ends.
const maxLine = 1 << 20

// unusable makes the error of a file that cannot be read at all. Nothing of such a file is sent.
func unusable(code, id, en string) *fault.Error { return fault.New(fault.Invalid, code, id, en) }

var (
	errEmpty       = unusable("file_empty", "Berkas kosong.", "The file is empty.")
	errNoRows      = unusable("file_no_rows", "Berkas hanya berisi judul kolom, tanpa baris data.", "The file has a header and no rows.")
	errUTF16       = unusable("file_utf16", "Berkas memakai UTF-16; simpan ulang sebagai CSV UTF-8.", "The file is UTF-16; save it again as CSV UTF-8.")
	errCP1252      = unusable("file_not_utf8", "Berkas bukan UTF-8 (mungkin Windows-1252); simpan ulang sebagai CSV UTF-8.", "The file is not UTF-8 (perhaps Windows-1252); save it again as CSV UTF-8.")
	errSpreadsheet = unusable("file_spreadsheet", "Berkas adalah lembar kerja atau arsip; simpan sebagai CSV UTF-8.", "The file is a spreadsheet or an archive; save it as CSV UTF-8.")
	errBinary      = unusable("file_binary", "Berkas bukan teks.", "The file is not text.")
	errLongLine    = unusable("file_line_too_long", "Ada baris yang lebih panjang dari 1 MiB.", "A line is longer than 1 MiB.")
	errChanged     = unusable("file_changed", "Berkas berubah selama dibaca; jalankan lagi.", "The file changed while it was read; run again.")
)

// headSize is how much of a file is looked at before it is read.
const headSize = 64 << 10

// plain wraps a file so that only UTF-8 text with known line ends comes out. It looks at the beginning and refuses
// what is plainly something else.
func plain(r io.Reader) (*bufio.Reader, []byte, error) {
	b := bufio.NewReaderSize(r, 1<<20)
	head, err := b.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, nil, err
	}
	switch {
	case len(bytes.TrimSpace(head)) == 0:
		return nil, nil, errEmpty
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return nil, nil, errUTF16
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")), bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return nil, nil, errSpreadsheet
	}
	if zeros := bytes.Count(head, []byte{0}); zeros > len(head)/4 {
		return nil, nil, errUTF16
	} else if zeros > 0 && bytes.IndexByte(head[:min(len(head), 64)], 0) >= 0 {
		return nil, nil, errBinary
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		if _, err := b.Discard(3); err != nil {
			return nil, nil, err
		}
		head = head[3:]
		if len(bytes.TrimSpace(head)) == 0 {
			return nil, nil, errEmpty
		}
	}
	oldMac := bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') >= 0
	return bufio.NewReaderSize(&guard{r: b, carriage: oldMac}, 1<<20), head, nil
}

// guard passes bytes on, ends a file whose line is too long, and turns the line ends of old spreadsheets into ours.
type guard struct {
	r        io.Reader
	carriage bool
	line     int // bytes since the last line end
}

func (g *guard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	for at := 0; at < n; {
		if g.carriage {
			if i := bytes.IndexByte(p[at:n], '\r'); i >= 0 {
				p[at+i] = '\n'
			}
		}
		i := bytes.IndexByte(p[at:n], '\n')
		if i < 0 {
			g.line += n - at
			break
		}
		g.line = 0
		at += i + 1
	}
	if g.line > maxLine {
		return n, errLongLine
	}
	return n, err
}

// delimiter is the sign that parts the columns of the header: comma, semicolon, tab or bar, the most frequent one
// outside quotes.
func delimiter(head []byte) rune {
	line, _, _ := strings.Cut(strings.ReplaceAll(string(head), "\r", "\n"), "\n")
	counts, quoted := map[rune]int{}, false
	for _, r := range line {
		switch {
		case r == '"':
			quoted = !quoted
		case !quoted && strings.ContainsRune(",;\t|", r):
			counts[r]++
		}
	}
	best := ','
	for _, r := range ";\t|" {
		if counts[r] > counts[best] {
			best = r
		}
	}
	return best
}
