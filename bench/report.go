package main

import (
	"fmt"
	"os"
	"text/tabwriter"
	"time"
)

// table prints columns that line up, numbers to the right.
type table struct{ *tabwriter.Writer }

func newTable() table {
	return table{tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)}
}

func (t table) row(cells ...any) {
	for _, c := range cells {
		fmt.Fprintf(t, "%v\t", c)
	}
	fmt.Fprintln(t)
}

func seconds(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.3f s", d.Seconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// milliseconds is for what is over too soon to count in seconds.
func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

func times(r float64) string { return fmt.Sprintf("%.2fx", r) }

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

// aim prints one goal, what was reached, and whether that is enough.
func aim(met bool, format string, args ...any) {
	verdict := "met    "
	if !met {
		verdict = "NOT MET"
	}
	fmt.Printf("  %s  %s\n", verdict, fmt.Sprintf(format, args...))
}
