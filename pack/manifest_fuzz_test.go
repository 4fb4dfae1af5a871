package pack

import (
	"bytes"
	"reflect"
	"testing"
)

// Whatever is read, its text reads as the same and gives the same text.
func FuzzManifest(f *testing.F) {
	for _, s := range []string{"", "{}", "null", `{"schema":1,"functions":{}}`,
		`{"schema":1,"functions":{"hello":{"path":"hello.zip","format":"zip","size":1,"unpacked_size":2}},"more":[]}`,
		`{"schema":1,"functions":{"a":{"x":1e999,"size":-0}},"Schema":2,"\ud800":"<"}`} {
		f.Add([]byte(s))
	}
	parse := func(data []byte) (*Manifest, error) {
		m := &Manifest{Functions: map[string]Record{}}
		return m, m.parse(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parse(data)
		if err != nil {
			return
		}
		text, err := m.Text()
		if err != nil {
			t.Fatalf("read, but has no text: %v", err)
		}
		again, err := parse(text)
		if err != nil {
			t.Fatalf("its text cannot be read: %v\n%s", err, text)
		}
		if text2, err := again.Text(); err != nil || !bytes.Equal(text, text2) {
			t.Fatalf("text\n%s\nbecame\n%s (%v)", text, text2, err)
		}
		if !reflect.DeepEqual(m.Functions, again.Functions) {
			t.Fatalf("records %+v became %+v", m.Functions, again.Functions)
		}
	})
}
