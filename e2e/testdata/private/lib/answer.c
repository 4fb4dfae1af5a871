__attribute__((noinline)) static int half(void) { return 21; }
int answer(void) { return 2 * half(); }
