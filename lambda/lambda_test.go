package lambda

import (
	"strings"
	"testing"
	"time"
)

func TestParseArch(t *testing.T) {
	for in, want := range map[string]Arch{
		"amd64": AMD64, "x86_64": AMD64, "x86-64": AMD64, "X86_64": AMD64,
		"arm64": ARM64, "aarch64": ARM64,
	} {
		got, err := ParseArch(in)
		if err != nil || got != want {
			t.Errorf("ParseArch(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	_, err := ParseArch("mips")
	if err == nil || !strings.Contains(err.Error(), `"mips"`) || !strings.Contains(err.Error(), "aarch64") {
		t.Errorf("ParseArch(mips): %v; want an error with the value and the good ones", err)
	}
}

func TestArchNames(t *testing.T) {
	for _, a := range Archs() {
		back, ok := ArchOfMachine(a.Machine())
		if !ok || back != a {
			t.Errorf("ArchOfMachine(%v) = %v, %v", a.Machine(), back, ok)
		}
		for _, name := range []string{a.String(), a.Terraform(), a.RPM(), a.Debian(), a.OCI()} {
			if got, err := ParseArch(name); err != nil || got != a {
				t.Errorf("ParseArch(%q) = %v, %v; want %v", name, got, err, a)
			}
		}
	}
	if got := ARM64.RustTriple("musl"); got != "aarch64-unknown-linux-musl" {
		t.Error(got)
	}
	if got := AMD64.Terraform(); got != "x86_64" {
		t.Error(got)
	}
}

func TestRuntimes(t *testing.T) {
	al2, err := ParseRuntime("provided.al2")
	if err != nil {
		t.Fatal(err)
	}
	last := al2.Deprecated.Add(-time.Second)
	if al2.DeprecatedAt(last) || !al2.DeprecatedAt(al2.Deprecated) {
		t.Error("provided.al2 is deprecated from 31 July 2026 on, not before")
	}
	if _, err := ParseRuntime("go1.x"); err == nil || !strings.Contains(err.Error(), "provided.al2 or provided.al2023") {
		t.Errorf("ParseRuntime(go1.x): %v; want the good values", err)
	}
	for _, r := range Runtimes() {
		if !r.Deprecated.Before(r.CreateBlocked) || !r.CreateBlocked.Before(r.UpdateBlocked) {
			t.Errorf("%s: dates out of order", r)
		}
		if r.Successor != "" {
			if _, err := ParseRuntime(r.Successor); err != nil {
				t.Errorf("%s: %v", r, err)
			}
		}
	}
}
