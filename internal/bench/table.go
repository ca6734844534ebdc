package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"
)

const row = "%9s  %-22s  %17s  %17s  %10s  %8s  %9s  %4s\n"

func header(out io.Writer) {
	fmt.Fprintf(out, row, "users", "", "wall", "CPU", "memory", "requests", "in flight", "429")
}

// report prints the results of the runs of one size, and the ratio of the connector to the
// floor.
func report(out io.Writer, users int, turns []map[string]result) {
	if len(turns) == 0 {
		return
	}
	for _, name := range []string{ours, nothing} {
		m := func(of func(result) float64) float64 {
			return median(values(turns, func(t map[string]result) float64 { return of(t[name]) }))
		}
		fmt.Fprintf(out, row, thousands(users), name,
			seconds(m(func(r result) float64 { return r.wall.Seconds() })),
			seconds(m(func(r result) float64 { return r.cpu.Seconds() })),
			fmt.Sprintf("%.0f MiB", m(func(r result) float64 { return float64(r.memory) / (1 << 20) })),
			thousands(int(m(func(r result) float64 { return float64(r.Requests) }))),
			fmt.Sprint(m(func(r result) float64 { return float64(r.InFlight) })),
			fmt.Sprint(m(func(r result) float64 { return float64(r.Refused) })))
	}
	ratio := func(of func(result) float64) []float64 {
		return values(turns, func(t map[string]result) float64 { return of(t[ours]) / of(t[nothing]) })
	}
	fmt.Fprintf(out, row+"\n", "", "ratio to "+nothing,
		spread(ratio(func(r result) float64 { return r.wall.Seconds() })),
		spread(ratio(func(r result) float64 { return r.cpu.Seconds() })),
		fmt.Sprintf("%.2f", median(ratio(func(r result) float64 { return float64(r.memory) }))), "", "", "")
}

func values(turns []map[string]result, of func(map[string]result) float64) []float64 {
	all := make([]float64, len(turns))
	for i, turn := range turns {
		all[i] = of(turn)
	}
	return all
}

func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}

func spread(all []float64) string {
	return fmt.Sprintf("%.2f (%.2f-%.2f)", median(all), slices.MinFunc(all, cmp.Compare), slices.MaxFunc(all, cmp.Compare))
}

func seconds(s float64) string {
	return time.Duration(s * float64(time.Second)).Round(10 * time.Millisecond).String()
}

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
