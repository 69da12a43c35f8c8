package fit

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9*max(1, math.Abs(want)) {
		t.Errorf("%s: got %.12g, want %.12g", what, got, want)
	}
}

// TestOLS_ByHand has two groups of two: the intercept is the mean of the first, the slope the difference of means. The
// HC1 variances are sums of squared residuals by squared group weight, times 4/2.
func TestOLS_ByHand(t *testing.T) {
	t.Parallel()
	x := mat.NewDense(4, 2, []float64{1, 0, 1, 0, 1, 1, 1, 1})
	y := []float64{0, 2, 3, 7}
	r, err := OLS(x, y, []float64{1, 1, 1, 1})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "intercept", r.Coefficient[0], 1)
	near(t, "slope", r.Coefficient[1], 4)
	near(t, "R²", r.R2, 1-10.0/26)
	near(t, "adjusted R²", r.AdjR2, 1-10.0/26*3/2)
	near(t, "sigma", r.Sigma, math.Sqrt(5))
	near(t, "HC1 of the intercept", r.Error[0], 1)               // 2 · (1+1)/4
	near(t, "HC1 of the slope", r.Error[1], math.Sqrt(2*(.5+2))) // 2 · ((1+1)/4 + (4+4)/4)

	r, err = OLS(x, y, []float64{1, 3, 1, 1})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "weighted intercept", r.Coefficient[0], 1.5)
	near(t, "weighted slope", r.Coefficient[1], 3.5)
	near(t, "weighted HC1 of the intercept", r.Error[0], 0.75)                    // 2 · (1·2.25 + 9·0.25)/16
	near(t, "weighted HC1 of the slope", r.Error[1], math.Sqrt(2*(4.5/16+8.0/4))) // and the second group's
}

// TestOLS_AgainstGonum compares with gonum's own simple regression, and with the normal equations solved by its LU.
func TestOLS_AgainstGonum(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	const n, k = 60, 4
	x := mat.NewDense(n, k, nil)
	one, y, w := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		x.Set(i, 0, 1)
		for j := 1; j < k; j++ {
			x.Set(i, j, r.NormFloat64())
		}
		one[i], w[i] = x.At(i, 1), 0.5+r.Float64()
		y[i] = 2 - x.At(i, 1) + r.NormFloat64()
	}
	simple, err := OLS(mat.DenseCopyOf(x.Slice(0, n, 0, 2)), y, w)
	if err != nil {
		t.Fatal(err)
	}
	alpha, beta := stat.LinearRegression(one, y, w, false)
	near(t, "alpha", simple.Coefficient[0], alpha)
	near(t, "beta", simple.Coefficient[1], beta)
	near(t, "R²", simple.R2, stat.RSquared(one, y, w, alpha, beta))

	whole, err := OLS(x, y, w)
	if err != nil {
		t.Fatal(err)
	}
	var xtw, normal, right, solved mat.Dense
	xtw.Mul(x.T(), mat.NewDiagDense(n, w))
	normal.Mul(&xtw, x)
	right.Mul(&xtw, mat.NewDense(n, 1, y))
	if err := solved.Solve(&normal, &right); err != nil {
		t.Fatal(err)
	}
	var bread, sandwich mat.Dense
	if err := bread.Inverse(&normal); err != nil {
		t.Fatal(err)
	}
	meat := make([]float64, n)
	for i := range n {
		meat[i] = w[i] * w[i] * (y[i] - whole.Fitted[i]) * (y[i] - whole.Fitted[i])
	}
	var filling mat.Dense
	filling.Product(x.T(), mat.NewDiagDense(n, meat), x)
	sandwich.Product(&bread, &filling, &bread)
	for j := range k {
		near(t, "coefficient", whole.Coefficient[j], solved.At(j, 0))
		near(t, "robust error", whole.Error[j], math.Sqrt(sandwich.At(j, j)*n/(n-k)))
	}
}

// TestOLS_Collinear drops what follows from columns before it, and nothing else.
func TestOLS_Collinear(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2, 2))
	const n = 50
	x := mat.NewDense(n, 6, nil)
	y, w := make([]float64, n), make([]float64, n)
	for i := range n {
		a, b := r.NormFloat64(), 1000*r.NormFloat64()
		x.SetRow(i, []float64{1, a, b, 3*a - b/500 + 2, 0, a + r.NormFloat64()}) // the fourth follows, the fifth is nothing
		y[i], w[i] = 5+a+r.NormFloat64(), 1
	}
	got, err := OLS(x, y, w)
	if err != nil {
		t.Fatal(err)
	}
	without := mat.NewDense(n, 4, nil)
	for i := range n {
		without.SetRow(i, []float64{1, x.At(i, 1), x.At(i, 2), x.At(i, 5)})
	}
	want, err := OLS(without, y, w)
	if err != nil {
		t.Fatal(err)
	}
	if got.K != 4 || !got.Dropped[3] || !got.Dropped[4] || got.Dropped[5] || got.Coefficient[3] != 0 || !math.IsNaN(got.Error[4]) {
		t.Errorf("kept %d, dropped %v", got.K, got.Dropped)
	}
	for j, at := range []int{0, 1, 2, 5} {
		near(t, "coefficient", got.Coefficient[at], want.Coefficient[j])
		near(t, "error", got.Error[at], want.Error[j])
	}
	if _, err := OLS(mat.NewDense(2, 2, []float64{1, 0, 1, 1}), []float64{1, 2}, []float64{1, 1}); err == nil {
		t.Error("two households gave two coefficients and no doubt")
	}
}
