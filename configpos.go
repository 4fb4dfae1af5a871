package lambdapack

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// configReader knows where in the file each key stands, and keeps the error
// that stands first.
type configReader struct {
	path string
	root ast.Node
	err  *configError
}

type configError struct {
	path      string
	line, col int
	msg       string
}

func (e *configError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.path, e.line, e.col, e.msg)
}

func newConfigReader(path string, data []byte) (*configReader, error) {
	r := &configReader{path: path}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, r.yamlError(err)
	}
	var docs []ast.Node
	for _, d := range file.Docs {
		if d.Body != nil {
			docs = append(docs, d.Body)
		}
	}
	switch len(docs) {
	case 0:
		r.root = ast.Null(token.New("null", "null", &token.Position{Line: 1, Column: 1}))
	case 1:
		r.root = docs[0]
	default:
		return nil, r.at(docs[1].GetToken(), "a second document; a config is one")
	}
	return r, nil
}

// yamlError gives an error of the YAML library the form of our own.
func (r *configReader) yamlError(err error) error {
	var y yaml.Error
	if errors.As(err, &y) {
		return r.at(y.GetToken(), y.GetMessage())
	}
	return fmt.Errorf("%s: %w", r.path, err)
}

func (r *configReader) at(t *token.Token, msg string) *configError {
	e := &configError{path: r.path, line: 1, col: 1, msg: msg}
	if t != nil && t.Position != nil {
		e.line, e.col = t.Position.Line, t.Position.Column
	}
	return e
}

// fail notes err at the value of the nested keys, or at the nearest key above
// that the file has. Of several errors the first in the file stays.
func (r *configReader) fail(err error, keys ...string) {
	if err == nil {
		return
	}
	e := r.at(locate(r.root, keys), err.Error())
	if r.err == nil || e.line < r.err.line || e.line == r.err.line && e.col < r.err.col {
		r.err = e
	}
}

func locate(n ast.Node, keys []string) *token.Token {
	for len(keys) > 0 {
		child := valueOf(n, keys[0])
		if child == nil {
			break
		}
		n, keys = child.Value, keys[1:]
		if len(keys) == 0 || isNull(n) {
			return child.Key.GetToken()
		}
	}
	return n.GetToken()
}

func isNull(n ast.Node) bool {
	_, ok := n.(*ast.NullNode)
	return n == nil || ok
}

// valueOf returns the pair of a key in a mapping.
func valueOf(n ast.Node, key string) *ast.MappingValueNode {
	if a, ok := n.(*ast.AnchorNode); ok {
		n = a.Value
	}
	m, ok := n.(*ast.MappingNode)
	if !ok {
		return nil
	}
	for _, v := range m.Values {
		if t := v.Key.GetToken(); t != nil && t.Value == key {
			return v
		}
	}
	return nil
}
