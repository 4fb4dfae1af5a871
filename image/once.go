package image

import "sync"

// onceMap remembers what was made for a key, and makes it once also where
// several ask at the same time. An error is not remembered.
type onceMap[K comparable, V any] struct {
	mu    sync.Mutex
	items map[K]*onceItem[V]
}

type onceItem[V any] struct {
	mu    sync.Mutex
	done  bool
	value V
}

func (m *onceMap[K, V]) get(key K, make func() (V, error)) (V, error) {
	item := m.item(key)
	item.mu.Lock()
	defer item.mu.Unlock()
	if item.done {
		return item.value, nil
	}
	v, err := make()
	if err == nil {
		item.value, item.done = v, true
	}
	return v, err
}

func (m *onceMap[K, V]) item(key K) *onceItem[V] {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.items == nil {
		m.items = map[K]*onceItem[V]{}
	}
	item, ok := m.items[key]
	if !ok {
		item = new(onceItem[V])
		m.items[key] = item
	}
	return item
}
