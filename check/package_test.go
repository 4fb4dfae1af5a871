package check

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lambdapack/lambdapack/ldd"
)

// TestScriptPackages needs no compiler: bootstrap is a script.
func TestScriptPackages(t *testing.T) {
	t.Parallel()
	sh := file("bootstrap", script, 0o755)
	for _, test := range []struct {
		name    string
		entries []entry
		want    []string
	}{
		{"good", []entry{sh, file("lib/", "", 0o755|fs.ModeDir), file("lib/data.txt", "x", 0o644)}, nil},
		{"empty", nil, []string{"error no-bootstrap"}},
		{"below", []entry{file("dist/bootstrap", script, 0o755)}, []string{"error no-bootstrap"}},
		{"directory", []entry{file("bootstrap/", "", 0o755|fs.ModeDir)}, []string{"error no-bootstrap bootstrap"}},
		{"not executable", []entry{file("bootstrap", script, 0o644)}, []string{"error not-executable bootstrap"}},
		{"for its owner", []entry{file("bootstrap", script, 0o700)}, []string{"error not-executable bootstrap", "error unreadable bootstrap"}},
		{"Windows", []entry{file("bootstrap", "MZ\x90\x00", 0o755)}, []string{"error not-a-program bootstrap"}},
		{"no content", []entry{file("bootstrap", "", 0o755)}, []string{"error not-a-program bootstrap"}},
		{"CRLF", []entry{file("bootstrap", "#!/bin/sh\r\nexit 0\r\n", 0o755)}, []string{"error script-crlf bootstrap"}},
		{"bash", []entry{file("bootstrap", "#!/usr/bin/env bash\n", 0o755)}, nil},
		{"space", []entry{file("bootstrap", "#! /bin/bash -eu\n", 0o755)}, nil},
		{"python", []entry{file("bootstrap", "#!/usr/bin/python3\n", 0o755)}, []string{"error missing-interpreter bootstrap"}},
		{"env python", []entry{file("bootstrap", "#!/usr/bin/env -S python3 -u\n", 0o755)}, []string{"error missing-interpreter bootstrap"}},
		{"relative", []entry{file("bootstrap", "#!sh\n", 0o755)}, []string{"error missing-interpreter bootstrap"}},
		{"none", []entry{file("bootstrap", "#!\n", 0o755)}, []string{"error missing-interpreter bootstrap"}},
		{"layer", []entry{file("bootstrap", "#!/opt/bin/deno\n", 0o755)}, []string{"warning missing-interpreter bootstrap"}},
		{"own", []entry{file("bootstrap", "#!/var/task/bin/x\n", 0o755), file("bin/x", script, 0o755)}, nil},
		{"not its own", []entry{file("bootstrap", "#!/var/task/bin/x\n", 0o755)}, []string{"error missing-interpreter bootstrap"}},
		{"bin", []entry{sh, file("bin/x", script, 0o644)}, []string{"warning not-executable bin/x"}},
		{"unreadable", []entry{sh, file("a", "", 0o640), file("d/", "", 0o700|fs.ModeDir)}, []string{"error unreadable a", "error unreadable d"}},
		{"backslash", []entry{sh, file(`lib\a.so`, "", 0o644)}, []string{`error backslash-name lib\a.so`}},
		{"absolute", []entry{sh, file("/etc/x", "", 0o644)}, []string{"error unsafe-name /etc/x"}},
		{"parent", []entry{sh, file("a/../../x", "", 0o644)}, []string{"error unsafe-name a/../../x"}},
		{"unclean", []entry{sh, file("./a//b", "", 0o644)}, []string{"error unsafe-name ./a//b"}},
		{"zero byte", []entry{sh, file("a\x00b", "", 0o644)}, []string{`error unsafe-name a\x00b`}},
		{"terminal", []entry{sh, file("a\x1b[31m", "", 0o600)}, []string{`error unreadable a\x1b[31m`}},
		{"duplicate", []entry{sh, file("a", "1", 0o644), file("a", "2", 0o644)}, []string{"error duplicate-entry a"}},
		{"file and directory", []entry{sh, file("a", "1", 0o644), file("a/b", "2", 0o644)}, []string{"error duplicate-entry a/b"}},
		{"case", []entry{sh, file("Readme", "1", 0o644), file("README", "2", 0o644)}, []string{"warning case-collision Readme"}},
		{"link", []entry{file("bootstrap", "run", fs.ModeSymlink|0o777), file("run", script, 0o755)}, nil},
		{"absolute link", []entry{file("bootstrap", "/var/task/run", fs.ModeSymlink|0o777), file("run", script, 0o755)}, nil},
		{"dangling", []entry{file("bootstrap", "run", fs.ModeSymlink|0o777)}, []string{"error no-bootstrap bootstrap", "warning symlink-dangling bootstrap"}},
		{"loop", []entry{sh, file("a", "b", fs.ModeSymlink|0o777), file("b", "a", fs.ModeSymlink|0o777)}, []string{"warning symlink-dangling a", "warning symlink-dangling b"}},
		{"outside", []entry{sh, file("a", "../../etc/passwd", fs.ModeSymlink|0o777), file("b", "/etc/passwd", fs.ModeSymlink|0o777)}, []string{"warning symlink-outside a", "warning symlink-outside b"}},
		{"to a layer", []entry{sh, file("a", "/opt/lib/x", fs.ModeSymlink|0o777), file("b", "/tmp/x", fs.ModeSymlink|0o777)}, nil},
		{"through a link", []entry{sh, file("lib/x", "", 0o644), file("l", "lib", fs.ModeSymlink|0o777), file("m", "l/x", fs.ModeSymlink|0o777)}, nil},
		{"device", []entry{sh, file("null", "", fs.ModeDevice|fs.ModeCharDevice|0o666)}, []string{"error special-file null"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			expect(t, check(t, writeZip(t, test.entries...), Options{}), test.want...)
		})
	}
}

