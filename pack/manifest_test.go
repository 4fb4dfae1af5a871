package pack_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/pack"
)

var (
	zipRecord = pack.Record{
		Architecture: "arm64", Format: pack.FormatZip, Handler: "bootstrap", Path: "hello.zip", Runtime: "provided.al2",
		Libraries: []pack.Library{{Name: "lib/libpq.so.5", SHA256: "ee11"}},
		SHA256:    "00ff", Size: 123, SourceCodeHash: "AP8=", UnpackedSize: 456,
	}
	dirRecord = pack.Record{Architecture: "x86_64", Format: pack.FormatDir, Handler: "bootstrap", Path: "api", Runtime: "provided.al2023"}
)

const goldenManifest = `{
  "functions": {
    "api": {
      "architecture": "x86_64",
      "format": "dir",
      "handler": "bootstrap",
      "path": "api",
      "runtime": "provided.al2023",
      "unpacked_size": 0
    },
    "hello": {
      "architecture": "arm64",
      "format": "zip",
      "handler": "bootstrap",
      "libraries": [
        {
          "name": "lib/libpq.so.5",
          "sha256": "ee11"
        }
      ],
      "path": "hello.zip",
      "runtime": "provided.al2",
      "sha256": "00ff",
      "size": 123,
      "source_code_hash": "AP8=",
      "unpacked_size": 456
    }
  },
  "schema": 1
}
`

func manifestPath(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), pack.ManifestName)
	if text != "" {
		writeFile(t, path, text)
	}
	return path
}

func update(t *testing.T, path string, records map[string]pack.Record) {
	t.Helper()
	if err := pack.Update(path, records); err != nil {
		t.Fatal(err)
	}
}

func TestManifestText(t *testing.T) {
	path := manifestPath(t, "")
	update(t, path, map[string]pack.Record{"hello": zipRecord, "api": dirRecord})
	if got := readFile(t, path); got != goldenManifest {
		t.Errorf("got\n%s\nwant\n%s", got, goldenManifest)
	}
	m, err := pack.ReadManifest(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]pack.Record{"hello": zipRecord, "api": dirRecord}; !reflect.DeepEqual(m.Functions, want) {
		t.Errorf("read back as %+v", m.Functions)
	}
	if text, err := new(pack.Manifest).Text(); err != nil || string(text) != "{\n  \"functions\": {},\n  \"schema\": 1\n}\n" {
		t.Errorf("an empty manifest is %q, %v", text, err)
	}
}

// What --json prints is made from nothing, without a file.
func TestManifestFromNothing(t *testing.T) {
	var m pack.Manifest
	m.Set("api", dirRecord)
	m.Set("hello", zipRecord)
	if text, err := m.Text(); err != nil || string(text) != goldenManifest {
		t.Errorf("got %s, %v", text, err)
	}
}

func TestUpdateKeepsOthers(t *testing.T) {
	path := manifestPath(t, `{"schema":1, "new": {"x": [1e400, "<&>"]}, "functions": {
		"hello": {"path": "old.zip", "future": true},
		"other": {"path": "other.zip", "size": 12, "future": {"deep": [1, 2.50, null]}}}}`)
	update(t, path, map[string]pack.Record{"hello": zipRecord})
	const want = `{
  "functions": {
    "hello": {
      "architecture": "arm64",
      "format": "zip",
      "handler": "bootstrap",
      "libraries": [
        {
          "name": "lib/libpq.so.5",
          "sha256": "ee11"
        }
      ],
      "path": "hello.zip",
      "runtime": "provided.al2",
      "sha256": "00ff",
      "size": 123,
      "source_code_hash": "AP8=",
      "unpacked_size": 456
    },
    "other": {
      "path": "other.zip",
      "size": 12,
      "future": {
        "deep": [
          1,
          2.50,
          null
        ]
      }
    }
  },
  "new": {
    "x": [
      1e400,
      "\u003c\u0026\u003e"
    ]
  },
  "schema": 1
}
`
	if got := readFile(t, path); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestUpdateWritesOnlyChanges(t *testing.T) {
	path := manifestPath(t, "")
	update(t, path, map[string]pack.Record{"hello": zipRecord, "api": dirRecord})
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	modTime := func() time.Time {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.ModTime()
	}
	update(t, path, map[string]pack.Record{"api": dirRecord})
	if !modTime().Equal(old) {
		t.Error("an unchanged manifest was written")
	}
	update(t, path, map[string]pack.Record{"api": zipRecord})
	if modTime().Equal(old) {
		t.Error("a changed manifest was not written")
	}
	if got := names(t, filepath.Dir(path)); !slices.Equal(got, []string{pack.ManifestName}) {
		t.Errorf("left over: %v", got)
	}
}

func TestManifestErrors(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"cut", goldenManifest[:200], "it is not a manifest: unexpected end of JSON input"},
		{"empty", " ", "it is not a manifest"},
		{"text after it", goldenManifest + "x", "it is not a manifest"},
		{"merge conflict", "<<<<<<< HEAD\n" + goldenManifest, "it is not a manifest: invalid character '<'"},
		{"list", "[]", "it is not a manifest"},
		{"null", "null", `"schema": no value`},
		{"other tool's file", "{}", `"schema": no value`},
		{"newer", `{"schema": 2, "functions": []}`, "its schema is 2, and this version of lambdapack knows 1"},
		{"schema of another type", `{"schema": "1"}`, `"schema": json`},
		{"no functions", `{"schema": 1}`, `"functions": no value`},
		{"functions of another type", `{"schema": 1, "functions": []}`, `"functions": json`},
		{"record of another type", `{"schema": 1, "functions": {"a": {}, "b": "x"}}`, `function "b": json`},
		{"null record", `{"schema": 1, "functions": {"b": null}}`, `function "b": no value`},
		{"field of another type", `{"schema": 1, "functions": {"b": {"size": "1"}}}`, `function "b": json`},
		{"huge", strings.Repeat(" ", 64<<20) + goldenManifest, "larger than 67108864 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := manifestPath(t, test.text)
			err := pack.Update(path, map[string]pack.Record{"hello": zipRecord})
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v, want %q and the path", err, test.want)
			}
			if !strings.Contains(hint.Of(err), "delete it") {
				t.Errorf("fix %q", hint.Of(err))
			}
			if readFile(t, path) != test.text {
				t.Error("the file was touched")
			}
		})
	}
	t.Run("directory", func(t *testing.T) {
		if _, err := pack.ReadManifest(t.TempDir()); err == nil {
			t.Error("no error")
		}
	})
	t.Run("not writable", func(t *testing.T) {
		path := manifestPath(t, goldenManifest)
		if err := pack.Update(filepath.Join(path, "below", "a", "file"), nil); err == nil {
			t.Error("no error")
		}
	})
}

func TestReadManifestOfNoFile(t *testing.T) {
	m, err := pack.ReadManifest(manifestPath(t, ""))
	if err != nil || len(m.Functions) != 0 {
		t.Errorf("%+v, %v", m, err)
	}
	m.Set("hello", zipRecord) // usable
}

func TestParseFormat(t *testing.T) {
	for s, want := range map[string]pack.Format{"zip": pack.FormatZip, "dir": pack.FormatDir} {
		if got, err := pack.ParseFormat(s); err != nil || got != want {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "ZIP", "tar"} {
		if _, err := pack.ParseFormat(s); err == nil || !strings.Contains(err.Error(), "want zip, dir or image") {
			t.Errorf("%q: error %v", s, err)
		}
	}
}
