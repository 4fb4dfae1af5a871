package lambdapack

import (
	"fmt"
	"strconv"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// configReader knows where in the file each key stands, and keeps the error
// that stands first.
type configReader struct {
	path string
	// root is nil where the file has nothing but comments.
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
	tokens := lexer.Tokenize(string(data))
	if t, msg := unwanted(tokens); t != nil {
		return nil, r.at(t, msg)
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil, r.yamlError(err)
	}
	for _, d := range file.Docs {
		if d.Body != nil && d.Body.Type() != ast.NullType && d.Body.Type() != ast.CommentType {
			r.root = d.Body
		}
	}
	return r, nil
}

func (r *configReader) at(t *token.Token, msg string) *configError {
	e := &configError{path: r.path, line: 1, col: 1, msg: msg}
	if t != nil && t.Position != nil {
		e.line, e.col = t.Position.Line, t.Position.Column
	}
	return e
}

// fail notes err at the value of the nested keys, or at the nearest key above
// that the file has. An item of a list has its number for a key. Of several
// errors the first in the file stays.
func (r *configReader) fail(err error, keys ...string) {
	if err == nil {
		return
	}
	r.note(r.at(locate(r.root, keys), err.Error()))
}

func (r *configReader) note(e *configError) {
	if r.err == nil || e.line < r.err.line || e.line == r.err.line && e.col < r.err.col {
		r.err = e
	}
}

// locate returns the value's token where it is a scalar, and that of its key
// where it is not: a mapping begins, for the parser, after its first key.
func locate(n ast.Node, keys []string) *token.Token {
	at := n.GetToken()
	for _, key := range keys {
		if a, ok := n.(*ast.AnchorNode); ok {
			n = a.Value
		}
		switch parent := n.(type) {
		case *ast.MappingNode:
			pair := valueOf(parent, key)
			if pair == nil {
				return at
			}
			n, at = pair.Value, pair.Key.GetToken()
		case *ast.SequenceNode:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(parent.Values) {
				return at
			}
			n = parent.Values[i]
		default:
			return at
		}
		if s, ok := n.(ast.ScalarNode); ok && s.Type() != ast.NullType {
			at = s.GetToken()
		}
	}
	return at
}

// valueOf returns the pair of a key in a mapping.
func valueOf(m *ast.MappingNode, key string) *ast.MappingValueNode {
	for _, v := range m.Values {
		if t := v.Key.GetToken(); t != nil && t.Value == key {
			return v
		}
	}
	return nil
}
