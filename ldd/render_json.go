package ldd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// The JSON form of a closure. Paths are those in the sysroot; objects are named
// by their path.
type jsonClosure struct {
	Root    string        `json:"root"`
	Machine string        `json:"machine"`
	LibC    LibC          `json:"libc,omitempty"`
	Interp  string        `json:"interp,omitempty"`
	Objects []jsonObject  `json:"objects"`
	Missing []jsonMissing `json:"missing"`
}

type jsonObject struct {
	Path     string        `json:"path"`
	RealPath string        `json:"real_path,omitempty"`
	Soname   string        `json:"soname,omitempty"`
	Virtual  bool          `json:"virtual,omitempty"`
	BuildID  string        `json:"build_id,omitempty"`
	Found    jsonFound     `json:"found"`
	RPATH    string        `json:"rpath,omitempty"`
	RUNPATH  string        `json:"runpath,omitempty"`
	Needs    []jsonNeed    `json:"needs"`
	NeededBy []string      `json:"needed_by"`
	Versions []jsonVersion `json:"versions,omitempty"`
	Defines  []string      `json:"defines,omitempty"`
	Dlopen   []DlopenNote  `json:"dlopen,omitempty"`
}

type jsonFound struct {
	How   How    `json:"how"`
	Owner string `json:"owner,omitempty"`
	Dir   string `json:"dir,omitempty"`
}

type jsonNeed struct {
	Name     string `json:"name"`
	Kind     Kind   `json:"kind"`
	Path     string `json:"path,omitempty"`
	Excluded bool   `json:"excluded,omitempty"`
}

type jsonVersion struct {
	File string   `json:"file"`
	Need []string `json:"need"`
}

type jsonMissing struct {
	Name     string   `json:"name"`
	Kind     Kind     `json:"kind"`
	NeededBy []string `json:"needed_by"`
	Searched []string `json:"searched"`
	Cause    string   `json:"cause,omitempty"`
}

// WriteJSON writes the closure as one indented JSON object. It reads the symbol
// versions of every object, so the sysroot's files must still be there.
func WriteJSON(w io.Writer, c *Closure) error {
	j := jsonClosure{
		Root: c.Root.Path, Machine: c.Root.MachineName(), LibC: c.LibC,
		Objects: []jsonObject{}, Missing: []jsonMissing{},
	}
	if c.Interp != nil {
		j.Interp = c.Interp.Path
	}
	for _, o := range c.Objects {
		jo, err := o.json()
		if err != nil {
			return err
		}
		j.Objects = append(j.Objects, jo)
	}
	for _, m := range c.Missing {
		jm := jsonMissing{Name: m.Name, Kind: m.Kind, NeededBy: paths(m.NeededBy), Searched: m.Searched}
		if m.Searched == nil {
			jm.Searched = []string{}
		}
		if m.Cause != nil {
			jm.Cause = m.Cause.Error()
		}
		j.Missing = append(j.Missing, jm)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(j); err != nil {
		return err
	}
	_, err := w.Write(escapeUnprintable(b.Bytes()))
	return err
}

// escapeUnprintable escapes what JSON allows and terminals obey, such as
// characters that change the direction of text.
func escapeUnprintable(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, r := range string(b) {
		switch {
		case r == '\n' || unicode.IsPrint(r):
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

func (o *Object) json() (jsonObject, error) {
	j := jsonObject{
		Path: o.Path, RealPath: o.RealPath, Soname: o.Soname, Virtual: o.Virtual(), BuildID: o.BuildID,
		Found: jsonFound{How: o.Found.How, Dir: o.Found.Dir},
		RPATH: o.RPATH, RUNPATH: o.RUNPATH, Needs: []jsonNeed{}, NeededBy: paths(o.NeededBy), Dlopen: o.Dlopen,
	}
	if o.Found.Owner != nil {
		j.Found.Owner = o.Found.Owner.Path
	}
	for _, n := range o.Needs {
		jn := jsonNeed{Name: n.Name, Kind: n.Kind, Excluded: n.Excluded}
		if n.Object != nil {
			jn.Path = n.Object.Path
		}
		j.Needs = append(j.Needs, jn)
	}
	needs, err := o.VersionNeeds()
	if err != nil {
		return j, err
	}
	for _, n := range needs {
		v := jsonVersion{File: n.File, Need: []string{}}
		for _, ref := range n.Versions {
			v.Need = append(v.Need, ref.Name)
		}
		j.Versions = append(j.Versions, v)
	}
	defs, err := o.VersionDefs()
	for _, d := range defs {
		if !d.Base {
			j.Defines = append(j.Defines, d.Name)
		}
	}
	return j, err
}

func paths(objects []*Object) []string {
	list := []string{}
	for _, o := range objects {
		list = append(list, o.Path)
	}
	return list
}
