package ldd

import (
	"path"
	"strings"
)

// tokens are the replacements of the dynamic string tokens of ld.so(8).
type tokens struct{ origin, lib, platform string }

// expand replaces $ORIGIN, $LIB and $PLATFORM, with or without braces. A token
// ends where an identifier would; other dollar signs stay. It returns false
// where a token has no value: glibc drops such a path.
func (t tokens) expand(s string) (string, bool) {
	if !strings.Contains(s, "$") {
		return s, true
	}
	var out strings.Builder
	for {
		before, after, found := strings.Cut(s, "$")
		out.WriteString(before)
		if !found {
			return out.String(), true
		}
		value, rest, ok := t.cut(after)
		if !ok {
			out.WriteByte('$')
			s = after
			continue
		}
		if value == "" {
			return "", false
		}
		out.WriteString(value)
		s = rest
	}
}

// cut returns the value of the token that s, the text after a dollar sign,
// begins with, and what follows it.
func (t tokens) cut(s string) (value, rest string, ok bool) {
	for _, token := range []struct{ name, value string }{
		{"ORIGIN", t.origin}, {"LIB", t.lib}, {"PLATFORM", t.platform},
	} {
		if rest, ok := strings.CutPrefix(s, "{"+token.name+"}"); ok {
			return token.value, rest, true
		}
		if rest, ok := strings.CutPrefix(s, token.name); ok && !startsWithIdentifier(rest) {
			return token.value, rest, true
		}
	}
	return "", s, false
}

func startsWithIdentifier(s string) bool {
	if s == "" {
		return false
	}
	c := s[0]
	return c == '_' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

// expandMusl is expand as musl does it: only $ORIGIN exists, and any other
// dollar sign disables the whole path (ldso/dynlink.c, fixup_rpath).
func (t tokens) expandMusl(s string) (string, bool) {
	s = strings.ReplaceAll(s, "${ORIGIN}", "$ORIGIN")
	if strings.Count(s, "$") != strings.Count(s, "$ORIGIN") {
		return "", false
	}
	return strings.ReplaceAll(s, "$ORIGIN", t.origin), true
}

// originOf returns what $ORIGIN means in an object: the directory of the path
// under which it was found. Only for the program itself, whose path the loader
// takes from the kernel, are symlinks resolved.
func originOf(o *Object) string {
	if o.loader == nil && o.RealPath != "" {
		return path.Dir(o.RealPath)
	}
	return path.Dir(o.Path)
}
