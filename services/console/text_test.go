package main

import (
	"testing"
	"time"
)

func TestLang_Number(t *testing.T) {
	t.Parallel()
	tests := []struct {
		n      int64
		id, en string
	}{
		{0, "0", "0"}, {7, "7", "7"}, {999, "999", "999"}, {1000, "1.000", "1,000"}, {-12345, "−12.345", "−12,345"},
		{280_000_000, "280.000.000", "280,000,000"},
	}
	for _, tt := range tests {
		if got := indonesian.number(tt.n); got != tt.id {
			t.Errorf("Indonesian %d: got %s, want %s", tt.n, got, tt.id)
		}
		if got := english.number(tt.n); got != tt.en {
			t.Errorf("English %d: got %s, want %s", tt.n, got, tt.en)
		}
	}
}

func TestLang_Decimal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		x      float64
		places int
		want   string
	}{{1234.56, 1, "1.234,6"}, {0.04, 1, "0,0"}, {-0.04, 1, "0,0"}, {-2.5, 1, "−2,5"}, {99.96, 1, "100,0"}, {12, 0, "12"}}
	for _, tt := range tests {
		if got := indonesian.decimal(tt.x, tt.places); got != tt.want {
			t.Errorf("%v with %d places: got %s, want %s", tt.x, tt.places, got, tt.want)
		}
	}
}

func TestLang_Span(t *testing.T) {
	t.Parallel()
	tests := []struct {
		d    time.Duration
		want string
	}{
		{0, "0 ms"}, {999 * time.Millisecond, "999 ms"}, {1500 * time.Millisecond, "1,5 dtk"}, {90 * time.Second, "90 dtk"},
		{10 * time.Minute, "10 mnt"}, {5 * time.Hour, "5 jam"}, {72 * time.Hour, "3 hari"},
	}
	for _, tt := range tests {
		if got := indonesian.span(tt.d); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.d, got, tt.want)
		}
	}
}

func TestLang_Percent(t *testing.T) {
	t.Parallel()
	if got := indonesian.percent(1, 3); got != "33,3 %" {
		t.Errorf("a third: got %s, want 33,3 %%", got)
	}
	if got := indonesian.percent(0, 0); got != "–" {
		t.Errorf("of nothing: got %s, want a dash", got)
	}
}

func TestLang_Date(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 7, 31, 20, 5, 9, 0, time.UTC) // past midnight in Jakarta
	if got, want := indonesian.date(at), "1 Agu 2026, 03.05 WIB"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := english.clock(at), "03:05:09 WIB"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
