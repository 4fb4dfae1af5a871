package pack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lambdapack/lambdapack/internal/atomicfile"
	"github.com/lambdapack/lambdapack/internal/hint"
)

// ManifestName is the manifest's file name in the output directory.
const ManifestName = "lambdapack.json"

// ManifestSchema is the version of the manifest's format that this package
// reads and writes. Fields may be added within a version.
const ManifestSchema = 1

// maxManifest bounds what is read into memory.
const maxManifest = 64 << 20

// Format is a kind of output.
type Format string

// The kinds of output.
const (
	FormatZip Format = "zip"
	FormatDir Format = "dir"
	// FormatImage is a container image.
	FormatImage Format = "image"
)

// ParseFormat returns the format of a name. The error lists the names.
func ParseFormat(s string) (Format, error) {
	switch f := Format(s); f {
	case FormatZip, FormatDir, FormatImage:
		return f, nil
	}
	return "", fmt.Errorf("unknown format %q: want zip, dir or image", s)
}

// Record is what the manifest says of one function. Sizes are in bytes; paths
// are slash-separated and relative to the manifest.
type Record struct {
	// Architecture is Lambda's and Terraform's word: x86_64 or arm64.
	Architecture string `json:"architecture"`
	// BaseDigest and BaseReference say what an image stands on; a base that
	// came from a file has no reference.
	BaseDigest    string `json:"base_digest,omitempty"`
	BaseReference string `json:"base_reference,omitempty"`
	// Digest is that of an image's manifest, "sha256:...".
	Digest  string `json:"digest,omitempty"`
	Format  Format `json:"format"`
	Handler string `json:"handler"`
	// Libraries are the shared libraries that are shipped, sorted by name.
	Libraries []Library `json:"libraries,omitempty"`
	Path      string    `json:"path,omitempty"`
	// Reference is where an image is: by digest, where it is in a registry.
	Reference string `json:"reference,omitempty"`
	Runtime   string `json:"runtime"`
	// SHA256 is the digest of the zip in hexadecimal, SourceCodeHash the same
	// in base64, as Lambda's CodeSha256 has it. A directory has neither.
	SHA256         string `json:"sha256,omitempty"`
	Size           int64  `json:"size,omitempty"`
	SourceCodeHash string `json:"source_code_hash,omitempty"`
	UnpackedSize   int64  `json:"unpacked_size"`
}

// Library is a shared library in a package.
type Library struct {
	Name string `json:"name"` // its path inside the package
	// SHA256 is the digest of its content in hexadecimal.
	SHA256 string `json:"sha256"`
}

// Manifest says what was built, by function name. Its zero value is empty.
// Written out, its keys are sorted and it holds no times, so that the same
// packages give the same bytes.
type Manifest struct {
	Functions map[string]Record

	// others are records of functions that were read and not set since. They
	// keep all they had, also fields that this version does not know.
	others map[string]json.RawMessage
	// top is the object around them as it was read, for the same reason.
	top map[string]json.RawMessage
}

// ReadManifest reads the manifest at path. A file that is not there is an
// empty manifest; one that cannot be understood is an error that names it.
func ReadManifest(path string) (*Manifest, error) {
	m := &Manifest{Functions: map[string]Record{}}
	data, err := readBounded(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err == nil {
		err = m.parse(data)
	}
	if err != nil {
		return nil, hint.Wrap(fmt.Errorf("reading the manifest %s: %w", path, err),
			"restore the file, or delete it and build all functions again")
	}
	return m, nil
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err == nil && len(data) > maxManifest {
		err = fmt.Errorf("it is larger than %d bytes", maxManifest)
	}
	return data, err
}

func (m *Manifest) parse(data []byte) error {
	if err := json.Unmarshal(data, &m.top); err != nil {
		return fmt.Errorf("it is not a manifest: %w", err)
	}
	var schema int
	if err := member(m.top, "schema", &schema); err != nil {
		return err
	}
	if schema != ManifestSchema {
		return fmt.Errorf("its schema is %d, and this version of lambdapack knows %d", schema, ManifestSchema)
	}
	if err := member(m.top, "functions", &m.others); err != nil {
		return err
	}
	for name := range m.others {
		var r Record
		if err := member(m.others, name, &r); err != nil {
			return fmt.Errorf("function %w", err)
		}
		m.Functions[name] = r
	}
	return nil
}

// member reads a member of a JSON object, which must be there and not null.
func member(object map[string]json.RawMessage, name string, v any) error {
	raw, ok := object[name]
	if !ok || string(raw) == "null" {
		return fmt.Errorf("%q: no value", name)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%q: %w", name, err)
	}
	return nil
}

// Set puts a function's record in place of its previous one.
func (m *Manifest) Set(name string, r Record) {
	if m.Functions == nil {
		m.Functions = map[string]Record{}
	}
	delete(m.others, name)
	m.Functions[name] = r
}

// MarshalJSON returns the manifest's text.
func (m *Manifest) MarshalJSON() ([]byte, error) {
	functions := map[string]any{}
	for name, r := range m.Functions {
		functions[name] = r
		if raw, ok := m.others[name]; ok {
			functions[name] = raw
		}
	}
	top := map[string]any{}
	for name, raw := range m.top {
		top[name] = raw
	}
	top["functions"], top["schema"] = functions, ManifestSchema
	return json.Marshal(top)
}

// Text returns the manifest as it stands in a file: indented, with a newline
// at its end.
func (m *Manifest) Text() ([]byte, error) {
	data, err := m.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, data, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// Update reads the manifest at path, sets the records, and writes it whole.
// Records of other functions stay. Nothing is written where nothing changed.
// Callers that may run at the same time must take turns.
func Update(path string, records map[string]Record) error {
	m, err := ReadManifest(path)
	if err != nil {
		return err
	}
	for name, r := range records {
		m.Set(name, r)
	}
	text, err := m.Text()
	if err != nil {
		return err
	}
	if old, err := readBounded(path); err == nil && bytes.Equal(old, text) {
		return nil
	}
	if err := atomicfile.WriteFile(filepath.Clean(path), text, 0o644); err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	return nil
}
