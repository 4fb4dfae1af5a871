package lambdapack

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

// ConfigName is the file name that a config is looked for under.
const ConfigName = "lambdapack.yaml"

// maxConfig bounds a config's length in bytes.
const maxConfig = 128 << 10

// Config is what lambdapack.yaml says.
type Config struct {
	// Dir is the directory of the file: relative paths in it start there.
	Dir string
	// Arch and Runtime are nil where the file does not set them.
	Arch    *lambda.Arch
	Runtime *lambda.Runtime
	// Output is where the packages go, relative to Dir; empty: not set.
	Output string
	// Functions are sorted by name.
	Functions []FunctionConfig
}

// FunctionConfig is what lambdapack.yaml says of one function. Nil and empty
// fields are not set.
type FunctionConfig struct {
	Name    string
	Package string
	Arch    *lambda.Arch
	Runtime *lambda.Runtime
	Tags    []string
	Ldflags string
	Env     map[string]string
	Include []pack.Include
	C
}

// The file's own shape. Values that have a meaning of their own are checked
// after, by configReader, which knows their lines.
type configYAML struct {
	Arch      string                  `yaml:"arch"`
	Runtime   string                  `yaml:"runtime"`
	Output    string                  `yaml:"output"`
	Functions map[string]functionYAML `yaml:"functions"`
}

type functionYAML struct {
	Package string            `yaml:"package"`
	Arch    string            `yaml:"arch"`
	Runtime string            `yaml:"runtime"`
	Tags    []string          `yaml:"tags"`
	Ldflags string            `yaml:"ldflags"`
	Env     map[string]string `yaml:"env"`
	Include []string          `yaml:"include"`
	CGO     *bool             `yaml:"cgo"`
	CC      string            `yaml:"cc"`
	Sysroot string            `yaml:"sysroot"`
	AddLib  []string          `yaml:"add-lib"`
	Exclude []string          `yaml:"exclude-lib"`
	Strip   *bool             `yaml:"strip"`
}

// ReadConfig reads the config at path. It is strict: an unknown key, a wrong
// type or a value that means nothing is an error with the file's name, line
// and column. A missing file is an error that wraps fs.ErrNotExist.
func ReadConfig(path string) (*Config, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, hint.Errorf("create the file, or name another with --config", "reading the config: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the config: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err != nil {
		return nil, fmt.Errorf("reading the config: %w", err)
	}
	return ParseConfig(path, data)
}

// ParseConfig reads a config's text; path is the name of the file that it
// came from.
func ParseConfig(path string, data []byte) (*Config, error) {
	if len(data) > maxConfig {
		return nil, fmt.Errorf("%s: longer than %d bytes, the most that a config may have", path, maxConfig)
	}
	r, err := newConfigReader(path, data)
	if err != nil {
		return nil, err
	}
	var y configYAML
	if r.root != nil {
		if r.checkKeys(); r.err != nil {
			return nil, r.err
		}
		if err := yaml.NodeToValue(r.root, &y, yaml.Strict()); err != nil {
			return nil, r.yamlError(err)
		}
	}
	c := &Config{
		Dir:     filepath.Dir(path),
		Arch:    r.arch(y.Arch, "arch"),
		Runtime: r.runtime(y.Runtime, "runtime"),
		Output:  y.Output,
	}
	for name, f := range y.Functions {
		c.Functions = append(c.Functions, r.function(name, f))
	}
	slices.SortFunc(c.Functions, func(a, b FunctionConfig) int { return strings.Compare(a.Name, b.Name) })
	if r.err != nil {
		return nil, r.err
	}
	return c, nil
}

// Function returns the function of a name, nil where there is none.
func (c *Config) Function(name string) *FunctionConfig {
	if c == nil {
		return nil
	}
	i := slices.IndexFunc(c.Functions, func(f FunctionConfig) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return &c.Functions[i]
}

func (r *configReader) function(name string, y functionYAML) FunctionConfig {
	at := func(key string) []string { return []string{"functions", name, key} }
	f := FunctionConfig{
		Name:    name,
		Package: y.Package,
		Arch:    r.arch(y.Arch, at("arch")...),
		Runtime: r.runtime(y.Runtime, at("runtime")...),
		Tags:    y.Tags,
		Ldflags: y.Ldflags,
		Env:     y.Env,
		C:       C{y.CGO, y.CC, y.Sysroot, y.AddLib, y.Exclude, y.Strip},
	}
	if !validName(name) {
		r.fail(fmt.Errorf("function name %q: want letters, digits, '-', '_' and '.'", name), "functions", name)
	}
	if y.Package == "" {
		r.fail(fmt.Errorf("function %q has no package", name), "functions", name)
	}
	for name := range y.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") {
			r.fail(fmt.Errorf("%q cannot be the name of an environment variable", name), append(at("env"), name)...)
		}
	}
	for i, s := range y.Include {
		inc, err := pack.ParseInclude(s)
		r.fail(err, append(at("include"), strconv.Itoa(i))...)
		f.Include = append(f.Include, inc)
	}
	return f
}

// validName keeps function names usable as file names on every system: letters,
// digits and "_", and after the first character "." and "-".
func validName(name string) bool {
	const first = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
	return name != "" && strings.Contains(first, name[:1]) && strings.Trim(name, first+".-") == ""
}

func (r *configReader) arch(s string, keys ...string) *lambda.Arch {
	if s == "" {
		return nil
	}
	a, err := lambda.ParseArch(s)
	r.fail(err, keys...)
	return &a
}

func (r *configReader) runtime(s string, keys ...string) *lambda.Runtime {
	if s == "" {
		return nil
	}
	rt, err := lambda.ParseRuntime(s)
	r.fail(err, keys...)
	return rt
}
