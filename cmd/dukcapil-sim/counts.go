package main

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"sync/atomic"
)

// ledger counts calls for tests: how many, about how many persons, how often again. It keeps 64 bits of a digest of
// each NIK in memory and nothing else of it.
type ledger struct {
	received  atomic.Int64 // calls that named a NIK, before any fault
	answered  atomic.Int64 // protocol answers written out
	abandoned atomic.Int64 // callers gone before their answer
	faulty    atomic.Int64 // calls hit by a fault
	byCode    [18]atomic.Int64
	shards    [64]shard
}

type shard struct {
	mu    sync.Mutex
	calls map[uint64]int32
}

// digest is the first 8 bytes of SHA-256; a test asks with the same.
func digest(nik string) uint64 {
	sum := sha256.Sum256([]byte(nik))
	return binary.BigEndian.Uint64(sum[:8])
}

func (l *ledger) note(nik string) {
	l.received.Add(1)
	if nik == "" {
		return
	}
	d := digest(nik)
	s := &l.shards[d%uint64(len(l.shards))]
	s.mu.Lock()
	if s.calls == nil {
		s.calls = make(map[uint64]int32)
	}
	s.calls[d]++
	s.mu.Unlock()
}

func (l *ledger) of(d uint64) int32 {
	s := &l.shards[d%uint64(len(l.shards))]
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[d]
}

// totals is what GET /admin/counts shows.
type totals struct {
	Received  int64            `json:"received"`
	Answered  int64            `json:"answered"`
	Abandoned int64            `json:"abandoned"`
	Faulty    int64            `json:"faulty"`
	Persons   int64            `json:"persons"` // different NIK asked about
	Repeats   int64            `json:"repeats"` // calls beyond the first for the same NIK
	Most      int32            `json:"most"`    // calls for the NIK asked about most often
	ByCode    map[string]int64 `json:"by_code"` // answers by RESPONSE_CODE; "00" = fields compared
}

func (l *ledger) totals() totals {
	t := totals{Received: l.received.Load(), Answered: l.answered.Load(), Abandoned: l.abandoned.Load(),
		Faulty: l.faulty.Load(), ByCode: make(map[string]int64)}
	for i := range l.byCode {
		if n := l.byCode[i].Load(); n > 0 {
			t.ByCode[twoDigits(i)] = n
		}
	}
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		for _, n := range s.calls {
			t.Persons++
			t.Repeats += int64(n - 1)
			t.Most = max(t.Most, n)
		}
		s.mu.Unlock()
	}
	return t
}

func (l *ledger) reset() {
	l.received.Store(0)
	l.answered.Store(0)
	l.abandoned.Store(0)
	l.faulty.Store(0)
	for i := range l.byCode {
		l.byCode[i].Store(0)
	}
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		s.calls = nil
		s.mu.Unlock()
	}
}
