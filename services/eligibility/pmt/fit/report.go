package fit

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
)

//go:embed report.html
var page string

var reportPage = template.Must(template.New("report").Funcs(template.FuncMap{
	"pct":   func(f Figure) string { return f.String() },
	"whole": func(x float64) int64 { return whole(x * Scale) },
	"dec":   func(n int, x float64) string { return decimals(n, x) },
	"px":    func(x float64) string { return decimals(1, x) },
}).Parse(page))

func decimals(n int, x float64) string {
	if math.IsNaN(x) {
		return "–"
	}
	return fmt.Sprintf("%.*f", n, x)
}

// Report writes a page that opens by itself: no script, no file or address beside it.
func (r *Result) Report(w io.Writer) error {
	s := r.Survey
	residual := make([]float64, len(r.Log))
	for i := range residual {
		residual[i] = r.Log[i] - r.OutOf[i]
	}
	return reportPage.Execute(w, map[string]any{
		"Result": r, "Survey": s, "Main": r.Parts[0], "Shares": Shares,
		"Scatter":   newScatter(r.OutOf, r.Log),
		"Histogram": newHistogram(residual, s.Weight),
		"Exclusion": newBars(r.Accuracy, func(x Rate) Figure { return x.Exclusion }),
		"Inclusion": newBars(r.Accuracy, func(x Rate) Figure { return x.Inclusion }),
	})
}

// Size of every chart, and of the space for axes, in SVG units.
const (
	chartWidth, chartHeight = 460.0, 320.0
	left, right, top, floor = 58.0, 12.0, 12.0, 40.0
	plotWidth               = chartWidth - left - right
	plotHeight              = chartHeight - top - floor
)

// Tick is a mark on an axis.
type Tick struct {
	At    float64
	Label string
}

// scale places numbers between low and high on an axis.
type scale struct{ low, high float64 }

func (s scale) x(v float64) float64 {
	return left + plotWidth*(min(max(v, s.low), s.high)-s.low)/(s.high-s.low)
}

func (s scale) y(v float64) float64 {
	return top + plotHeight*(s.high-min(max(v, s.low), s.high))/(s.high-s.low)
}

// Dot is one household.
type Dot struct{ X, Y float64 }

// Scatter shows predicted against actual consumption, both on a logarithmic axis.
type Scatter struct {
	Dots           []Dot
	XTicks, YTicks []Tick
	X1, Y1, X2, Y2 float64 // where both are equal
	Shown, Of      int
}

// shownDots keeps the page small; beyond it every so-manieth household is drawn.
const shownDots = 1500

func newScatter(predicted, actual []float64) Scatter {
	s := scale{math.Inf(1), math.Inf(-1)}
	for i := range actual {
		s.low, s.high = min(s.low, actual[i], predicted[i]), max(s.high, actual[i], predicted[i])
	}
	c := Scatter{X1: s.x(s.low), Y1: s.y(s.low), X2: s.x(s.high), Y2: s.y(s.high), Of: len(actual)}
	every := (len(actual) + shownDots - 1) / shownDots
	for i := 0; i < len(actual); i += every {
		c.Dots = append(c.Dots, Dot{s.x(predicted[i]), s.y(actual[i])})
	}
	c.Shown = len(c.Dots)
	for rupiah := 15_625.0; rupiah < 1e10; rupiah *= 2 { // doubles to 125, 250, 500 thousand, 1 million …
		if v := math.Log(rupiah); v >= s.low && v <= s.high {
			label := money(rupiah)
			c.XTicks, c.YTicks = append(c.XTicks, Tick{s.x(v), label}), append(c.YTicks, Tick{s.y(v), label})
		}
	}
	return c
}

// money shortens rupiah: rb = thousand, jt = million.
func money(rupiah float64) string {
	if rupiah < 1e6 {
		return fmt.Sprintf("%g rb", rupiah/1e3)
	}
	return fmt.Sprintf("%g jt", rupiah/1e6)
}

// Bar is a rectangle, with its interval where it has one.
type Bar struct {
	X, Y, Width, Height float64
	Middle, Low, High   float64 // of the interval; Low and High are 0 where there is none
	Class, Title        string
}

// Bars is a chart of them.
type Bars struct {
	Bars           []Bar
	XTicks, YTicks []Tick
}

// newHistogram counts weight by residual, in bins of a tenth of a logarithm and more at the ends.
func newHistogram(residual, weight []float64) Bars {
	const bins, reach = 30, 1.5
	s, share, total := scale{-reach, reach}, [bins]float64{}, 0.0
	for i, x := range residual {
		share[min(max(int((x+reach)/(2*reach)*bins), 0), bins-1)] += weight[i]
		total += weight[i]
	}
	most := 0.0
	for k := range share {
		share[k] /= total
		most = max(most, share[k])
	}
	y := scale{0, most * 1.05}
	var c Bars
	for k, v := range share {
		from := -reach + 2*reach*float64(k)/bins
		c.Bars = append(c.Bars, Bar{X: s.x(from), Y: y.y(v), Width: plotWidth/bins - 1, Height: y.y(0) - y.y(v), Class: "pmt",
			Title: fmt.Sprintf("%+.1f … %+.1f: %.1f %%", from, from+2*reach/bins, 100*v)})
	}
	for _, v := range []float64{-1.5, -1, -0.5, 0, 0.5, 1, 1.5} {
		c.XTicks = append(c.XTicks, Tick{s.x(v), fmt.Sprintf("%+.1f", v)})
	}
	for v := 0.0; v < y.high; v += 0.02 {
		c.YTicks = append(c.YTicks, Tick{y.y(v), fmt.Sprintf("%.0f %%", 100*v)})
	}
	return c
}

// newBars shows one kind of error at each cut-off: of each order, and of selection at random.
func newBars(accuracy []Accuracy, kind func(Rate) Figure) Bars {
	y := scale{0, 1}
	var c Bars
	group := plotWidth / float64(len(Shares))
	width := group * 0.8 / float64(len(accuracy)+1)
	for k, share := range Shares {
		at := left + group*(float64(k)+0.1)
		add := func(class string, f Figure) {
			b := Bar{X: at, Y: y.y(f.Value), Width: width - 2, Height: y.y(0) - y.y(f.Value), Middle: at + width/2 - 1, Class: class,
				Title: fmt.Sprintf("%s, %.0f %%: %s %%", class, 100*share, f)}
			if !math.IsNaN(f.Low) {
				b.Low, b.High = y.y(f.Low), y.y(f.High)
			}
			c.Bars = append(c.Bars, b)
			at += width
		}
		for _, a := range accuracy {
			add(a.Order, kind(a.Groups[0].Rates[k]))
		}
		add("random", Figure{1 - share, math.NaN(), math.NaN()})
		c.XTicks = append(c.XTicks, Tick{left + group*(float64(k)+0.5), fmt.Sprintf("%.0f %%", 100*share)})
	}
	for v := 0.0; v <= 1; v += 0.25 {
		c.YTicks = append(c.YTicks, Tick{y.y(v), fmt.Sprintf("%.0f %%", 100*v)})
	}
	return c
}

// Row is one line of the table of coefficients.
type Row struct {
	Name               string
	Coefficient, Error float64
	T                  float64
	Dropped            bool
}

// Rows lists the coefficients of a part.
func (p PartFit) Rows() []Row {
	out := make([]Row, len(p.Names))
	for j, name := range p.Names {
		out[j] = Row{name, p.Coefficient[j], p.Error[j], p.Coefficient[j] / p.Error[j], p.Dropped[j]}
	}
	return out
}
