// Command growth draws what callboard-bench measured of catalogs of several
// sizes: one small chart a figure, both axes logarithmic, one line a store.
//
// Owns: which figures are drawn, and how.
// Does not own: measuring (host/cmd/callboard-bench), the table beside the picture (its -docs).
// Flow: report.json → one chart a figure → an SVG.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"image/color"
	"os"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: growth report.json picture.svg")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	text, err := os.ReadFile(from) //nolint:gosec // named by the caller
	if err != nil {
		return fmt.Errorf("reading the report: %w", err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("reading the report: %w", err)
	}
	picture, err := r.draw()
	if err != nil {
		return err
	}
	f, err := os.Create(to) //nolint:gosec // named by the caller
	if err != nil {
		return fmt.Errorf("writing the picture: %w", err)
	}
	_, err = picture.WriteTo(f)
	return errors.Join(err, f.Close())
}

// report is the part of callboard-bench's JSON that is drawn.
type report struct {
	Growth []point `json:"growth"`
}

type point struct {
	Entities int     `json:"entities"`
	Store    string  `json:"store"`
	Ingest   start   `json:"ingest"`
	Ready    start   `json:"ready"`
	Idle     memory  `json:"idle"`
	Database float64 `json:"databaseBytes"`
	Cases    []struct {
		Name string  `json:"name"`
		Rate float64 `json:"rate"`
	} `json:"cases"`
}

type start struct {
	Seconds float64 `json:"seconds"`
}

type memory struct {
	Resident float64 `json:"resident"`
}

// figure is one chart. of returns 0 for what was not measured.
type figure struct {
	title string
	of    func(point) float64
}

func figures() []figure {
	rate := func(name string) figure {
		return figure{name + ", requests/s", func(p point) float64 {
			for _, c := range p.Cases {
				if c.Name == name {
					return c.Rate
				}
			}
			return 0
		}}
	}
	return []figure{
		{"ingest, s", func(p point) float64 { return p.Ingest.Seconds }},
		{"second start, s", func(p point) float64 { return p.Ready.Seconds }},
		{"resident when idle, MiB", func(p point) float64 { return p.Idle.Resident / (1 << 20) }},
		{"database, MiB", func(p point) float64 { return p.Database / (1 << 20) }},
		rate("by-name"), rate("list-ordered"), rate("fulltext"), rate("facets"),
	}
}

const (
	columns = 4
	rows    = 2
	width   = 1100 * vg.Length(0.75) // points of as many CSS pixels
	height  = 480 * vg.Length(0.75)
)

// Both differ in lightness as well as in hue.
var colours = map[string]color.Color{"sqlite": color.RGBA{R: 0x1d, G: 0x4e, B: 0xd8, A: 0xff}, "postgres": color.RGBA{R: 0xd9, G: 0x77, B: 0x06, A: 0xff}}

func (r *report) draw() (*vgsvg.Canvas, error) {
	if len(r.Growth) == 0 {
		return nil, errors.New("the report has no growth: run callboard-bench -suites growth")
	}
	all := figures()
	plots := make([][]*plot.Plot, rows)
	for i := range plots {
		plots[i] = make([]*plot.Plot, columns)
		for j := range plots[i] {
			p, err := r.chart(all[i*columns+j], i+j == 0)
			if err != nil {
				return nil, err
			}
			plots[i][j] = p
		}
	}
	canvas := vgsvg.New(width, height)
	// The page behind the picture may be dark.
	canvas.SetColor(color.White)
	var page vg.Path
	page.Move(vg.Point{})
	page.Line(vg.Point{X: width})
	page.Line(vg.Point{X: width, Y: height})
	page.Line(vg.Point{Y: height})
	page.Close()
	canvas.Fill(page)
	tiles := draw.Tiles{Rows: rows, Cols: columns, PadX: 14, PadY: 14, PadTop: 8, PadBottom: 8, PadLeft: 8, PadRight: 8}
	for i, row := range plot.Align(plots, tiles, draw.New(canvas)) {
		for j, at := range row {
			plots[i][j].Draw(at)
		}
	}
	return canvas, nil
}

func (r *report) chart(f figure, legend bool) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = f.title
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.LogTicks{Prec: -1}, plot.LogTicks{Prec: -1}
	p.Add(plotter.NewGrid())
	for _, store := range []string{"sqlite", "postgres"} {
		var line plotter.XYs
		for _, one := range r.Growth {
			if y := f.of(one); one.Store == store && y > 0 {
				line = append(line, plotter.XY{X: float64(one.Entities), Y: y})
			}
		}
		if len(line) == 0 {
			continue
		}
		l, points, err := plotter.NewLinePoints(line)
		if err != nil {
			return nil, fmt.Errorf("drawing %s on %s: %w", f.title, store, err)
		}
		l.Color, points.Color = colours[store], colours[store]
		l.Width, points.Shape, points.Radius = vg.Points(1.5), draw.CircleGlyph{}, vg.Points(2)
		p.Add(l, points)
		if legend {
			p.Legend.Add(store, l, points)
		}
		p.Y.Min, p.Y.Max = min(p.Y.Min, line[0].Y), max(p.Y.Max, line[0].Y)
	}
	if p.Y.Min > p.Y.Max { // nothing was measured
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 1000, 10_000, 1, 10
	}
	p.Legend.Top, p.Legend.Left = true, true
	// Whole decades, so that slopes can be compared.
	if p.Y.Min == p.Y.Max {
		p.Y.Max *= 10
	}
	p.Y.Min, p.Y.Max = decades(p.Y.Min, p.Y.Max)
	return p, nil
}

// decades widens a range to powers of ten.
func decades(low, high float64) (from, to float64) {
	from, to = 1e-3, 1e-3
	for from*10 <= low {
		from *= 10
	}
	for to < high {
		to *= 10
	}
	return from, to
}
