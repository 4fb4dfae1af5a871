package pack_test

import (
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/pack"
)

// sourceRoot makes a source root, whose files hold their own paths.
func sourceRoot(t *testing.T) string {
	t.Helper()
	top := t.TempDir()
	root := filepath.Join(top, "root")
	for _, name := range []string{
		"a.txt", "bootstrap", "conf/app.yaml", "conf/dev/app.yaml", "conf/.hidden",
		"web/index.html", "web/css/site.css", "web/css/print.css", "web/.git/HEAD", "web/.DS_Store",
		".git/config", "odd/[x]*.txt", "odd/größe.txt", "git/.gitignore", "sub/bootstrap",
	} {
		if runtime.GOOS == "windows" && strings.Contains(name, "*") {
			continue // not a name there
		}
		writeFile(t, filepath.Join(root, filepath.FromSlash(name)), name)
	}
	writeFile(t, filepath.Join(top, "outside", "secret"), "secret")
	if err := os.Mkdir(filepath.Join(root, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{
		"links/file":     "../a.txt",
		"links/dir":      "../conf",
		"links/absolute": filepath.Join(root, "a.txt"),
		"bad/out":        "../../outside/secret",
		"bad/outdir":     "../../outside",
		"bad/dangling":   "nowhere",
		"loop/self":      ".",
		"loop/deep/up":   "..",
		"circle/a":       "b",
		"circle/b":       "a",
		"beside/out":     "../../outside",
	} {
		path := filepath.Join(root, filepath.FromSlash(link))
		os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.Symlink(to, path); err != nil {
			t.Skip(err)
		}
	}
	writeFile(t, filepath.Join(root, "loop", "deep", "x.txt"), "loop/deep/x.txt")
	writeFile(t, filepath.Join(root, "beside", "x.txt"), "beside/x.txt")
	writeFile(t, filepath.Join(root, "beside", "in", "y.txt"), "beside/in/y.txt")
	return root
}

func TestExpand(t *testing.T) {
	root := sourceRoot(t)
	tests := []struct {
		includes []string
		want     map[string]string // name -> source below the root
	}{
		{nil, nil},
		{[]string{"a.txt"}, map[string]string{"a.txt": "a.txt"}},
		{[]string{"./a.txt"}, map[string]string{"a.txt": "a.txt"}},
		{[]string{"conf/app.yaml"}, map[string]string{"conf/app.yaml": "conf/app.yaml"}},

		// destinations of one file
		{[]string{"conf/app.yaml:settings.yaml"}, map[string]string{"settings.yaml": "conf/app.yaml"}},
		{[]string{"conf/app.yaml:etc/"}, map[string]string{"etc/app.yaml": "conf/app.yaml"}},
		{[]string{"conf/app.yaml:."}, map[string]string{"app.yaml": "conf/app.yaml"}},
		{[]string{"conf/app.yaml:./"}, map[string]string{"app.yaml": "conf/app.yaml"}},
		{[]string{"conf/app.yaml:etc/."}, map[string]string{"etc/app.yaml": "conf/app.yaml"}},
		{[]string{"bootstrap:tool"}, map[string]string{"tool": "bootstrap"}},
		{[]string{"bootstrap:bin/bootstrap"}, map[string]string{"bin/bootstrap": "bootstrap"}},

		// directories
		{[]string{"conf"}, map[string]string{"conf/app.yaml": "conf/app.yaml", "conf/dev/app.yaml": "conf/dev/app.yaml", "conf/.hidden": "conf/.hidden"}},
		{[]string{"conf/:etc"}, map[string]string{"etc/app.yaml": "conf/app.yaml", "etc/dev/app.yaml": "conf/dev/app.yaml", "etc/.hidden": "conf/.hidden"}},
		{[]string{"conf/dev:etc/"}, map[string]string{"etc/app.yaml": "conf/dev/app.yaml"}},
		{[]string{"conf/dev:."}, map[string]string{"app.yaml": "conf/dev/app.yaml"}},
		{[]string{"web"}, map[string]string{"web/index.html": "web/index.html", "web/css/site.css": "web/css/site.css", "web/css/print.css": "web/css/print.css"}},
		{[]string{"git"}, map[string]string{"git/.gitignore": "git/.gitignore"}},
		{[]string{"sub"}, map[string]string{"sub/bootstrap": "sub/bootstrap"}},

		// patterns
		{[]string{"web/*"}, map[string]string{"web/index.html": "web/index.html"}},
		{[]string{"web/**"}, map[string]string{"web/index.html": "web/index.html", "web/css/site.css": "web/css/site.css", "web/css/print.css": "web/css/print.css"}},
		{[]string{"web/**/*.css:css"}, map[string]string{"css/css/site.css": "web/css/site.css", "css/css/print.css": "web/css/print.css"}},
		{[]string{"*/css/s*:."}, map[string]string{"web/css/site.css": "web/css/site.css"}},
		{[]string{"web/{index.html,css/site.css}"}, map[string]string{"web/index.html": "web/index.html", "web/css/site.css": "web/css/site.css"}},
		{[]string{"?.txt"}, map[string]string{"a.txt": "a.txt"}},
		{[]string{"{conf,web}/*"}, map[string]string{"conf/app.yaml": "conf/app.yaml", "conf/.hidden": "conf/.hidden", "web/index.html": "web/index.html"}},
		{[]string{"web/css/[a-p]*"}, map[string]string{"web/css/print.css": "web/css/print.css"}},
		{[]string{"odd/gr*"}, map[string]string{"odd/größe.txt": "odd/größe.txt"}},
		{[]string{`odd/\[x\]\*.txt`}, map[string]string{"odd/[x]*.txt": "odd/[x]*.txt"}},

		// symlinks inside the root
		{[]string{"links/file"}, map[string]string{"links/file": "a.txt"}},
		{[]string{"links/absolute"}, map[string]string{"links/absolute": "a.txt"}},
		{[]string{"links/dir:etc"}, map[string]string{"etc/app.yaml": "conf/app.yaml", "etc/dev/app.yaml": "conf/dev/app.yaml", "etc/.hidden": "conf/.hidden"}},
		{[]string{"links/dir/d*/*"}, map[string]string{"links/dir/dev/app.yaml": "conf/dev/app.yaml"}},
		{[]string{"links/**/app.yaml"}, map[string]string{"links/dir/app.yaml": "conf/app.yaml", "links/dir/dev/app.yaml": "conf/dev/app.yaml"}},
		// what a pattern does not ask for may lead anywhere
		{[]string{"beside/*.txt"}, map[string]string{"beside/x.txt": "beside/x.txt"}},
		{[]string{"beside/i*/*.txt"}, map[string]string{"beside/in/y.txt": "beside/in/y.txt"}},

		// several
		{[]string{"a.txt", "a.txt", "?.txt"}, map[string]string{"a.txt": "a.txt"}},
		{[]string{"a.txt", "a.txt:b.txt"}, map[string]string{"a.txt": "a.txt", "b.txt": "a.txt"}},
	}
	for _, test := range tests {
		t.Run(strings.Join(test.includes, " "), func(t *testing.T) {
			if runtime.GOOS == "windows" && strings.Contains(strings.Join(test.includes, ""), `\`) {
				t.Skip("a backslash separates there, and escapes nothing")
			}
			files, err := pack.Expand(root, parseAll(t, test.includes))
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, f := range files {
				if _, ok := got[f.Name]; ok {
					t.Errorf("%s is there twice", f.Name)
				}
				got[f.Name] = readFile(t, f.Path)
			}
			if !maps.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func parseAll(t *testing.T, specs []string) (out []pack.Include) {
	t.Helper()
	for _, s := range specs {
		inc, err := pack.ParseInclude(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, inc)
	}
	return out
}

func TestExpandErrors(t *testing.T) {
	root := sourceRoot(t)
	tests := []struct{ include, want, fix string }{
		{"none", "none does not exist", "relative to"},
		{"none/*.txt", "none does not exist", "relative to"},
		{"*.none", "no file matches", "relative to"},
		{"empty", "no file matches", "relative to"},
		{"conf/*/none", "no file matches", "relative to"},
		{".git", "no file matches", "always left out"},
		{".git/config", "no file matches", "always left out"},
		{"web/.DS_Store", "no file matches", "always left out"},
		{"bootstrap", "bootstrap would take the place of the function's own bootstrap", "bootstrap:NAME"},
		{"boot*", "would take the place", "bootstrap:NAME"},
		{"a.txt:bootstrap", "a.txt would take the place", "a.txt:NAME"},
		{"a.txt:./bootstrap", "a.txt would take the place", "a.txt:NAME"},
		{"sub:.", "sub/bootstrap would take the place", "NAME"},
		{"bad/out", "bad/out is a symlink that leads outside the source root", "copy the file"},
		{"bad/outdir", "leads outside the source root", "copy the file"},
		{"bad/outdir/secret", "leads outside the source root", "copy the file"},
		{"bad/outdir/*", "leads outside the source root", "copy the file"},
		{"bad/o*", "leads outside the source root", "copy the file"},
		{"bad/**", "dangling does not exist", ""},
		{"bad", "dangling does not exist", ""},
		{"beside", "beside/out is a symlink that leads outside", "copy the file"},
		{"beside/**/*.txt", "beside/out is a symlink that leads outside", "copy the file"},
		{"beside/*/*.txt", "beside/out is a symlink that leads outside", "copy the file"},
		{"loop", "loop/deep/up is a symlink to a directory that holds it", ""},
		{"loop/**/*.txt", "is a symlink to a directory that holds it", ""},
		{"circle/a", "circle/a: ", ""},
	}
	for _, test := range tests {
		t.Run(test.include, func(t *testing.T) {
			_, err := pack.Expand(root, parseAll(t, []string{test.include}))
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "including ") {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if !strings.Contains(hint.Of(err), test.fix) {
				t.Errorf("fix %q, want %q", hint.Of(err), test.fix)
			}
		})
	}
	if _, err := pack.Expand(filepath.Join(root, "none"), nil); err == nil {
		t.Error("a root that is not there: no error")
	}
}

// Names with wildcards escaped in braces must not lead out of the root either.
func TestExpandCannotLeaveTheRoot(t *testing.T) {
	root := sourceRoot(t)
	for _, source := range []string{"{..,a}/outside/*", `\.\./outside/secret`, `.\./outside/*`, "[.][.]/outside/*", "?./outside/*"} {
		files, err := pack.Expand(root, []pack.Include{{Source: source}})
		if err == nil {
			t.Errorf("%s: %v", source, files)
		}
	}
	if !slices.Contains(names(t, filepath.Dir(root)), "outside") {
		t.Fatal("there is nothing outside to find")
	}
}
