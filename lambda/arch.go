// Package lambda is what AWS Lambda is, as data: machines, OS-only runtimes,
// limits and search paths. It does nothing; every other package asks it
// instead of comparing strings of its own.
package lambda

import (
	"debug/elf"
	"fmt"
	"slices"
	"strings"
)

// Arch is a machine that Lambda runs functions on. Its zero value is amd64,
// the default of Lambda itself and of Terraform's aws_lambda_function.
type Arch uint8

// The machines of Lambda.
const (
	AMD64 Arch = iota
	ARM64
)

type archRow struct {
	goarch, terraform, rustCPU, debian, rpm, gnu string
	aliases                                      []string
	machine                                      elf.Machine
	baseline                                     string
	interpreter                                  string
	glibcFirst                                   string
}

// The names that each field uses for a machine. The ELF machine and the
// interpreter are of the processor supplements of the System V ABI, the first
// version of glibc's symbols is that of its port to the machine.
var archs = [...]archRow{
	AMD64: {
		goarch: "amd64", terraform: "x86_64", rustCPU: "x86_64", debian: "amd64", rpm: "x86_64", gnu: "x86_64-linux-gnu",
		aliases: []string{"amd64", "x86_64", "x86-64"},
		machine: elf.EM_X86_64, baseline: "GOAMD64=v1", interpreter: "/lib64/ld-linux-x86-64.so.2",
		glibcFirst: "2.2.5",
	},
	ARM64: {
		goarch: "arm64", terraform: "arm64", rustCPU: "aarch64", debian: "arm64", rpm: "aarch64", gnu: "aarch64-linux-gnu",
		aliases: []string{"arm64", "aarch64"},
		machine: elf.EM_AARCH64, baseline: "GOARM64=v8.0", interpreter: "/lib/ld-linux-aarch64.so.1",
		glibcFirst: "2.17",
	},
}

// Archs returns all machines of Lambda.
func Archs() []Arch { return []Arch{AMD64, ARM64} }

// ParseArch returns the machine that any field's name for it means. The error
// lists the names that are understood.
func ParseArch(s string) (Arch, error) {
	for _, a := range Archs() {
		if slices.Contains(archs[a].aliases, strings.ToLower(s)) {
			return a, nil
		}
	}
	return 0, fmt.Errorf("unknown architecture %q: want amd64 (or x86_64) or arm64 (or aarch64)", s)
}

// ArchOfMachine returns the machine of an ELF header's e_machine, and false
// where Lambda has no such machine.
func ArchOfMachine(m elf.Machine) (Arch, bool) {
	for _, a := range Archs() {
		if archs[a].machine == m {
			return a, true
		}
	}
	return 0, false
}

// String returns the name that this tool and Go use: amd64 or arm64.
func (a Arch) String() string { return archs[a].goarch }

// GOARCH returns Go's name.
func (a Arch) GOARCH() string { return archs[a].goarch }

// GoBaseline returns the setting, as NAME=VALUE, that makes the Go compiler
// keep to the instructions that every processor of Lambda has.
func (a Arch) GoBaseline() string { return archs[a].baseline }

// Terraform returns the word of the Lambda API and of Terraform's
// architectures argument: x86_64 or arm64.
func (a Arch) Terraform() string { return archs[a].terraform }

// RustTriple returns the Rust target for a C library, "gnu" or "musl".
func (a Arch) RustTriple(libc string) string {
	return archs[a].rustCPU + "-unknown-linux-" + libc
}

// OCI returns the architecture of an OCI platform.
func (a Arch) OCI() string { return archs[a].goarch }

// Debian returns the name of dpkg's architecture.
func (a Arch) Debian() string { return archs[a].debian }

// RPM returns the name of rpm's architecture.
func (a Arch) RPM() string { return archs[a].rpm }

// GNU returns the prefix of cross tools and of multiarch directories.
func (a Arch) GNU() string { return archs[a].gnu }

// Machine returns the e_machine of its ELF files.
func (a Arch) Machine() elf.Machine { return archs[a].machine }

// Interpreter returns the path of glibc's dynamic loader.
func (a Arch) Interpreter() string { return archs[a].interpreter }

// MarshalText returns the name as [Arch.String] does.
func (a Arch) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText parses as [ParseArch] does.
func (a *Arch) UnmarshalText(b []byte) (err error) {
	*a, err = ParseArch(string(b))
	return err
}
