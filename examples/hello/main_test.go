package main

import "testing"

func TestGreet(t *testing.T) {
	for name, want := range map[string]string{"": "hello, world", "Ada": "hello, Ada"} {
		got, err := greet(t.Context(), event{Name: name})
		if err != nil || got.Greeting != want {
			t.Errorf("greet(%q) = %q, %v; want %q", name, got.Greeting, err, want)
		}
	}
}
