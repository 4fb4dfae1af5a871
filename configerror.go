package lambdapack

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// yamlError gives an error of the YAML library the form and the words of our
// own: the library speaks of Go's types.
func (r *configReader) yamlError(err error) error {
	var (
		typ  *yaml.TypeError
		node *yaml.UnexpectedNodeTypeError
		any  yaml.Error
	)
	switch {
	case errors.As(err, &typ):
		return r.at(typ.Token, fmt.Sprintf("want %s here, not %s", kindOf(typ.DstType), kindOf(typ.SrcType)))
	case errors.As(err, &node):
		return r.at(node.Token, fmt.Sprintf("want %s here, not %s", article(node.Expected.YAMLName()), article(node.Actual.YAMLName())))
	case errors.As(err, &any):
		return r.at(any.GetToken(), any.GetMessage())
	}
	return r.at(nil, err.Error())
}

// kindOf returns YAML's word for a Go type.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Map, reflect.Struct:
		return "a mapping"
	case reflect.Slice:
		return "a sequence"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	}
	return "a number"
}

func article(noun string) string {
	switch {
	case noun == "null":
		return "nothing"
	case strings.HasPrefix(noun, "i"):
		return "an " + noun
	}
	return "a " + noun
}

// checkKeys notes the first unknown key of the file. The YAML library, which
// is strict too, would name any of several.
func (r *configReader) checkKeys() {
	r.checkMapping(r.root, reflect.TypeFor[configYAML]())
	functions := mapping(r.root)
	if functions == nil {
		return
	}
	pair := valueOf(functions, "functions")
	if pair == nil {
		return
	}
	if functions = mapping(pair.Value); functions == nil {
		return
	}
	for _, f := range functions.Values {
		r.checkMapping(f.Value, reflect.TypeFor[functionYAML]())
	}
}

func (r *configReader) checkMapping(n ast.Node, shape reflect.Type) {
	m := mapping(n)
	if m == nil {
		return
	}
	keys := yamlKeys(shape)
	for _, pair := range m.Values {
		t := pair.Key.GetToken()
		if !pair.Key.IsMergeKey() && !slices.Contains(keys, t.Value) {
			r.note(r.at(t, fmt.Sprintf("unknown key %q: want %s", t.Value, strings.Join(keys, ", "))))
			return
		}
	}
}

func mapping(n ast.Node) *ast.MappingNode {
	if a, ok := n.(*ast.AnchorNode); ok {
		n = a.Value
	}
	m, _ := n.(*ast.MappingNode)
	return m
}

func yamlKeys(t reflect.Type) (keys []string) {
	for i := range t.NumField() {
		keys = append(keys, t.Field(i).Tag.Get("yaml"))
	}
	return keys
}