// A script's interpreter is looked up in the root file system where there is one.
func TestInterpreterInRootfs(t *testing.T) {
	t.Parallel()
	p := writeZip(t, file("bootstrap", "#!/usr/bin/python3\n", 0o755))
	root := fstest.MapFS{"usr/bin/python3": {Mode: 0o755}}
	expect(t, check(t, p, Options{Rootfs: ldd.FS(root)}))
	expect(t, check(t, p, Options{Rootfs: ldd.FS(fstest.MapFS{})}), "error missing-interpreter bootstrap")
}

// A zip from Windows tools has no permissions.
func TestZipWithoutModes(t *testing.T) {
	t.Parallel()
	e := file("bootstrap", script, 0o755)
	e.CreatorVersion = creatorFAT << 8
	b := zipBytes(t, e, file("a", "", 0o644))
	for _, creator := range []byte{creatorFAT, creatorNTFS} {
		at := strings.Index(string(b), "PK\x01\x02")
		b[at+5] = creator
		r := check(t, writeFile(t, b), Options{})
		expect(t, r, "error not-executable bootstrap")
		evidence(t, r, notExecutable, "without permissions")
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "bootstrap"), script, 0o755)
	large := filepath.Join(dir, "large")
	write(t, large, "", 0o644)
	if err := os.Truncate(large, 250<<20); err != nil {
		t.Fatal(err)
	}
	r := check(t, dir, Options{})
	expect(t, r, "error too-large")
	evidence(t, r, tooLarge, "262144000", "large with 262144000")
	if err := os.Truncate(large, 250<<20-int64(len(script))); err != nil {
		t.Fatal(err)
	}
	expect(t, check(t, dir, Options{}))

	stored := entry{FileHeader: zip.FileHeader{Name: "noise", Method: zip.Store}, content: strings.Repeat("x", 50<<20)}
	stored.SetMode(0o644)
	expect(t, check(t, writeZip(t, file("bootstrap", script, 0o755), stored), Options{}), "warning large-upload")
}

func write(t testing.TB, path, content string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestRuntimeDates(t *testing.T) {
	t.Parallel()
	p := writeZip(t, file("bootstrap", script, 0o755))
	for day, want := range map[string][]string{
		"2026-07-30": nil,
		"2026-07-31": {"notice deprecated-runtime"},
		"2027-02-01": {"warning deprecated-runtime"},
		"2027-03-03": {"warning deprecated-runtime"},
	} {
		now, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		r := check(t, p, Options{Runtime: al2, Now: now})
		expect(t, r, want...)
		if want != nil {
			evidence(t, r, unusableRuntime, "--runtime provided.al2023")
		}
	}
}

func TestNoPackage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	write(t, text, "no package", 0o644)
	if _, err := Path(context.Background(), text, Options{}); err == nil || !strings.Contains(err.Error(), "neither a zip, a directory nor an ELF file") {
		t.Error(err)
	}
	absent := filepath.Join(dir, "absent")
	if _, err := Path(context.Background(), absent, Options{}); !errors.Is(err, fs.ErrNotExist) || strings.Count(err.Error(), absent) != 1 {
		t.Error(err)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Path(ctx, writeZip(t, file("bootstrap", script, 0o755)), Options{}); err == nil {
		t.Error("a cancelled check has a result")
	}
}

// TestFS judges any file system, such as an image's /var/task.
func TestFS(t *testing.T) {
	t.Parallel()
	r, err := FS(context.Background(), fstest.MapFS{
		"bootstrap": {Data: []byte(script), Mode: 0o755}, "data/x": {Data: []byte("x"), Mode: 0o600}, "data": {Mode: fs.ModeDir | 0o755},
	}, Options{Runtime: al2023})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, r, "error unreadable data/x")
	if r.Err() == nil || !strings.Contains(fmt.Sprint(r.Err()), "data/x: its mode is 0600") {
		t.Error(r.Err())
	}
}
