package pack_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/lambdapack/lambdapack/pack"
)

func TestParseInclude(t *testing.T) {
	tests := []struct {
		in   string
		want pack.Include
		err  string
	}{
		{"a.txt", pack.Include{Source: "a.txt"}, ""},
		{"a.txt:b.txt", pack.Include{Source: "a.txt", Destination: "b.txt"}, ""},
		{"assets/**/*.{html,css}:web/", pack.Include{Source: "assets/**/*.{html,css}", Destination: "web/"}, ""},
		{"assets:.", pack.Include{Source: "assets", Destination: "."}, ""},
		{"..a/b..:c..d", pack.Include{Source: "..a/b..", Destination: "c..d"}, ""},
		{"a:b:c", pack.Include{Source: "a", Destination: "b:c"}, ""},
		{"", pack.Include{}, "the source is empty"},
		{":b", pack.Include{}, "the source is empty"},
		{"/etc/passwd", pack.Include{}, "the source is absolute"},
		{"../x", pack.Include{}, `the source leaves the source root`},
		{"a/../../x", pack.Include{}, `the source leaves the source root`},
		{"a:/b", pack.Include{}, "the destination is absolute; want a path relative to the package"},
		{"a:../b", pack.Include{}, "the destination leaves the package"},
		{"a[b", pack.Include{}, "not a valid pattern"},
		{"{a,b", pack.Include{}, "not a valid pattern"},
	}
	if runtime.GOOS == "windows" {
		tests = append(tests, []struct {
			in   string
			want pack.Include
			err  string
		}{
			{`assets\x.txt:web\y.txt`, pack.Include{Source: "assets/x.txt", Destination: "web/y.txt"}, ""},
			{`..\x`, pack.Include{}, "leaves the source root"},
			{`\x`, pack.Include{}, "absolute"},
		}...)
	} else {
		tests = append(tests, struct {
			in   string
			want pack.Include
			err  string
		}{`a\*b`, pack.Include{Source: `a\*b`}, ""})
	}
	for _, test := range tests {
		got, err := pack.ParseInclude(test.in)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) || !strings.Contains(err.Error(), "including") {
				t.Errorf("%q: error %v, want %q", test.in, err, test.err)
			}
			continue
		}
		if err != nil || got != test.want {
			t.Errorf("%q: %+v, %v, want %+v", test.in, got, err, test.want)
		}
		if got.String() != test.in && runtime.GOOS != "windows" {
			t.Errorf("%q became %q", test.in, got.String())
		}
	}
}
