package pack_test

import (
	"archive/zip"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lambdapack/lambdapack/pack"
)

// expected is what every reader must say of a package: files, and directories
// too where the output has them.
func expected(t testing.TB, p *pack.Package, dirs bool) map[string]facts {
	t.Helper()
	out := map[string]facts{}
	for _, e := range p.Entries() {
		if e.IsDir() {
			if dirs {
				out[e.Name] = facts{Mode: e.Mode, Time: pack.Epoch}
			}
			continue
		}
		c, err := e.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(io.NewSectionReader(c, 0, e.Size))
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		out[e.Name] = factsOf(e.Mode, data, pack.Epoch)
	}
	return out
}

// tool runs a program of an apt package in dir and returns what it prints.
func tool(t *testing.T, apt, dir, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		missing(t, "%s is not here; it is in the apt package %s", name, apt)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return string(out)
}

func TestReadersAgree(t *testing.T) {
	p := newPackage(t, all())
	want := expected(t, p, false)
	path := filepath.Join(t.TempDir(), "x.zip")
	writeZip(t, p, path, pack.ZipOptions{})

	t.Run("Go", func(t *testing.T) { equalFacts(t, readGo(t, path), want) })
	t.Run("Python", func(t *testing.T) { equalFacts(t, readPython(t, path), want) })
	t.Run("unzip", func(t *testing.T) {
		if out := tool(t, "unzip", "", "unzip", "-t", path); !strings.Contains(out, "No errors detected") {
			t.Error(out)
		}
		dir := t.TempDir()
		tool(t, "unzip", dir, "unzip", "-q", path)
		equalFacts(t, filesOf(tree(t, dir)), want)
	})
	t.Run("zipinfo", func(t *testing.T) { equalFacts(t, readZipinfo(t, path, want), want) })
	t.Run("zip", func(t *testing.T) { tool(t, "zip", "", "zip", "-T", path) })
	t.Run("bsdtar", func(t *testing.T) {
		dir := t.TempDir()
		tool(t, "libarchive-tools", dir, "bsdtar", "-xpf", path)
		equalFacts(t, filesOf(tree(t, dir)), want)
	})
}

func filesOf(tree map[string]facts) map[string]facts {
	for name, f := range tree {
		if f.Mode.IsDir() {
			delete(tree, name)
		}
	}
	return tree
}

func readGo(t *testing.T, path string) map[string]facts {
	r, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	out := map[string]facts{}
	for _, f := range r.File {
		c, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(c)
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		out[f.Name] = factsOf(f.Mode(), data, f.Modified)
	}
	return out
}

const pythonReader = `
import hashlib, json, sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
print(json.dumps([[i.filename, i.external_attr >> 16, i.file_size, hashlib.sha256(z.read(i)).hexdigest(),
	list(i.date_time), i.create_system] for i in z.infolist()]))
`

func readPython(t *testing.T, path string) map[string]facts {
	var rows [][]any
	text := tool(t, "python3", "", "python3", "-c", pythonReader, path)
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		t.Fatal(err)
	}
	out := map[string]facts{}
	for _, row := range rows {
		mode, at := uint32(row[1].(float64)), row[4].([]any)
		if mode&^0o777 != 0o100000 || row[5].(float64) != 3 {
			t.Errorf("%v: mode %o, creator %v; want a regular file of Unix", row[0], mode, row[5])
		}
		n := func(i int) int { return int(at[i].(float64)) }
		out[row[0].(string)] = facts{
			os.FileMode(mode & 0o777), int64(row[2].(float64)), row[3].(string),
			time.Date(n(0), time.Month(n(1)), n(2), n(3), n(4), n(5), 0, time.UTC),
		}
	}
	return out
}

// readZipinfo reads lines like
//
//	-rwxr-xr-x  2.0 unx       20 b- defN 19800101.000000 bootstrap
//
// They do not tell the content, which is taken from what is wanted.
func readZipinfo(t *testing.T, path string, want map[string]facts) map[string]facts {
	out := map[string]facts{}
	for line := range strings.Lines(tool(t, "unzip", "", "zipinfo", "-T", path)) {
		f := strings.Fields(line)
		if len(f) != 8 || len(f[0]) != 10 {
			continue // a heading
		}
		if f[2] != "unx" || f[4][1] != '-' { // the second letter tells of extra fields and data descriptors
			t.Errorf("%q: want Unix, no extra field and no data descriptor", line)
		}
		at, err := time.Parse("20060102.150405", f[6])
		if err != nil {
			t.Error(err)
		}
		mode := os.FileMode(0o644)
		if f[0] == "-rwxr-xr-x" {
			mode = 0o755
		} else if f[0] != "-rw-r--r--" {
			t.Errorf("%q: the mode is neither 0755 nor 0644", line)
		}
		var size int64
		if err := json.Unmarshal([]byte(f[3]), &size); err != nil {
			t.Error(err)
		}
		out[f[7]] = facts{mode, size, want[f[7]].SHA256, at}
	}
	return out
}

func TestZipAndDirectoryHoldTheSameTree(t *testing.T) {
	p := newPackage(t, all())
	dir := t.TempDir()
	writeZip(t, p, filepath.Join(dir, "x.zip"), pack.ZipOptions{})
	if err := p.WriteDir(t.Context(), filepath.Join(dir, "x"), false); err != nil {
		t.Fatal(err)
	}
	equalFacts(t, filesOf(tree(t, filepath.Join(dir, "x"))), readGo(t, filepath.Join(dir, "x.zip")))
}
