package lambdapack

import "github.com/goccy/go-yaml/token"

// maxConfigDepth is far above what a config needs. Beyond it the YAML library
// takes time that grows with the square of the depth.
const maxConfigDepth = 20

// unwanted returns the first token of what is YAML and no config:
//   - a second document, which the library passes over in some places;
//   - a directive, of which a config needs none;
//   - a merge key, which it lets win over a key that is written out, and takes
//     exponential time for where merges are merged;
//   - what is nested too deeply.
func unwanted(tokens token.Tokens) (*token.Token, string) {
	var d documents
	flow, entries := 0, 0
	for _, t := range tokens {
		if d.begins(t) {
			return t, "a second document; a config is one"
		}
		entries++
		switch t.Type {
		case token.DirectiveType:
			return t, "a directive; a config has none"
		case token.MergeKeyType:
			return t, "a merge key (<<); a config takes aliases for values only"
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		}
		if t.Type != token.SequenceEntryType {
			entries = 0
		}
		if flow > maxConfigDepth || entries > maxConfigDepth {
			return t, "nested too deeply"
		}
	}
	return nil, ""
}

// documents notices a second one: a header after a header or after content,
// and anything after an end.
type documents struct{ header, content, ended bool }

func (d *documents) begins(t *token.Token) bool {
	if t.Type == token.CommentType || t.Type == token.DocumentEndType {
		d.ended = d.ended || t.Type == token.DocumentEndType
		return false
	}
	second := d.ended
	if t.Type == token.DocumentHeaderType {
		second = second || d.header || d.content
		d.header = true
	} else {
		d.content = true
	}
	return second
}
