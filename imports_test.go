package lambdapack_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const modulePath = "github.com/lambdapack/lambdapack"

// rooms says who may import whom of this module, as docs/architecture.md does:
// a folder, and the folders that it may import. "" is the root package. lambda
// is data that every room may ask, internal/hint and internal/atomicfile are
// tools that every room may use.
var rooms = map[string][]string{
	"":                      {"build", "ldd", "pack", "image", "check", "invoke", "templates"},
	"cmd/lambdapack":        {"", "check", "invoke", "ldd", "templates", "pack"},
	"lambda":                {},
	"build":                 {},
	"ldd":                   {},
	"pack":                  {"pack/internal/deflate"},
	"pack/internal/deflate": {},
	"image":                 {"pack"},
	"check":                 {"ldd", "pack", "image"},
	"invoke":                {},
	"templates":             {},
	"bench":                 {"", "ldd", "pack"},
	"internal/hint":         {},
	"internal/atomicfile":   {},
}

var everybodys = []string{"lambda", "internal/hint", "internal/atomicfile"}

// onlyImporter says which room alone may import a module of others', so that
// what the module does to our bytes, or brings along, is in one place.
var onlyImporter = map[string]string{
	"github.com/u-root/u-root/pkg/ldd":       "ldd",
	"github.com/klauspost/compress":          "pack/internal/deflate",
	"github.com/google/go-containerregistry": "image",
	"github.com/aws/aws-sdk-go-v2":           "image",
	"github.com/goccy/go-yaml":               "",
	"github.com/spf13/cobra":                 "cmd/lambdapack",
	"github.com/bmatcuk/doublestar/v4":       "pack",
}

func TestImports(t *testing.T) {
	seen := map[string]bool{}
	for room, imports := range imports(t) {
		seen[room] = true
		allowed, ok := rooms[room]
		if !ok {
			t.Errorf("folder %q: say in this test what it may import", room)
			continue
		}
		for _, imp := range imports {
			if ours, ok := cutModule(imp); ok && !slices.Contains(allowed, ours) && !slices.Contains(everybodys, ours) {
				t.Errorf("%q imports %q", room, ours)
			}
			for module, importer := range onlyImporter {
				if (imp == module || strings.HasPrefix(imp, module+"/")) && room != importer {
					t.Errorf("%q imports %s, and only %q may", room, imp, importer)
				}
			}
		}
	}
	for _, room := range []string{"", "cmd/lambdapack", "lambda", "build", "pack", "pack/internal/deflate"} {
		if !seen[room] {
			t.Errorf("folder %q was not looked at", room)
		}
	}
}

func cutModule(imp string) (folder string, ours bool) {
	if imp == modulePath {
		return "", true
	}
	return strings.CutPrefix(imp, modulePath+"/")
}

// imports returns what each folder's files import, for every system that they
// are for, tests left out.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if skipped(name, d) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		room := strings.TrimPrefix(path.Dir(filepath.ToSlash(name)), ".")
		for _, imp := range f.Imports {
			s, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				return err
			}
			found[room] = append(found[room], s)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// skipped leaves out what is not of this module: hidden folders, test data,
// and modules of their own.
func skipped(name string, d fs.DirEntry) bool {
	if name == "." {
		return false
	}
	_, err := os.Stat(filepath.Join(name, "go.mod"))
	return err == nil || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")
}
