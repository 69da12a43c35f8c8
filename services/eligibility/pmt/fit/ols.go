package fit

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Regression is a weighted least-squares estimate. Slices are by regressor, the intercept first.
type Regression struct {
	Names       []string
	Coefficient []float64 // 0 where dropped
	Error       []float64 // robust (HC1) standard error; NaN where dropped
	Dropped     []bool    // a sum of regressors before it
	N, K        int       // households, estimated coefficients
	R2, AdjR2   float64   // weighted
	Sigma       float64   // weighted standard deviation of residuals, by degrees of freedom
	Fitted      []float64
}

// collinear is how much of a column, as a share of its length, must not be explained by the columns before it.
const collinear = 1e-7

var errUnsolvable = errors.New("the equation has no single solution: too few households for so many variables")

// OLS estimates y on the columns of x by least squares weighted with w, by QR decomposition. Columns that are linear
// combinations of columns before them are dropped. Errors are HC1: heteroskedasticity-robust, times n/(n-k).
func OLS(x *mat.Dense, y, w []float64) (*Regression, error) {
	n, width := x.Dims()
	r := &Regression{N: n, Coefficient: make([]float64, width), Error: make([]float64, width), Dropped: make([]bool, width)}
	kept := make([]int, width)
	for j := range kept {
		kept[j] = j
	}
	root := make([]float64, n)
	for i := range root {
		root[i] = math.Sqrt(w[i])
	}
	var qr mat.QR
	for {
		if len(kept) == 0 || n <= len(kept) {
			return nil, errUnsolvable
		}
		a := mat.NewDense(n, len(kept), nil)
		for i := range n {
			for j, column := range kept {
				a.Set(i, j, root[i]*x.At(i, column))
			}
		}
		qr.Factorize(a)
		bad := dependent(&qr, a)
		if bad < 0 {
			break
		}
		r.Dropped[kept[bad]] = true
		kept = append(kept[:bad:bad], kept[bad+1:]...)
	}
	r.K = len(kept)
	b := mat.NewVecDense(n, nil)
	for i := range n {
		b.SetVec(i, root[i]*y[i])
	}
	var beta mat.VecDense
	if err := qr.SolveVecTo(&beta, false, b); err != nil {
		return nil, errUnsolvable
	}
	for j, column := range kept {
		r.Coefficient[column] = beta.AtVec(j)
	}
	r.judge(x, y, w)
	return r, r.robust(x, y, w, kept, &qr)
}

// dependent finds the first column that the ones before it explain, -1 when there is none.
func dependent(qr *mat.QR, a *mat.Dense) int {
	var upper mat.Dense
	qr.RTo(&upper)
	_, k := a.Dims()
	for j := range k {
		if math.Abs(upper.At(j, j)) <= collinear*mat.Norm(a.ColView(j), 2) {
			return j
		}
	}
	return -1
}

// judge fills fitted values and how well they fit.
func (r *Regression) judge(x *mat.Dense, y, w []float64) {
	r.Fitted = make([]float64, r.N)
	total, mean := 0.0, 0.0
	for i := range r.N {
		for j, c := range r.Coefficient {
			r.Fitted[i] += c * x.At(i, j)
		}
		total += w[i]
		mean += w[i] * y[i]
	}
	mean /= total
	rest, all := 0.0, 0.0
	for i := range r.N {
		rest += w[i] * (y[i] - r.Fitted[i]) * (y[i] - r.Fitted[i])
		all += w[i] * (y[i] - mean) * (y[i] - mean)
	}
	n, k := float64(r.N), float64(r.K)
	r.R2 = 1 - rest/all
	r.AdjR2 = 1 - (1-r.R2)*(n-1)/(n-k)
	r.Sigma = math.Sqrt(rest / total * n / (n - k))
}

// robust fills the HC1 errors: with B the inverse of X'WX, the diagonal of n/(n-k) · B X'W diag(e²) W X B.
func (r *Regression) robust(x *mat.Dense, y, w []float64, kept []int, qr *mat.QR) error {
	var r1 mat.Dense
	qr.RTo(&r1)
	k := len(kept)
	triangle := mat.NewTriDense(k, mat.Upper, nil)
	for i := range k {
		for j := i; j < k; j++ {
			triangle.SetTri(i, j, r1.At(i, j))
		}
	}
	var inverse mat.TriDense
	if err := inverse.InverseTri(triangle); err != nil {
		return errUnsolvable
	}
	var bread mat.Dense
	bread.Mul(&inverse, inverse.T())
	variance := make([]float64, k)
	row := make([]float64, k)
	for i := range r.N {
		for j, column := range kept {
			row[j] = x.At(i, column)
		}
		scale := w[i] * (y[i] - r.Fitted[i])
		for j := range k {
			a := 0.0
			for l, v := range row {
				a += bread.At(j, l) * v
			}
			variance[j] += scale * scale * a * a
		}
	}
	for j := range r.Error {
		r.Error[j] = math.NaN()
	}
	for j, column := range kept {
		r.Error[column] = math.Sqrt(variance[j] * float64(r.N) / float64(r.N-k))
	}
	return nil
}
